"""Time to load the model in the package from a fresh wheel in an empty environment, and to embed a thousand sentences.

    python -m benchmarks.measure.models.bundled [--runs 5] [--save]

Each run is a separate process: `import torch`, then `from elmo import Elmo` and `Elmo.from_pretrained()` (`load_s`), then `embed`
on the first thousand sentences of lm/english/heldout.txt.gz with an empty cache of words, on two threads (`embed_s`; with lower
precision `embed_bfloat16_s` and `embed_int8_s`). The variants alternate. Figures are medians. Needs ../shared.
"""

import json
import os
import statistics
import subprocess
import sys
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.record import ROOT, SHARED, parser_with_save, record, show
from elmo.text.sources.corpus import corpus_words

N_SENTENCES = 1000
EMBED_NAMES = {"float32": "embed_s", "bfloat16": "embed_bfloat16_s", "int8": "embed_int8_s"}
ALONE = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
RUN = """
import json, sys, time
import torch
torch.set_num_threads(2)
sentences = json.load(open(sys.argv[1], encoding="utf-8"))
begun = time.perf_counter()
from elmo import Elmo
model = Elmo.from_pretrained(dtype=sys.argv[2])
loaded = time.perf_counter()
vectors = model.embed(sentences)
done = time.perf_counter()
assert len(vectors) == len(sentences) and "site-packages" in sys.modules["elmo"].__file__
print(json.dumps({"load_s": loaded - begun, "embed_s": done - loaded}))
"""


def python_with_wheel(room: Path) -> Path:
    """The Python of a new environment that contains only our wheel and its dependencies."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(room), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = room.glob("*.whl")
    python = room / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", room / "venv"], check=True)
    for wanted in (os.environ.get("TORCH", "torch==2.13.0").split(), [str(wheel)]):
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted], env=ALONE, check=True
        )
    return python


def main() -> None:
    """Print the medians; with --save keep them in results/bundled.json."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--runs", type=int, default=5)
    given = parser.parse_args()
    with TemporaryDirectory() as name:
        room = Path(name)
        texts = corpus_words([SHARED / "data/lm/english/heldout.txt.gz"], pretokenized=False)
        sentences = list(islice(texts, N_SENTENCES))
        (room / "sentences.json").write_text(json.dumps(sentences), encoding="utf-8")
        python = python_with_wheel(room)
        runs_of: dict[str, list[dict[str, float]]] = {dtype: [] for dtype in EMBED_NAMES}
        for _ in range(given.runs):
            for dtype, runs in runs_of.items():
                command = [python, "-c", RUN, room / "sentences.json", dtype]
                done = subprocess.run(command, cwd=room, env=ALONE, check=True, capture_output=True, text=True)
                runs.append(json.loads(done.stdout))
    figures = {"load_s": round(statistics.median(run["load_s"] for run in runs_of["float32"]), 3)}
    figures |= {EMBED_NAMES[d]: round(statistics.median(run["embed_s"] for run in runs_of[d]), 3) for d in runs_of}
    figures |= {"sentences": len(sentences), "tokens": sum(map(len, sentences))}
    show(figures)
    if given.save:
        print(record("bundled", "python -m benchmarks.measure.models.bundled --save", figures))


if __name__ == "__main__":
    main()
