"""The figures of `tasks.py` -> docs/results.md."""

import math
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from itertools import pairwise, product
from pathlib import Path
from statistics import mean, stdev
from typing import Any, NamedTuple

from benchmarks.pages.markdown_table import markdown_table
from benchmarks.record import ROOT, kept_figures
from elmo.apps.pages.empty_figure import empty_figure

PAGE = ROOT / "docs" / "results.md"
PICTURE = ROOT / "docs" / "results.png"  # the curves
Rows = Mapping[str, Mapping[str, Any]]  # name -> command, commit, machine, date, figures
Found = Mapping[str, Mapping[str, list[Mapping[str, Any]]]]  # set -> en, without, difference -> figures of each seed
MISSING = "·"  # not measured yet
_WORDS = tomllib.loads(
    (Path(__file__).parent / "tasks.toml").read_text(encoding="utf-8")
)  # the text between the tables


class Known(NamedTuple):
    """What a table says about a data set besides our scores."""

    title: str
    score: str  # key of the score in results/tasks.json
    name: str  # of the score, in the tables
    rival: str  # a simple method for comparison
    rival_score: float
    model: str = "en"  # name of a model in the package


# Rivals were measured on the same files: a linear-chain CRF with hand-made features and word clusters, TF-IDF with a linear SVM
# or logistic regression, overlap features.
KNOWN = {
    "conll2003": Known("CoNLL-2003, named entities", "f1", "F1", "CRF and word clusters", 85.4),
    "wnut17": Known("WNUT-17, named entities", "f1", "F1", "CRF and word clusters", 26.3),
    "ncbi-disease": Known("NCBI disease, named entities", "f1", "F1", "CRF and word clusters", 82.0),
    "conll2000": Known("CoNLL-2000, chunks from words alone", "f1", "F1", "CRF", 92.1),
    "ud-ewt": Known("UD English-EWT, parts of speech", "accuracy", "accuracy", "CRF", 95.2),
    "snips": Known("SNIPS, slots", "f1", "F1", "CRF", 93.5),
    "clinc150": Known("CLINC150, 150 intents", "accuracy", "accuracy", "SVM on TF-IDF", 92.5),
    "sst2": Known("SST-2, sentiment", "accuracy", "accuracy", "logistic regression on TF-IDF", 81.1),
    "semeval2010-8": Known("SemEval-2010 task 8, relations", "macro_f1", "macro F1", "SVM", 79.7),
    "bc5cdr": Known("BC5CDR, chemicals that induce diseases", "f1", "F1", "logistic regression on mentions", 60.5),
    "sick": Known("SICK, entailment", "accuracy", "accuracy", "logistic regression on overlap", 82.9),
    "squad": Known("SQuAD 1.1, a part", "f1", "F1", "overlap", 29.3),
    "chnsenticorp": Known(
        "ChnSentiCorp, reviews in Chinese, the 864 not in train", "accuracy", "accuracy", "SVM on TF-IDF", 92.7, "zh"
    ),
    "weibo": Known("Weibo, entities in Chinese, the 229 not in train", "f1", "F1", "CRF", 44.1, "zh"),
    "cluener": Known("CLUENER, entities in Chinese", "f1", "F1", "CRF", 71.0, "zh"),
}

CURVES = ("conll2003", "sst2")  # sets that are also trained on fractions of their training file
PERCENTAGES = ("1", "5", "20")  # of the training file
GROUPS = {  # names of kinds of examples in results/tasks.json -> in the table
    "with a turn, no negation": "with a contrast such as `but`, no negation",
    "in no sentence together": "mentioned in different sentences only",
    "in one sentence": "mentioned in one sentence",
}
TUNED = "tuned"  # kind of the rows of a biLM that is fine-tuned with its task


def page(rows: Rows) -> str:
    """docs/results.md."""
    found = _by_set(rows)
    return (
        "\n\n".join(
            [
                _WORDS["opening"] + _sets(found),
                _teacher(found),
                _groups(found),
                _curves(found),
                _tuned(found),
                _scope(found),
            ]
        )
        + "\n"
    )


