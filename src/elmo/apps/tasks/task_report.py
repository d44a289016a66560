"""The report page of a task: learning curve, layer weights, scores on a file, and errors."""

from collections import Counter
from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np

from elmo.apps.pages.html_page import facts_table, figure, headline, html_page, table
from elmo.apps.pages.line_chart import Line, draw_chart
from elmo.storage.atomic import atomic_write
from elmo.tasks.batches import UNKNOWN
from elmo.tasks.examples import Example
from elmo.tasks.kinds.task_model import Confusion
from elmo.tasks.predictions import Prediction
from elmo.tasks.saved_task import TrainedTask
from elmo.tasks.scoring.bootstrap import Counts, interval
from elmo.tasks.scoring.span_scores import span_scores

REPORT_FILE = "report.html"
_NOTHING = "–"
_LENGTHS = ((1, 5), (6, 10), (11, 20), (21, 40), (41, 10**9))  # tokens
_MOST_LABELS, _MOST_MISTAKES = 40, 20


def write_task_report(
    task: TrainedTask, examples: Sequence[Example], predicted: Sequence[Prediction], source: str, target: Path
) -> None:
    """Write the page, atomically.

    Args:
        examples, predicted: of the file that is scored. source: its name.
    Raises:
        OutputError: it cannot be written.
    """
    with atomic_write(target) as part:
        part.write_text(task_page(task, examples, predicted, source), encoding="utf-8")


def task_page(task: TrainedTask, examples: Sequence[Example], predicted: Sequence[Prediction], source: str) -> str:
    """The HTML of the page."""
    counts = task.model.counts(examples, predicted)
    pairs = task.model.confusions(examples, predicted)
    low, high = interval(counts, task.main_score)
    main = task.model.main_score
    scores = {name: f"{float(value):.2f}" for name, value in task.model.scores(counts.sum(axis=0)).items()}
    parts = [
        f"<p>Training, and scores on {escape(source)} ({len(examples):,} examples).</p>",
        headline(scores),
        *(
            [f"<p><b>Warning: {escape(str(warning))}.</b></p>"]
            if (warning := task.file.training.get("warning"))
            else []
        ),
        f"<p>{main} in percent; 95 % confidence interval {low:.2f} to {high:.2f}, from a thousand bootstrap samples of "
        "these examples.</p>",
        *_curves(task),
        _layers(task),
        table("By label", ["label", "F1", "precision", "recall", "gold", "predicted"], _by_label(pairs), 1),
        table("Most frequent mistakes", ["gold", "predicted", "times"], _mistakes(pairs), 2),
        table("By kind of example", ["examples", "number", main], _by_kind(task, examples, counts), 1),
        facts_table("Task", _facts(task)),
    ]
    return html_page(f"Task: {task.file.config.task}", "a task on ELMo", parts)


def _curves(task: TrainedTask) -> list[str]:
    curve = task.file.training.get("curve", [])
    epochs = [float(epoch["epoch"]) for epoch in curve]
    drawn = {
        f"{task.model.main_score} of the dev file": "score",
        "Training loss": "loss",
    }
    figures = []
    for title, key in drawn.items():
        line = Line("", epochs, [float(epoch[key]) for epoch in curve], dots=True)
        svg = draw_chart([line], f"{title} by epoch", max([1.0, *epochs]), axis="epoch")
        figures += [figure(title, svg)] if svg else []
    return figures


def _layers(task: TrainedTask) -> str:
    """The weights of the layers in each mix (Peters et al. 2018, figure 2)."""
    rows = []
    encoder = task.model.encoder
    for name, part in (("input", encoder.elmo), ("output", encoder.elmo_above)):
        if part is not None:
            weights = part.mix.weights.detach().softmax(dim=0).tolist()
            rows.append(
                [
                    f"{name} of the LSTM",
                    *(f"{weight:.2f}" for weight in weights),
                    f"{float(part.mix.gamma.detach()):.2f}",
                ]
            )
    n_layers = task.file.elmo.n_layers if task.file.elmo else 0
    return table("Weight of each layer", ["mix", *(f"layer {i}" for i in range(n_layers)), "scale"], rows, 1)


def _by_label(pairs: Sequence[Confusion]) -> list[list[str]]:
    """F1, precision, recall, gold and predicted counts of the most frequent labels."""
    frequent = Counter(label for gold, predicted in pairs for label in (*gold.values(), *predicted.values()))
    rows = []
    for label, _ in frequent.most_common(_MOST_LABELS):
        own = [[{position for position, other in side.items() if other == label} for side in pair] for pair in pairs]
        right = sum(len(gold & predicted) for gold, predicted in own)
        n_predicted, n_gold = (sum(len(pair[i]) for pair in own) for i in (1, 0))
        scores = span_scores(np.array([right, n_predicted, n_gold]))
        shown = [f"{float(scores[name]):.1f}" for name in ("f1", "precision", "recall")]
        rows.append([label or "(no label)", *shown, f"{n_gold:,}", f"{n_predicted:,}"])
    return rows


def _mistakes(pairs: Sequence[Confusion]) -> list[list[str]]:
    """Pairs of gold and wrongly predicted labels, the most frequent first."""
    found = Counter(
        (gold.get(position, _NOTHING), predicted.get(position, _NOTHING))
        for gold, predicted in pairs
        for position in {**gold, **predicted}
        if gold.get(position) != predicted.get(position)
    )
    return [[gold, predicted, f"{n:,}"] for (gold, predicted), n in found.most_common(_MOST_MISTAKES)]


def _by_kind(task: TrainedTask, examples: Sequence[Example], counts: Counts) -> list[list[str]]:
    """The main score of examples of each length, and of examples with and without words unknown to the task."""
    lengths = np.array([len(e.tokens) for e in examples])
    new = np.array([sum(i == UNKNOWN for i in task.words.ids([t.text for t in e.tokens])) for e in examples])
    kinds = {f"{low} to {high} tokens": (lengths >= low) & (lengths <= high) for low, high in _LENGTHS[:-1]}
    kinds[f"{_LENGTHS[-1][0]} tokens and more"] = lengths >= _LENGTHS[-1][0]
    kinds |= {
        "all words frequent in training": new == 0,
        "one rare or new word": new == 1,
        "two or more": new > 1,
    }
    return [
        [kind, f"{int(chosen.sum()):,}", f"{float(task.main_score(counts[chosen].sum(axis=0))):.1f}"]
        for kind, chosen in kinds.items()
        if chosen.any()
    ]


def _facts(task: TrainedTask) -> dict[str, str]:
    config, training = task.file.config, task.file.training
    bilm = "no biLM (a baseline)" if task.file.elmo is None else f"{config.model} ({task.file.elmo.fingerprint})"
    labels = ", ".join(task.file.labels[:_MOST_LABELS]) + (", ..." if len(task.file.labels) > _MOST_LABELS else "")
    facts = {"biLM": bilm, "labels": labels, "parameters": f"{training.get('parameters', 0):,}"}
    facts |= {
        name: str(training[name]) for name in ("train", "dev", "epochs", "best_epoch", "seconds") if name in training
    }
    return facts | {name: str(value) for name, value in config.model_dump(exclude={"task", "model"}).items()}
