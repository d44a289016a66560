"""What is kept of `layers.py` -> its tables, and the page docs/layers.md."""

from collections.abc import Mapping
from typing import Any

from benchmarks.measure.training.input_layers import LAYERS, STEPS, TEXTS
from benchmarks.measure.training.output_layers import RIVALS, SETTINGS, TIMED_ONLY
from benchmarks.record import ROOT

PAGE = ROOT / "docs" / "layers.md"
QUALITY, SPEEDS = "layers", "layer_speeds"  # in results/: perplexities over days, speeds in one go
MISSING = "·"  # not measured yet
_OF_SPEED = ("ms_a_step", "tokens_per_s", "peak_memory_mb")
Rows = Mapping[str, Mapping[str, Any]]  # name -> command, commit, machine, date, figures

_NAMES = {
    "full": "full softmax",
    "sampled": "sampled softmax, 1,024 negatives",
    "sampled-tied": "sampled, tied to the token layer",
    "full-tied": "full, tied to the token layer",
    "adaptive": "adaptive softmax",
    "continuous": "continuous output",
    "bytes": "bytes",
    "alphabet": "alphabet",
    "bytes-words": "bytes, word vectors beside them",
    "alphabet-words": "alphabet, word vectors beside it",
    "words": "word vectors only",
}

_OPENING = f"""# Output and input layers beside each other

Written by `make bench-layers` from `results/{QUALITY}.json` (perplexities) and `results/{SPEEDS}.json` (speeds and memory, all
rows one after the other on one quiet machine), which hold the command, commit, machine and date of each row. `{MISSING}` has not
been measured yet.

"""

_CHOICE = """
How to choose the output layer; in parentheses the perplexity after two epochs, mean of both directions:

- `softmax = "sampled"` ({sampled}), the default: a step costs the same with 800,000 words as with 30,000. For large vocabularies,
  and on a GPU, which records its step once and replays it.
- `softmax = "full"` ({full}): for a vocabulary so small that its step is nearly as cheap, or a GPU that does not mind.
- `softmax = "adaptive"` ({adaptive}): all words at each step, as the full softmax, but rare ones by short vectors and only where
  a rare word stands; the loss is that of the whole vocabulary and can be read while training. For tens of thousands of words on
  a CPU. Every row moves in every step, so its cost does grow with the vocabulary; a GPU trains it without recording.
- `tied = true` ({sampled-tied}): only if the rows of the softmax are what does not fit in memory.

The continuous output ({continuous}) has not earned a place beside them. One text, one seed, two epochs: a difference of a few per
cent may turn around on yours.

Take as input layer what has the fewest bits per byte on the text nearest to yours; bytes read every word and any script, an
alphabet gives each character of a script such as the Chinese one id instead of three, word vectors alone know nothing of a new
word.
"""

_HOW_OUTPUT = """
Output layers on WikiText-2: size tiny, 64 rows of 20 places, two epochs, one seed, all words of the training text; perplexity
of the full distribution over them on the validation text, forward / backward. A step is the median. Memory is that of the
training process before its first evaluation. A recipe can ask for all of them (`softmax`, `tied`; the adaptive softmax is that of
Grave et al. 2017, cut where 80 % and 95 % of the targets are covered) but the continuous output (Li et al. 2019: the output is
turned towards a fixed vector of the target, here from counts of neighbours in the training text, by the cosine), which lives in
`benchmarks/` only. It has no perplexity of its own; its figure is that of a softmax over the fixed vectors, with how frequent
each word is as bias and one temperature fitted on training text after each epoch.
"""

_HOW_INPUT = f"""
Input layers by bits per byte of held-out text, mean of both directions: size tiny, sampled softmax over 30,000 words,
{STEPS:,} steps of 64 rows of 20 places. Within a column all predict the same tokens; columns cannot be compared. In parentheses
tokens/s, each token counted once though both directions train on it.
"""


def page(rows: Rows, speeds: Rows) -> str:
    """The text of docs/layers.md."""
    text = _OPENING + "## Output\n" + _HOW_OUTPUT + "\n" + output_table(rows, speeds) + _check(rows)
    text += _measured_on(speeds, "output")
    text += "\n## Input\n" + _HOW_INPUT + "\n" + input_table(rows, speeds) + _measured_on(speeds, "input")
    return text + "\n## Which one\n" + _CHOICE.format_map({layer: _mean_at_end(rows, layer) for layer in SETTINGS})


def tables(rows: Rows, speeds: Rows) -> str:
    """Both tables and the check, for the terminal."""
    return output_table(rows, speeds) + _check(rows) + "\n" + input_table(rows, speeds)


def output_table(rows: Rows, speeds: Rows) -> str:
    """One line an output layer."""
    lines = [
        "| output layer | ms a step | tokens/s | peak memory, MB | after epoch 1 | after epoch 2 |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for layer in SETTINGS:
        figures = _figures(rows, speeds, f"output/{layer}")
        cells = [_number(figures.get(key)) for key in ("ms_a_step", "tokens_per_s", "peak_memory_mb")]
        if layer in TIMED_ONLY:
            cells += ["not trained", "not trained"]
        else:
            measured = [f"{e['forward']:.1f} / {e['backward']:.1f}" for e in figures.get("epochs", [])]
            cells += [*measured, MISSING, MISSING][:2]
        rival = " (benchmark only)" if layer in RIVALS else ""
        lines.append(f"| {_NAMES[layer]}{rival} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def input_table(rows: Rows, speeds: Rows) -> str:
    """One line an input layer, one column a text."""
    lines = [f"| input layer | {' | '.join(TEXTS)} |", "|---" + "|---:" * len(TEXTS) + "|"]
    for layer in LAYERS:
        found = [_figures(rows, speeds, f"input/{text}/{layer}") for text in TEXTS]
        cells = [
            f"{f['bits_per_byte']:.3f} ({_number(f.get('tokens_per_s'))})" if "bits_per_byte" in f else MISSING
            for f in found
        ]
        lines.append(f"| {_NAMES[layer]} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _figures(rows: Rows, speeds: Rows, row: str) -> Mapping[str, Any]:
    """What is kept of a row; of its speed only what was measured beside the other rows, which alone can be compared."""
    figures = {k: v for k, v in rows.get(row, {}).get("figures", {}).items() if k not in _OF_SPEED}
    return figures | dict(speeds.get(row, {}).get("figures", {}))


def _mean_at_end(rows: Rows, layer: str) -> str:
    """The perplexity of an output layer after its last epoch, mean of both directions."""
    epochs = rows.get(f"output/{layer}", {}).get("figures", {}).get("epochs")
    return f"{epochs[-1]['mean']:.1f}" if epochs else MISSING


def _check(rows: Rows) -> str:
    """How far the sampled softmax is from the full one at the end, if both are measured."""
    ends = [rows.get(f"output/{layer}", {}).get("figures", {}).get("epochs", [])[-1:] for layer in ("sampled", "full")]
    if not all(ends):
        return ""
    above = 100 * (ends[0][0]["mean"] / ends[1][0]["mean"] - 1)
    verdict = "within" if above <= 5 else "NOT within"
    return f"\nSampled against full, mean perplexity of both directions: {above:+.1f} %, {verdict} 5 % of it.\n"


def _measured_on(rows: Rows, kind: str) -> str:
    """The machines on which the speeds of a table were measured."""
    machines = sorted({row["machine"] for name, row in rows.items() if name.split("/")[0] == kind})
    return "".join(f"\nSpeeds on {machine}.\n" for machine in machines)


def _number(value: float | None) -> str:
    return MISSING if value is None else f"{value:,.0f}"
