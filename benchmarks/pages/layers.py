"""The figures of `layers.py` -> its tables, and the page docs/layers.md."""

from collections.abc import Mapping
from typing import Any

from benchmarks.measure.training.input_layers import LAYERS, STEPS, TEXTS
from benchmarks.measure.training.output_layers import RIVALS, SETTINGS, TIMED_ONLY
from benchmarks.record import ROOT

PAGE = ROOT / "docs" / "layers.md"
QUALITY = "layers"  # in results/: perplexities, measured over days
SPEEDS = "layer_speeds"  # in results/: speeds, all measured in one run
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
    "bytes-words": "bytes and word vectors",
    "alphabet-words": "alphabet and word vectors",
    "words": "word vectors only",
}

_OPENING = f"""# Output and input layers compared

This page is written by `make bench-layers` from `results/{QUALITY}.json` (perplexities) and `results/{SPEEDS}.json` (speeds and
memory, measured one after the other on one machine without other load). These files contain the command, commit, machine and
date of each row. `{MISSING}` means: not measured yet. How a task combines the layers of a trained biLM is described in
[tasks.md](tasks.md#how-a-task-uses-the-layers).

"""

_CHOICE = """
Output layer (in parentheses the perplexity after two epochs, mean of both directions):

- `softmax = "sampled"` ({sampled}), the default: a step costs the same with 800,000 words as with 30,000. Use it for large
  vocabularies, and on a GPU, where the step is recorded once as a CUDA graph and then replayed.
- `softmax = "full"` ({full}): use it if the vocabulary is so small that a step is nearly as fast as with the sampled softmax,
  or if a GPU has time to spare.
- `softmax = "adaptive"` ({adaptive}): computes all words in each step, as the full softmax does, but rare words have shorter
  vectors and are computed only at positions whose target is rare. The training loss is that of the whole vocabulary, so its exp
  is a perplexity. Use it for tens of thousands of words on a CPU. Every row is updated in every step, so the cost grows with
  the vocabulary; on a GPU it trains without a CUDA graph.
- `tied = true` ({sampled-tied}): use it only if the rows of the softmax do not fit in memory.

The continuous output ({continuous}) is clearly worse than the others, so no recipe offers it. These are results on one text
with one seed and two epochs: differences of a few per cent may be reversed on your text.

Input layer: choose the one with the fewest bits per byte on the text most similar to yours. Bytes can spell every word in any
script. An alphabet gives each character one id, where bytes need three for a Chinese character. Word vectors alone contain no
information about words that are not in the vocabulary.
"""

_HOW_OUTPUT = """
Output layers on WikiText-2: size tiny, 64 rows with windows of 20 positions, two epochs, one seed, a vocabulary of all words of
the training text. Perplexity is that of the full distribution over the vocabulary on the validation text, forward / backward.
The time of a step is a median. Memory is that of the training process before its first evaluation. A recipe can select each of
them (settings `softmax` and `tied`) except the continuous output, which exists in `benchmarks/` only. The adaptive softmax is
that of Grave et al. 2017, with cutoffs at 80 % and 95 % of the targets. The continuous output (Li et al. 2019) is trained to
have a high cosine similarity with a fixed vector of the target word, here made from counts of neighbouring words in the
training text. It does not define a perplexity; its figure is that of a softmax over the fixed vectors, with the log frequency
of each word as bias and one temperature, fitted on training text after each epoch.
"""

_HOW_INPUT = f"""
Input layers by bits per byte of held-out text, mean of both directions: size tiny, sampled softmax over 30,000 words, {STEPS:,}
steps of 64 rows with windows of 20 positions. All layers of one column predict the same tokens; different columns cannot be
compared. The spelling of unknown words ([scoring.md](scoring.md#unknown-words)) was added by arithmetic; it is the same for
all layers of a column. In parentheses: tokens/s in training, where each token is counted once although both directions are
trained on it.
"""


def page(rows: Rows, speeds: Rows) -> str:
    """The text of docs/layers.md."""
    text = _OPENING + "## Output\n" + _HOW_OUTPUT + "\n" + output_table(rows, speeds) + _check(rows)
    text += _measured_on(speeds, "output")
    text += "\n## Input\n" + _HOW_INPUT + "\n" + input_table(rows, speeds) + _measured_on(speeds, "input")
    return text + "\n## How to choose\n" + _CHOICE.format_map({layer: _mean_at_end(rows, layer) for layer in SETTINGS})


def tables(rows: Rows, speeds: Rows) -> str:
    """Both tables and the comparison of sampled and full softmax, for the terminal."""
    return output_table(rows, speeds) + _check(rows) + "\n" + input_table(rows, speeds)


def output_table(rows: Rows, speeds: Rows) -> str:
    """One line per output layer."""
    lines = [
        "| output layer | ms per step | tokens/s | peak memory, MB | after epoch 1 | after epoch 2 |",
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
    """One line per input layer, one column per text."""
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
    """The figures of a row; speeds only from the run that measured all rows, because only these can be compared."""
    figures = {k: v for k, v in rows.get(row, {}).get("figures", {}).items() if k not in _OF_SPEED}
    return figures | dict(speeds.get(row, {}).get("figures", {}))


def _mean_at_end(rows: Rows, layer: str) -> str:
    """The perplexity of an output layer after its last epoch, mean of both directions."""
    epochs = rows.get(f"output/{layer}", {}).get("figures", {}).get("epochs")
    return f"{epochs[-1]['mean']:.1f}" if epochs else MISSING


def _check(rows: Rows) -> str:
    """The relative difference between sampled and full softmax after the last epoch, if both are measured."""
    ends = [rows.get(f"output/{layer}", {}).get("figures", {}).get("epochs", [])[-1:] for layer in ("sampled", "full")]
    if not all(ends):
        return ""
    above = 100 * (ends[0][0]["mean"] / ends[1][0]["mean"] - 1)
    verdict = "within" if above <= 5 else "NOT within"
    return f"\nSampled compared with full softmax, mean perplexity of both directions: {above:+.1f} %, {verdict} 5 %.\n"


def _measured_on(rows: Rows, kind: str) -> str:
    """The machines on which the speeds of a table were measured."""
    machines = sorted({row["machine"] for name, row in rows.items() if name.split("/")[0] == kind})
    return "".join(f"\nSpeeds were measured on {machine}.\n" for machine in machines)


def _number(value: float | None) -> str:
    return MISSING if value is None else f"{value:,.0f}"
