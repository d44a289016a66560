"""The figures of `embed.py`, `embed_growth.py` and `embed_quality.py` -> the page docs/performance.md."""

from collections.abc import Mapping
from typing import Any

from benchmarks.record import ROOT, command_today

PAGE = ROOT / "docs" / "performance.md"
ROWS = ("corpus", "single", "process", "accuracy", "many_langs", "simple_elmo")
MISSING = "not measured"
Rows = Mapping[str, Mapping[str, Any]]  # name -> command, commit, machine, date, figures

_OPENING = """# Speed, memory and accuracy of embedding

This page is written by `python -m benchmarks.measure.embedding.embed --write-docs` from `results/embed.json` (`make
bench-embed`), `results/embed_growth.json` (`make bench-embed-growth`) and `results/embed_quality.json` (`make
bench-embed-quality`). These files contain the command, commit, machine and date of each row. AllenNLP 2.10.1 runs in the same
process, and the programs take turns run by run. All read the same files in AllenNLP's format, with random weights; the
sentences are from WikiText-2. `warm` means that the cache already holds the token-layer vectors of all words; `cold` means that
the cache is empty. Sizes `small` and `original` are those of [training.md](training.md).
"""
_TITLES = {
    "corpus": ("A corpus", ["tokens_per_s", "ratio"], ["tokens/s", "x AllenNLP in file order"]),
    "single": ("One sentence per call", ["ms", "p95_ms", "ratio"], ["ms, median", "ms, 95th percentile", "x AllenNLP"]),
    "process": (
        "Time to load, and memory",
        ["ready_s", "peak_mb"],
        ["seconds to load, without `import torch`", "peak memory while embedding the corpus, MB"],
    ),
    "accuracy": (
        "Accuracy",
        ["max_difference", "mean_cosine", "max_difference_to_allennlp"],
        ["largest difference to float64", "mean cosine to float64", "largest difference to AllenNLP"],
    ),
    "many_langs": ("ELMoForManyLangs", ["tokens_per_s", "ratio"], ["tokens/s", "x ELMoForManyLangs"]),
    "simple_elmo": (
        "simple_elmo, in a separate process",
        ["tokens_per_s", "ready_s"],
        ["tokens/s", "seconds to load"],
    ),
}
_GROWTH = {"tokens": "tokens", "tokens_per_s": "tokens/s", "peak_mb": "peak memory, MB"}
_AT_RANDOM = {"a_row_median_ms": "reading a random row, ms, median", "a_row_95_ms": "95th percentile"}


def page(rows: Rows, growth: Rows, quality: Rows) -> str:
    """The text of docs/performance.md."""
    text = _OPENING
    for kind in ROWS:
        title, keys, names = _TITLES[kind]
        text += f"\n## {title}\n"
        for size in ("small", "original"):
            text += f"\nModel {size}: " + _table(rows.get(f"{size}/{kind}"), "", keys, names)
    text += "\n## Growing texts\n\n" + _growth_table(growth)
    return text + "\n## Effect of state and precision on a score\n\n" + _quality_table(quality)


def _table(row: Mapping[str, Any] | None, first: str, keys: list[str], names: list[str]) -> str:
    if row is None:
        return f"{MISSING}.\n"
    figures = row["figures"]
    who = dict.fromkeys(name.split(" | ")[0] for name in figures if " | " in name)
    lines = [_head([first, *names])]
    for one in who:
        cells = [_number(figures.get(f"{one} | {key}")) for key in keys]
        lines.append(f"| {one} | {' | '.join(cells)} |")
    facts = f"{figures['sentences']} sentences of {figures['tokens']:,} tokens, {figures['runs']} runs"
    return f"{facts}.\n\n" + "\n".join(lines) + "\n" + _measured(row)


def _growth_table(rows: Rows) -> str:
    if not rows:
        return f"{MISSING}.\n"
    tables = []
    for kind, columns in (("a corpus of", _GROWTH | _AT_RANDOM), ("a document of", _GROWTH)):
        lines = [_head(["", *columns.values()])]
        for name, row in rows.items():
            if kind in name:
                lines.append(f"| {name} | {' | '.join(_number(row['figures'].get(key)) for key in columns)} |")
        tables.append("\n".join(lines) + "\n")
    return "\n".join(tables) + _measured(next(iter(rows.values())))


def _quality_table(rows: Rows) -> str:
    if not rows:
        return f"{MISSING}.\n"
    row = next(iter(rows.values()))
    sizes = row["figures"]
    text = (
        "A linear probe predicts parts of speech (UD English EWT) from frozen vectors of the model in the package, "
        f"the mean of its layers. It is trained on {sizes['train_sentences']:,} sentences and tested on "
        f"{sizes['test_sentences']:,} sentences with {sizes['test_tokens']:,} tokens. `carry` embeds the sentences in "
        "the order of the file, one per call; `warm` starts each sentence from the state saved with the model.\n\n"
    )
    lines = [_head(["dtype, state", "accuracy, %", "difference to float32, zero"])]
    base = rows.get("float32/zero", {}).get("figures", {}).get("accuracy")
    for name, one in rows.items():
        accuracy = one["figures"]["accuracy"]
        difference = MISSING if base is None else f"{accuracy - base:+.2f}"
        lines.append(f"| {name.replace('/', ', ')} | {accuracy:.2f} | {difference} |")
    return text + "\n".join(lines) + "\n" + _measured(row)


def _head(names: list[str]) -> str:
    return f"| {' | '.join(names)} |\n|---{'|---:' * (len(names) - 1)}|"


def _measured(row: Mapping[str, Any]) -> str:
    return f"\n`{command_today(row['command'])}`, {row['machine']}, {row['date']}, commit {row['commit']}.\n"


def _number(value: float | None) -> str:
    if value is None:
        return MISSING
    if value and abs(value) < 0.001:
        return f"{value:.1e}"
    return f"{value:,.0f}" if value >= 100 else f"{value:.5g}"
