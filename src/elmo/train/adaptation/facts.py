"""The outcome of an adaptation as names and readable values, for the report page and the model card."""

from collections.abc import Mapping
from typing import Any

from elmo.train.runs.summary import perplexity_text

_WAYS = ("forward", "backward", "mean")
_TEXTS = {"new text": ("before", "heldout"), "old text": ("old_before", "old")}


def before_and_after(training: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Held-out perplexities by text and direction: `new text, forward` -> before, after; "" if not known.

    Args:
        training: the training facts of a model; empty, or of a run that adapted nothing: there are none.
    """
    if "model_step" not in training:
        return {}
    rows = {}
    for text, names in _TEXTS.items():
        for way in _WAYS:
            before, after = (perplexity_text(training.get(f"{name}_{way}")) for name in names)
            if after:
                rows[f"{text}, {way}"] = (before, after)
    return rows


def _softmax_alone(training: Mapping[str, Any]) -> str:
    return perplexity_text(training.get("softmax_alone_mean"))


def adaptation_facts(training: Mapping[str, Any]) -> dict[str, str]:
    """What a report says of an adaptation."""
    rows = before_and_after(training)
    if not rows:
        return {}
    facts = {
        "adapted from": str(training.get("adapted_from") or ""),
        "step of the model": _step_text(training["model_step"]),
        "new words": f"{training.get('new_words') or 0:,}",
        "old text": ", ".join(map(str, training.get("old_text", []))),
    }
    facts["held-out perplexity after the first phase, new text, mean"] = _softmax_alone(training)
    facts |= {f"held-out perplexity, {name}": _pair_text(*pair) for name, pair in rows.items()}
    return {name: value for name, value in facts.items() if value}


def adaptation_section(training: Mapping[str, Any]) -> str:
    """The section of a model card; "" if the model was not adapted."""
    rows = before_and_after(training)
    if not rows:
        return ""
    lines = "\n".join(f"| {name} | {before or 'no softmax'} | {after} |" for name, (before, after) in rows.items())
    alone = _softmax_alone(training)
    first = (
        f"\n\nAt the end of the first phase, a new softmax on the unchanged biLM, it was {alone} (mean of both directions, on "
        "the sentences that are evaluated during training)."
    )
    return (
        "## Adaptation\n\n"
        f"This model continues another one on new text; {_step_text(training['model_step'])}. Held-out perplexity of the initial "
        "model and of this one, with the same vocabulary, on text that neither was trained on in this run:\n\n"
        f"| text | before | after |\n|---|---|---|\n{lines}" + (first if alone else "")
    )


def _step_text(step: int) -> str:
    return (
        f"it is that of step {step:,}, the best of the run"
        if step
        else "no step improved it, so it is the initial model"
    )


def _pair_text(before: str, after: str) -> str:
    return f"{before} before, {after} after" if before else f"{after} after; the initial model had no softmax"
