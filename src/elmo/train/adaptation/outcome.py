"""What an adaptation has come to: the best of its models, and the perplexities before and after, of the new text and the old."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, TypeAdapter

from elmo.checkpoints.saved_model import SavedModel
from elmo.storage.atomic import atomic_write
from elmo.storage.json_files import read_json
from elmo.train.adaptation.mixed_text import MixedText
from elmo.train.perplexity import Perplexity, measure_together
from elmo.train.ranks import Ranks
from elmo.train.run_state import BEST, RunProgress, load_model_of
from elmo.train.runs.record import read_run

BEFORE_FILE = "before.json"  # in the folder of a run
_WAYS = ("forward", "backward", "mean")


class Before(BaseModel, frozen=True, extra="forbid"):
    """Held-out perplexity of the initial model; None: there is no such text, or the model had no softmax."""

    new: Perplexity | None = None
    old: Perplexity | None = None


class AdaptationResult(BaseModel, frozen=True):
    """The model that was kept, compared with the initial one on the same held-out text and the same vocabulary."""

    step: int  # that the model is from; 0: the initial model, which no step improved
    before: Before
    old: Perplexity | None  # of the model, on the held-out part of the old text
    # At the end of the first phase, on the sentences that are evaluated during training: a new softmax on the unchanged biLM.
    softmax_alone: float | None = None

    def facts(self) -> dict[str, Any]:
        """Flat: the step, `before_forward` and so on of the new text, `old_before_forward`, `old_forward` of the old one."""
        texts = {"before": self.before.new, "old_before": self.before.old, "old": self.old}
        facts: dict[str, Any] = {"model_step": self.step}
        for name, found in texts.items():
            if found is not None:
                facts |= {f"{name}_{way}": round(getattr(found, way), 3) for way in _WAYS}
        if self.softmax_alone is not None:
            facts["softmax_alone_mean"] = round(self.softmax_alone, 3)
        return facts


class KeptModel(NamedTuple):
    """A model of a run with its perplexity on all that is held out."""

    model: SavedModel
    heldout: Perplexity
    step: int


def measure_before(
    run: Path,
    model: SavedModel,
    has_softmax: bool,
    heldout: Sequence[Sequence[str]],
    mixed: MixedText | None,
    ranks: Ranks,
) -> Before:
    """The perplexities of the initial model, measured once and kept in the folder of the run.

    Args:
        model: the initial one. has_softmax: False: its softmax is new and has learned nothing, so nothing is measured.
    """
    if not has_softmax:
        return Before()
    path = run / BEFORE_FILE
    try:
        return TypeAdapter(Before).validate_python(read_json(path))
    except (OSError, ValueError):  # not yet measured; a damaged file is measured again
        pass
    model.bilm.to(ranks.device)
    if model.softmax is not None:
        model.softmax.to(ranks.device)
    found = Before(
        new=measure_together(model, heldout, ranks),
        old=None if mixed is None else measure_together(model, mixed.heldout_sentences(), ranks),
    )
    if ranks.is_first:
        kept = {name: None if each is None else asdict(each) for name, each in (("new", found.new), ("old", found.old))}
        with atomic_write(path) as part:
            part.write_text(json.dumps(kept) + "\n", encoding="ascii")
    ranks.wait()
    return found


def after_first_phase(run: Path, softmax_steps: int) -> float | None:
    """The held-out perplexity that the log of a run has for the end of its first phase; None: none, or there is no such phase."""
    reports = read_run(run).reports if softmax_steps else []
    found = [line.get("heldout_mean") for line in reports if line["step"] == softmax_steps]
    return found[-1] if found else None


def best_model(
    last: KeptModel,
    progress: RunProgress,
    checkpoints: Path,
    before: Before,
    start: Callable[[], SavedModel],
    heldout: Sequence[Sequence[str]],
    ranks: Ranks,
) -> KeptModel:
    """Of the last model, the one with the best evaluation during training and the initial one, the best on all that is held out.

    Args:
        last: model of the run. checkpoints: folder of the run's checkpoints. start: loads the initial model.
    """
    kept = last
    if progress.best is not None and progress.best_step != last.step:
        best = load_model_of(checkpoints / BEST, last.model)
        best.bilm.to(ranks.device)
        if best.softmax is not None:
            best.softmax.to(ranks.device)
        found = measure_together(best, heldout, ranks)
        if found.mean < kept.heldout.mean:
            kept = KeptModel(best, found, progress.best_step)
    if before.new is not None and before.new.mean < kept.heldout.mean:
        kept = KeptModel(start(), before.new, 0)
    return kept