def _sets(found: Found) -> str:
    """All sets, trained on their whole training files."""
    lines = []
    for name, known in KNOWN.items():
        with_elmo, without, differences = (found[name][kind] for kind in (known.model, "without", "difference"))
        less = f"{mean(row['error_reduction'] for row in differences):.0f} %" if differences else MISSING
        scores = [_mean(without, known.score), _mean(with_elmo, known.score), _difference(differences), less]
        lines.append([known.title, known.name, *scores, f"{known.rival_score:.1f} ({known.rival})"])
    heads = ["set", "score", "without ELMo", "with ELMo", "difference", "error reduction", "simple baseline"]
    return markdown_table(heads, lines)


def _teacher(found: Found) -> str:
    """The teacher beside the model in the package: scores on some sets, and speed."""
    kinds = {"without ELMo": "without", "en-text": "en-text", "en": "en", "teacher": "teacher"}
    lines = [
        [known.title, known.name, *(_mean(found[name][kind], known.score) for kind in kinds.values())]
        for name, known in KNOWN.items()
        if found[name]["teacher"]
    ]
    speed = kept_figures("teacher_speed") or {}
    programs = [name.removesuffix(", words/s") for name in speed if name.endswith(", words/s")]
    speeds = [[name, f"{speed[f'{name}, words/s']:,.0f}", f"{speed[f'{name}, ms']:.1f}"] for name in programs]
    scores = markdown_table(["set", "score", *kinds], lines)
    return "\n\n".join(
        [
            _WORDS["teacher"] + scores,
            _WORDS["teacher_speed"].strip(),
            markdown_table(["program", "a text, words/s", "one sentence, ms"], speeds),
        ]
    )


def _groups(found: Found) -> str:
    """Sets on which ELMo has little effect, with the reason; some of them by kind of example, mean of the seeds."""
    open_sets = [name for name in KNOWN if any(row["low"] <= 0 <= row["high"] for row in found[name]["difference"][:1])]
    lines = [
        [KNOWN[name].title, GROUPS.get(kind, kind), f"{n:,}", f"{without:.1f}", f"{with_elmo:.1f}"]
        for name in open_sets
        for kind, n, with_elmo, without in _mean_groups(found[name]["groups"])
    ]
    why = [_WORDS["why"].get(name, f"\n*{KNOWN[name].title}*: not analysed yet.") for name in open_sets]
    table = markdown_table(["set", "kind", "examples", "without ELMo", "with ELMo"], lines)
    return "\n".join([_WORDS["groups"] + table, *why])


def _mean_groups(kept: list[Mapping[str, Any]]) -> list[tuple[str, int, float, float]]:
    """Kind, number of examples, score with the model and without: means over the seeds."""
    of_kinds = zip(*(row["groups"] for row in kept), strict=True)
    return [(seeds[0][0], seeds[0][1], mean(g[2] for g in seeds), mean(g[3] for g in seeds)) for seeds in of_kinds]


def _curves(found: Found) -> str:
    """The paper's figure 1 in numbers."""
    lines = []
    for name, percent in product(CURVES, (*PERCENTAGES, "100")):
        known, own = KNOWN[name], found[name if percent == "100" else f"{name}-of-{percent}"]
        scores = [_mean(own[kind], known.score) for kind in ("without", "en")]
        lines.append([f"{known.title}, {known.name}", percent, *scores])
    heads = ["set", "percent of the training file", "without ELMo", "with ELMo"]
    equals = [
        f"{KNOWN[name].title}: with ELMo, about {percent:.0f} % of the labels give the score that all labels give without ELMo."
        for name in CURVES
        if (percent := _percentage_that_equals(found, name)) is not None
    ]
    picture = f"![scores by percentage of the training file; dashed: all labels, without ELMo]({PICTURE.name})"
    return "\n\n".join([_WORDS["curves"] + markdown_table(heads, lines), picture, *equals])


