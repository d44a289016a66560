"""A path or a name -> a teacher; and which of its layers are learned."""

from itertools import pairwise
from pathlib import Path

import torch

from elmo.checkpoints.load import load_model
from elmo.errors import ConfigError
from elmo.storage.json_files import read_json
from elmo.train.teachers.bilm_teacher import BiLMTeacher
from elmo.train.teachers.settings import TeacherConfig
from elmo.train.teachers.teacher import Teacher
from elmo.train.teachers.transformer import CONFIG_FILE, Transformer

TEACHER_FOLDER = "teacher"  # in the folder of a run: its teacher


def is_transformer(source: str) -> bool:
    """Whether a path is the folder of a model of transformers, of whatever architecture."""
    try:
        config = read_json(Path(source) / CONFIG_FILE)
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and ("transformers_version" in config or isinstance(config.get("model_type"), str))


def load_teacher(source: str, precision: torch.dtype | None = None) -> Teacher:
    """Load a teacher.

    Args:
        source: the folder of a BertModel or an MPNetModel with its `tokenizer.json`, or any model that `elmo` loads.
        precision: of matrix products; None: float32.
    Raises:
        CheckpointError: it cannot be loaded. ConfigError: the library tokenizers is needed and not installed.
    """
    if is_transformer(source):
        return Transformer(Path(source), precision)
    return BiLMTeacher(load_model(source), precision)


def check_layers(config: TeacherConfig, n_student: int, teacher: Teacher) -> list[list[int]]:
    """The layers of the teacher that each layer of the student learns.

    Args:
        n_student: layers of the student, token layer included.
    Raises:
        ConfigError: the settings name another number of layers, or a layer that the teacher does not have.
    """
    n_teacher = teacher.n_layers
    if config.layers is None:
        ends = [round(number * (n_teacher - 1) / max(1, n_student - 1)) for number in range(n_student)]
        return [[0], *([*range(low + 1, high + 1)] or [high] for low, high in pairwise(ends))]
    if len(config.layers) != n_student:
        raise ConfigError(
            f"teacher.layers names {len(config.layers)} layers, but the model has {n_student}: the token layer and "
            f"{n_student - 1} above it"
        )
    highest = max(number for own in config.layers for number in own)
    if highest >= n_teacher:
        raise ConfigError(f"teacher.layers names layer {highest}, but the last one of the teacher is {n_teacher - 1}")
    return [list(own) for own in config.layers]
