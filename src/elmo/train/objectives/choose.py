"""The objective of a recipe."""

import torch

from elmo.checkpoints.saved_model import SavedModel
from elmo.errors import TrainingError
from elmo.model.bilm import BiLM
from elmo.model.output.adaptive_softmax import AdaptiveSoftmax
from elmo.train.config import PretrainConfig
from elmo.train.objectives.adaptive import AdaptiveObjective
from elmo.train.objectives.distillation import DistilledObjective
from elmo.train.objectives.full import FullObjective
from elmo.train.objectives.objective import Objective
from elmo.train.objectives.sampled import SampledObjective, is_sampled
from elmo.train.objectives.tied import TiedObjective


def objective_of(
    model: SavedModel, config: PretrainConfig, precision: torch.dtype | None, teacher: BiLM | None = None
) -> Objective:
    """The objective of a recipe.

    Args:
        model: with softmax and vocabulary, where it is trained.
        precision: of matrix products; None: that of the weights.
        teacher: what the model began from, if the recipe distils.
    Raises:
        TrainingError: the model has another kind of softmax than the recipe asks for, or none; there is no teacher.
    """
    softmax = model.softmax
    if softmax is None or model.vocabulary is None:
        raise TrainingError("pretraining needs a model with a softmax and a vocabulary")
    objective: Objective
    adaptive = isinstance(softmax, AdaptiveSoftmax)
    if adaptive != (config.softmax == "adaptive"):
        kind = "an adaptive softmax" if adaptive else "a softmax with a row for each word"
        raise TrainingError(f"the recipe has softmax={config.softmax}, but the model has {kind}")
    if isinstance(softmax, AdaptiveSoftmax):
        objective = AdaptiveObjective(softmax, precision)
    else:
        sampled = is_sampled(config, softmax.n_words)
        objective = SampledObjective(softmax, config, precision) if sampled else FullObjective(softmax, precision)
        if config.tied:
            objective = TiedObjective(objective, model, softmax, precision)
    if config.distillation:
        if teacher is None:
            raise TrainingError("distillation needs the model that the run starts from; give --start")
        teacher = teacher.to(next(model.bilm.parameters()).device).requires_grad_(False)
        objective = DistilledObjective(objective, teacher, config.distillation, precision)
    return objective