def _percentage_that_equals(found: Found, name: str) -> float | None:
    """The percentage of the training file at which the score with ELMo equals that of all labels without ELMo.

    It is interpolated between two measured points, linearly over the logarithm of the percentage. None: not measured, or the
    score is not reached.
    """
    points, whole = _curve(found, name, "en"), _curve(found, name, "without")
    if len(points) <= len(PERCENTAGES) or not whole:
        return None
    aim = whole[-1][1]
    for (below, low), (above, high) in pairwise(points):
        if low < aim <= high:
            return math.exp(math.log(below) + (aim - low) / (high - low) * math.log(above / below))
    return None


def _curve(found: Found, name: str, kind: str) -> list[tuple[float, float]]:
    """Percentages of the training file with their mean scores, as far as they are measured."""
    rows = {float(percent): found[f"{name}-of-{percent}"][kind] for percent in PERCENTAGES} | {100.0: found[name][kind]}
    return [(percent, mean(row[KNOWN[name].score] for row in own)) for percent, own in sorted(rows.items()) if own]


def draw_curves(rows: Rows) -> bool:
    """The paper's figure 1: scores by percentage of the training file, a panel per set; False without matplotlib (`plots`)."""
    figure = empty_figure(10, 3.8)
    if figure is None:
        return False
    found = _by_set(rows)
    for number, name in enumerate(CURVES, start=1):
        axes: Any = figure.add_subplot(1, len(CURVES), number)
        for kind, label, colour in (("en", "with ELMo", "#0072b2"), ("without", "without", "#e69f00")):
            points = _curve(found, name, kind)
            axes.plot(
                [percent for percent, _ in points],
                [score for _, score in points],
                marker="o",
                color=colour,
                label=label,
            )
        if whole := _curve(found, name, "without"):
            axes.axhline(whole[-1][1], color="0.5", linestyle="--", linewidth=1)
        axes.set(title=KNOWN[name].title, xscale="log", xlabel="percent of the training file", ylabel=KNOWN[name].name)
        axes.set_xticks([float(percent) for percent in (*PERCENTAGES, "100")], [*PERCENTAGES, "100"])
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    figure.savefig(PICTURE, format="png", dpi=110)
    return True


def _tuned(found: Found) -> str:
    """Frozen layers compared with a fine-tuned biLM, same seeds."""
    lines = []
    for name in CURVES:
        known, differences = KNOWN[name], found[name][f"{TUNED}-difference"]
        scores = [_mean(differences, f"{side}_{known.score}") for side in ("b", "a")]
        lines.append([known.title, known.name, *scores, _difference(differences)])
    return _WORDS["tuned"] + markdown_table(["set", "score", "frozen", "fine-tuned", "difference"], lines)


def _scope(found: Found) -> str:
    """Texts that are out of scope, and those that are in scope."""
    keys = ("in_scope_accuracy", "in_scope_told", "out_of_scope_recall", "in_out_auroc")
    kinds = (("without ELMo", "scope-without"), ("with ELMo", "scope-en"))
    lines = [[title, *(_mean(found["clinc150"][kind], key) for key in keys)] for title, kind in kinds]
    lines.append(["SVM on TF-IDF", "92.5", "94.7", "78.6", "94.8"])
    heads = ["", "accuracy in scope", "coverage in scope", "recall out of scope", "AUROC"]
    return _WORDS["scope"] + markdown_table(heads, lines)


def _by_set(rows: Rows) -> dict[str, dict[str, list[Mapping[str, Any]]]]:
    """Set -> en, without, difference -> figures of each seed."""
    found: dict[str, dict[str, list[Mapping[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for row, kept in sorted(rows.items()):
        name, kind, _ = row.split("/")
        found[name][kind].append(kept["figures"])
    return found


def _difference(differences: list[Mapping[str, Any]]) -> str:
    """The difference of the first seed, with its interval."""
    if not differences:
        return MISSING
    first = differences[0]
    return f"{first['difference']:+.1f} [{first['low']:+.1f}, {first['high']:+.1f}]"


def _mean(figures: list[Mapping[str, Any]], score: str) -> str:
    values = [row[score] for row in figures]
    if not values:
        return MISSING
    return f"{mean(values):.1f}" + (f" ± {stdev(values):.1f}" if len(values) > 1 else "")
