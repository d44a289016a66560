"""The probes of docs/probes.md on the model in the package, and on other vectors of the same text with the same split.

    python -m benchmarks.measure.probes.probes [--model en] [--only PROBE]... [--source NAME]... [--static FILE]...
                                              [--again] [--write-docs]

The other vectors: Word2Vec and fastText trained on the texts of the model (files given by --static, otherwise trained by gensim
in runs/probe), a model of the same shape with random weights, and the token layer alone; also the majority baseline. One row
for each set and source is stored in results/probes.json as soon as it is measured; later runs skip stored rows. --write-docs
writes the tables and pictures of docs/probes.md, docs/elmo-vs-static.md and its Chinese version.
"""

import argparse
import resource
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.pages.probes import write_page
from benchmarks.pages.versus import write_pages
from benchmarks.record import ROOT, SHARED, keep_row, kept_figures, kept_rows
from elmo import Elmo
from elmo.analysis.probe_scores import ProbeSettings, Score
from elmo.analysis.probe_vectors import ElmoVectors, StaticTokens, TokenVectors, random_elmo
from elmo.analysis.static_files import read_static_vectors
from elmo.apps.studies.probe import PROBES, RANDOM, find_probes
from elmo.apps.studies.train_static import train_static

NAME = "probes"  # in results/
DATA = SHARED / "data"
VECTORS = ROOT / "runs" / "probe"
TEXTS = ("textbooks", "medicine", "government", "techdocs", "books", "books_older", "sentences")  # of the English model
SOURCES = ("en", "word2vec", "fasttext", RANDOM)
SETTINGS = ProbeSettings()


def source_of(name: str, model: str, files: dict[str, Path], dtype: str) -> TokenVectors:
    """The source of a row."""
    if name in files:
        return StaticTokens(read_static_vectors(files[name]), name)
    elmo = Elmo.from_pretrained(model, dtype=dtype)
    return ElmoVectors(elmo, name) if name == model else ElmoVectors(random_elmo(elmo), RANDOM)


def measure(name: str, source: TokenVectors, corpus: Sequence[Path]) -> dict[str, Any]:
    """One probe of one source."""
    begun = time.perf_counter()
    runs, _ = find_probes(DATA, SETTINGS, [name], corpus)
    scores = [score for _, run in runs for score in run(source)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    rows = [{key: _short(value) for key, value in score._asdict().items() if value not in ("", [])} for score in scores]
    return {"seconds": round(time.perf_counter() - begun), "peak_memory_mb": peak, "scores": rows}


def _short(value: Any) -> Any:
    return [round(x, 3) for x in value] if isinstance(value, list) else value


def scores_of(rows: dict[str, dict[str, Any]]) -> list[Score]:
    """The stored scores."""
    found = [
        Score(**{"view": "", "dev": [], "right": ""} | score)
        for row in rows.values()
        for score in row["figures"]["scores"]
    ]
    return list({score[:6]: score for score in found}.values())


def missing_rows(probes: Sequence[str], sources: Sequence[str], again: bool) -> Iterator[tuple[str, str]]:
    """Source and probe of each row that is not stored yet, source by source."""
    for source in sources:
        for probe in probes:
            if again or f"{probe}/{source}" not in kept_rows(NAME):
                yield source, probe


def main() -> None:
    """Measure and store the rows, or write the pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="en")
    parser.add_argument("--only", action="append", choices=PROBES, help="a probe; may be repeated")
    parser.add_argument("--source", action="append", choices=SOURCES, help="a source of vectors; may be repeated")
    parser.add_argument("--static", action="append", type=Path, default=[], help="word2vec*.bin or fasttext*.bin")
    parser.add_argument("--dtype", default="float32", help="dtype of the matrix products of ELMo")
    parser.add_argument("--again", action="store_true", help="measure rows again that are stored already")
    parser.add_argument("--write-docs", action="store_true", help="write the pages from the stored rows")
    given = parser.parse_args()
    if given.write_docs:
        scores = scores_of(kept_rows(NAME))
        print(write_page(scores, given.model))
        for path in write_pages(scores, given.model, kept_figures("bundled")):
            print(path)
        return
    if not DATA.is_dir():
        print(f"skipped: no data in {DATA}; lay the folder of labelled texts there (docs/probes.md)")
        return
    wanted = list(missing_rows(given.only or PROBES, given.source or SOURCES, given.again))
    corpus = [DATA / "lm" / "english" / f"{name}.txt.xz" for name in TEXTS]
    files = {path.name.split("-")[0].split(".")[0]: path for path in given.static}
    if not given.static and any(source in ("word2vec", "fasttext") for source, _ in wanted):
        files = {path.stem: path for path in train_static(corpus, VECTORS)}
    held: dict[str, TokenVectors] = {}
    for name, probe in wanted:
        print(f"{probe}/{name} ...", flush=True)
        if name not in held:
            held = {name: source_of(name, given.model, files, given.dtype)}
        figures = measure(probe, held[name], corpus)
        keep_row(NAME, f"{probe}/{name}", _command(given, name, probe, files), figures)
        print(f"  {figures['seconds']} s, {figures['peak_memory_mb']} MB", flush=True)


def _command(given: argparse.Namespace, name: str, probe: str, files: dict[str, Path]) -> str:
    static = f" --static {files[name].name}" if name in files and given.static else ""
    dtype = f" --dtype {given.dtype}" if given.dtype != "float32" and name not in files else ""
    return f"python -m benchmarks.measure.probes.probes --only {probe} --source '{name}'{static}{dtype}"


if __name__ == "__main__":
    main()
