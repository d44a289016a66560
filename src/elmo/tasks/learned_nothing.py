"""Whether a task has learned nothing: a score of 0, one answer for every example, or the score of the most frequent label."""

from collections import Counter
from collections.abc import Sequence
from typing import cast

from elmo.tasks.examples import Example
from elmo.tasks.kinds.task_model import P, TaskModel
from elmo.tasks.predictions import Answered, Labelled

_ZERO, _SAME = 0.005, 1e-9  # percent: shown as 0.00; two scores that are equal


def no_better_than_a_constant(
    model: TaskModel[P], examples: Sequence[Example], predicted: Sequence[P], curve: Sequence[float] | None = None
) -> str | None:
    """What shows that a model does not tell examples apart, to be read after "it"; None: it does.

    Args:
        curve: the scores of the epochs on these examples, in percent; None: not known.
    Returns:
        such as "predicts 'O' for every token", or "scores 0.00 (f1)".
    """
    same = _one_answer(model, examples, predicted)
    if same is not None:
        return same
    score = _main_score(model, examples, predicted)
    if all(abs(value) < _ZERO for value in (score, *(curve or ()))):
        return f"scores 0.00 ({model.main_score})"
    labels = Counter(label for example in examples for label in example.labels)
    if curve and len(labels) > 1 and all(isinstance(p, Labelled) and len(p.labels) == 1 for p in predicted):
        likeliest = labels.most_common(1)[0][0]
        constant = cast(Sequence[P], [Labelled([likeliest], {likeliest: 1.0})] * len(examples))
        bound = _main_score(model, examples, constant)
        if all(abs(value - bound) < _SAME for value in (*curve, score)):
            return f"scores as always predicting {likeliest!r} does, {bound:.2f} ({model.main_score}), in every epoch"
    return None


def training_warning(reason: str, n_epochs: int, n_steps: int, warmup_steps: int) -> str:
    """What to tell at the end of a training that learned nothing, and what to try.

    Args:
        reason: from `no_better_than_a_constant`. n_steps: updates that were made.
    """
    if n_steps < warmup_steps:
        advice = (
            f"the learning rate was still warming up ({n_steps:,} of {warmup_steps:,} steps): "
            "raise epochs, or lower optimizer.warmup_steps"
        )
    else:
        advice = (
            "look at the columns and labels (elmo doctor FILE --task ...), give more examples, "
            "or try more epochs or another optimizer.learning_rate"
        )
    epochs = "1 epoch" if n_epochs == 1 else f"{n_epochs:,} epochs"
    return f"the task has learned nothing: on the dev file, after {epochs}, it {reason}; {advice}"


def _one_answer(model: TaskModel[P], examples: Sequence[Example], predicted: Sequence[P]) -> str | None:
    """How all predictions are the same where the gold ones differ."""
    pairs = model.confusions(examples, predicted)
    if not pairs:
        found = {p.answers[0].text for p in predicted if isinstance(p, Answered)}
        answered = any(example.answer_spans for example in examples)
        return "finds no answer to any question" if found == {""} and answered else None
    of_tokens = all(isinstance(key, int) for pair in pairs for key in pair.gold) and any(len(p.gold) > 1 for p in pairs)
    if of_tokens:
        tags = {tag for pair in pairs for tag in pair.predicted.values()}
        varied = len({tag for pair in pairs for tag in pair.gold.values()}) > 1
        return f"predicts {next(iter(tags))!r} for every token" if varied and len(tags) == 1 else None
    gold, same = [pair.gold for pair in pairs], pairs[0].predicted
    if any(pair.predicted != same for pair in pairs) or all(one == gold[0] for one in gold):
        return None
    labels = ", ".join(map(repr, same.values()))
    return f"predicts {labels} for every example" if labels else "predicts nothing for any example"


def _main_score(model: TaskModel[P], examples: Sequence[Example], predicted: Sequence[P]) -> float:
    return float(model.scores(model.counts(examples, predicted).sum(axis=0))[model.main_score])
