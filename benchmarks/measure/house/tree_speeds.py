"""Speed of an old and a new tree, in alternation: embedding (sizes small and original) and pretraining (size tiny).

    python -m benchmarks.measure.house.tree_speeds [--rounds N] [--only 'embed small']... [--old COMMIT | --old-tree DIR]
                                                   [--save]

Prints the medians in tokens/s and the ratio of new to old. Each measurement is a separate process. The work is that of
`measure/embedding/embed.py` and `measure/training/pretrain.py`, without the other programs. Needs the texts in ../shared.
"""

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.measure.house.cases.texts import unpacked
from benchmarks.measure.house.trees import RUN, commit_of, environment, old_tree, parser_of_trees
from benchmarks.record import SHARED, keep_row

RANDOM = """
import sys
from pathlib import Path
old = Path(sys.argv[1])
if (old / "benchmarks" / "embed.py").exists():  # where the programs lay flat
    sys.path.insert(0, str(old / "benchmarks"))
    import embed
else:
    sys.path.insert(0, str(old))
    from benchmarks.measure.embedding import embed
embed.write_random(sys.argv[2], Path(sys.argv[3]))
"""


WORK = (("embed", "small"), ("embed", "original"), ("pretrain", "tiny"))


def write_work(what: str, size: str, folder: Path, old: Path, n_sentences: int) -> Path:
    """The folder of inputs for both trees, made by the old one."""
    if what == "embed":
        sentences = json.loads((SHARED / "baselines" / "bench_sentences.json").read_text(encoding="utf-8"))
        (folder / "sentences.json").write_text(json.dumps(sentences[:n_sentences]), encoding="utf-8")
        command = [sys.executable, "-c", RANDOM, str(old), size, str(folder / size)]
        subprocess.run(command, env=environment(old, folder), check=True)
        return folder / size
    texts = SHARED / "data" / "lm" / "wikitext2"
    (folder / "train.txt").write_text(unpacked(texts / "train.txt.gz"), encoding="utf-8")
    heldout = unpacked(texts / "valid.txt.gz").splitlines()[:5]
    (folder / "heldout.txt").write_text("\n".join(heldout) + "\n", encoding="utf-8")
    return folder


def compared(old: Sequence[float], new: Sequence[float]) -> dict[str, Any]:
    """Medians of both trees and their ratio; and the median of the ratios of each round, which a change of the machine's speed
    between rounds does not touch.
    """
    before, after = statistics.median(old), statistics.median(new)
    of_rounds = statistics.median(b / a for a, b in zip(old, new, strict=True))
    return {
        "old": round(before),
        "new": round(after),
        "ratio": round(after / before, 3),
        "ratio_of_rounds": round(of_rounds, 3),
    }


def measure(given: argparse.Namespace) -> None:
    """Medians of both trees, in turn."""
    with old_tree(given) as old, TemporaryDirectory() as place:
        trees = {"old": old, "new": given.new_tree.resolve()}
        print(f"{'tokens/s, medians':36} {'old':>9} {'new':>9}   new/old  in rounds")
        for what, size in [name.split() for name in given.only or map(" ".join, WORK)]:
            (folder := Path(place) / f"{what}-{size}").mkdir()
            work = write_work(what, size, folder, old, given.sentences)
            found: dict[str, dict[str, list[float]]] = {"old": {}, "new": {}}
            for number in range(given.rounds):
                for tree in ("old", "new") if number % 2 == 0 else ("new", "old"):
                    command = [sys.executable, "-m", RUN, "time", f"time_{what}", str(work)]
                    env = environment(trees[tree], folder, given.threads)
                    done = subprocess.run(command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True, check=True)
                    for row, speed in json.loads(done.stdout).items():
                        found[tree].setdefault(row, []).append(speed)
                print(f"{what} {size}: round {number + 1} of {given.rounds}", file=sys.stderr)
            figures: dict[str, Any] = {}
            for row in found["old"]:
                figures[f"{what} {size}, {row}"] = figure = compared(found["old"][row], found["new"][row])
                name, before, after = f"{what} {size}, {row}", figure["old"], figure["new"]
                print(
                    f"{name:36} {before:9,} {after:9,} {figure['ratio']:9.3f} {figure['ratio_of_rounds']:9.3f}",
                    flush=True,
                )
            if given.save:
                commits = {"commit_old": commit_of(old), "commit_new": commit_of(trees["new"]), "rounds": given.rounds}
                command = f"python -m benchmarks.measure.house.tree_speeds --only '{what} {size}' --rounds {given.rounds} --save"
                print(keep_row("house", f"speeds, {what} {size}", command, commits | figures))


def main() -> None:
    """Measure."""
    parser = parser_of_trees(__doc__)
    parser.add_argument(
        "--only", action="append", choices=[" ".join(work) for work in WORK], help="one kind of work; may be repeated"
    )
    parser.add_argument("--rounds", type=int, default=10, help="number of measurements of each tree")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--sentences", type=int, default=512, help="number of sentences to embed")
    measure(parser.parse_args())


if __name__ == "__main__":
    main()
