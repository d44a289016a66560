"""The report page of a run: one HTML file with its facts, curves and evaluations, without network access or scripts."""

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from elmo.apps.pages.html_page import facts_table, figure, headline, html_page, table
from elmo.apps.pages.line_chart import Line, draw_chart, smoothed
from elmo.storage.atomic import atomic_write, refuse_existing
from elmo.train.adaptation.facts import adaptation_facts
from elmo.train.recipe import changed_settings
from elmo.train.runs.durations import duration_text
from elmo.train.runs.record import RunRecord, read_run
from elmo.train.runs.summary import (
    final_perplexity_facts,
    model_facts,
    perplexity_text,
    session_texts,
    text_facts,
    training_run_facts,
)

REPORT_FILE = "report.html"


def report_run(run: Path, output: Path | None = None, force: bool = False) -> dict[str, object]:
    """Write the report page of a run, atomically; the run may be training.

    Args:
        run: folder of a run.
        output: the file; None: `report.html` in the run's folder, where it replaces an earlier one.
        force: replace another output if it exists.
    Returns:
        flat facts: the file, the latest step, the perplexities that are known.
    Raises:
        TrainingError: the folder is no run. OutputError: the file exists or cannot be written.
    """
    record = read_run(run)
    target = run / REPORT_FILE if output is None else output
    if output is not None:
        refuse_existing(output, force)
    with atomic_write(target) as part:
        part.write_text(write_page(record), encoding="utf-8")
    facts: dict[str, object] = {"report": str(target), "step": int(record.last("step") or 0)}
    for name in ("forward", "backward", "mean"):
        value = record.last(f"heldout_{name}")
        facts |= {} if value is None else {f"heldout_{name}": value}
    return facts


def write_page(run: RunRecord) -> str:
    """The HTML of the report page."""
    changes = changed_settings(run.recipe)
    parts = [
        "<p>Training of a bidirectional language model over characters (ELMo).</p>",
        _headline(run),
        *_curves(run),
        facts_table("Text", text_facts(run)),
        facts_table(
            "Model", model_facts(run.recipe.get("bilm") or {}, run.n_words, run.settings.get("adaptive_cutoffs"))
        ),
        facts_table("Training", training_run_facts(run)),
        facts_table("Adaptation", adaptation_facts(run.training)),
        facts_table("Settings that differ from the defaults", {key: str(value) for key, value in changes.items()}),
        _sessions(run),
        _evaluations(run),
    ]
    return html_page(run.name, "training of an ELMo model", parts)


_TERMS = {  # parts of the loss (`objectives/taught.py`)
    "teacher_distance": "Squared distance from the teacher's layers (1: nothing is known of them)",
    "similarity_difference": "Squared difference from the teacher's cosines of two sentences",
    "language_model_nats": "Loss of the language models in training, nats per token",
}


def _headline(run: RunRecord) -> str:
    shown, of_what = final_perplexity_facts(run), "of the model, on all held-out text"
    if not shown:
        latest = {name: perplexity_text(run.last(f"heldout_{name}")) for name in ("forward", "backward")}
        shown, of_what = {name: text for name, text in latest.items() if text}, "the latest"
    if not shown:
        return "" if run.reports else "<p>No report has been logged yet.</p>"
    return f"{headline(shown)}<p>Held-out perplexity over the whole vocabulary, {of_what}.</p>"


def _curves(run: RunRecord) -> list[str]:
    end = max(1.0, run.last("step") or 0.0)
    resumed = [step for step in map(_step_of_checkpoint, run.sessions) if step]

    def chart(lines: Sequence[Line], what: str, *, log_scale: bool = False, from_zero: bool = False) -> str:
        return draw_chart(lines, f"{what} by step", end, log_scale=log_scale, from_zero=from_zero, marks=resumed)

    def reported(name: str) -> list[Line]:
        steps, values = run.curve(name)
        return [Line("each report", steps, values, "faint"), Line("smoothed", steps, smoothed(values))]

    heldout = [
        Line("forward", *run.curve("heldout_forward"), "first", dots=True),
        Line("backward", *run.curve("heldout_backward"), "second", dots=True),
    ]
    sampled = " (sampled softmax: not a perplexity)" if run.recipe.get("softmax") == "sampled" else ""
    trained = f"Training loss, nats per token{sampled}"
    terms = {title: chart(reported(name), name.replace("_", " ")) for name, title in _TERMS.items()}
    if any(terms.values()):
        trained = "Training loss, weighted sum of its parts"
    drawn = {
        "Held-out perplexity (whole vocabulary, logarithmic)": chart(heldout, "held-out perplexity", log_scale=True),
        trained: chart(reported("loss_nats"), "training loss"),
        **terms,
        "Learning rate": chart([Line("", *run.curve("learning_rate"))], "learning rate", from_zero=True),
        "Tokens per second": chart([Line("", *run.curve("tokens_per_s"))], "tokens per second", from_zero=True),
        "Gradient norm before clipping (logarithmic)": chart(
            reported("gradient_norm"), "gradient norm", log_scale=True
        ),
    }
    figures = [figure(title, svg) for title, svg in drawn.items() if svg]
    note = "<p>Dotted vertical lines: the run was resumed from a checkpoint.</p>" if resumed and figures else ""
    return ["<h2>Curves</h2>", note, *figures] if figures else []


def _sessions(run: RunRecord) -> str:
    texts = session_texts(run)
    if run.n_unreadable:
        texts.append(f"{run.n_unreadable} lines of the log are unreadable and left out here")
    if not texts:
        return ""
    items = "".join(f"<li>{escape(text)}</li>" for text in texts)
    return f"<section><h2>Sessions</h2><ol>{items}</ol></section>"


def _evaluations(run: RunRecord) -> str:
    names = ("heldout_forward", "heldout_backward", "heldout_mean")
    rows = [
        [
            f"{line['step']:,.0f}",
            *(perplexity_text(line.get(name)) for name in (*names, "loss_nats")),
            _minutes(line.get("seconds")),
        ]
        for line in run.reports
        if any(name in line for name in names)
    ]
    return table(
        "Held-out perplexity during training", ["step", "forward", "backward", "mean", "training loss", "time"], rows
    )


def _step_of_checkpoint(session: Mapping[str, object]) -> int:
    number = str(session.get("checkpoint")).rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def _minutes(value: object) -> str:
    return duration_text(value) if isinstance(value, int | float) else ""
