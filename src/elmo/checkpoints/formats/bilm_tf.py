"""The training directory of bilm-tf: a TensorFlow checkpoint with its softmax, and `options.json` beside it.

The folder can lie anywhere: its file `checkpoint` names a path of the machine that trained; only its last part is
taken. bilm-tf keeps the vocabulary elsewhere; it is looked for in the folder and the one above, and counts if it has a word
for each row of the softmax. Names of variables: FORMATS of bilm-tf, as its `dump_weights` maps them.
"""

import re
import warnings
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from elmo.checkpoints.formats.allennlp_hdf5 import (
    OPTIONS_FILE,
    VOCABULARY_NAMES,
    config_of,
    read_options,
    vocabulary_beside,
)
from elmo.checkpoints.formats.checkpoint_format import MAC_PREFIX, CheckpointFormat, ModelLocation, lstm_of
from elmo.checkpoints.formats.hdf5_layout import Dataset, FindArray, StoredArray, cnn_datasets, lstm_datasets, read_bilm
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.checkpoints.tensor_bundle import INDEX_SUFFIX, TensorBundle
from elmo.checkpoints.tensors import fill_module
from elmo.errors import CheckpointError
from elmo.model.config import BiLMConfig
from elmo.model.output.softmax import Softmax
from elmo.model.shapes_only import shapes_only
from elmo.text.words.lexicon import Lexicon
from elmo.text.words.vocabulary import SPECIALS, Vocabulary, read_vocabulary

CHECKPOINT_FILE = "checkpoint"
_FLOATS = (1, 2, 19)  # TensorFlow's float, double, half
_FACTS = ("n_train_tokens", "n_epochs", "batch_size", "unroll_steps", "n_negative_samples_batch", "dropout")
_PARTS = {
    "/RNN/": "/rnn/",
    "MultiRNNCell": "multi_rnn_cell",
    "/Cell": "/cell_",
    "LSTMCell": "lstm_cell",
    "W_P_0": "projection/kernel",
    "W_0": "kernel",
    "/B": "/bias",
}


def load_bilm_tf(folder: Path, vocabulary: Path | None = None) -> SavedModel:
    """Load the model of a training directory of bilm-tf, with its softmax if its vocabulary is known.

    Args:
        vocabulary: the vocabulary file of the training; None: it is looked for.
    Raises:
        CheckpointError: a file is missing, damaged or does not fit the others.
    """
    prefix = _prefix_in(folder)
    options = read_options(folder / OPTIONS_FILE)
    bundle = TensorBundle(prefix)
    n_layers = options["lstm"].get("n_layers")

    def find(name: str) -> StoredArray | None:
        name = _tf_name(name, n_layers)
        there = bundle.variables.get(name)
        if there is None:
            return None
        kind = f"TensorFlow's type {there.dtype}"
        return StoredArray(there.shape, kind, there.dtype in _FLOATS, lambda: bundle.read(name))

    config = config_of(options, folder / OPTIONS_FILE, lambda name: find(name) is not None)
    rows = find("softmax/b") or find("embedding")
    words = _vocabulary(folder, vocabulary, prod(rows.shape[:1]) if rows else None, config.char_cnn is not None)
    lexicon = Lexicon()
    arrays: Iterator[Dataset] | list[Dataset]
    if config.char_cnn is not None:
        arrays = cnn_datasets(config.char_cnn, config.projection_size)
    else:
        config, lexicon, arrays = _word_input(config, words, folder)
    bilm = read_bilm(config, [*arrays, *lstm_datasets(lstm_of(config))], find, f"{prefix}{INDEX_SUFFIX}")
    softmax = None if words is None else _softmax(find, words, config, prefix)
    n_words = None if softmax is None else softmax.n_words
    facts = _facts(options, _step_of(prefix.name)[0])
    return SavedModel(ModelConfig(bilm=config, n_words=n_words, training=facts), bilm, softmax, words, lexicon=lexicon)


def _prefix_in(folder: Path) -> Path:
    """The checkpoint that the file `checkpoint` names, else the one with the highest step."""
    there = {path.name.removesuffix(INDEX_SUFFIX): path for path in _indexes(folder)}
    named = folder / CHECKPOINT_FILE
    if named.is_file():
        try:
            text = named.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CheckpointError(f"{named}: cannot be read ({error})") from error
        match = re.search(r'^model_checkpoint_path: "(.*)"\s*$', text, re.MULTILINE)
        last = "" if match is None else re.split(r"[/\\]", match[1])[-1]
        if last in there:
            return folder / last
        if last:
            raise CheckpointError(
                f"{named}: names {last}, the folder has {', '.join(sorted(there)) or 'none'}; copy {last}.* here, "
                f"or remove the file {CHECKPOINT_FILE} to take the latest"
            )
    return folder / max(there, key=_step_of)


def _indexes(folder: Path) -> list[Path]:
    return [path for path in folder.glob(f"*{INDEX_SUFFIX}") if not path.name.startswith(MAC_PREFIX)]


def _step_of(name: str) -> tuple[int, str]:
    number = re.search(r"-(\d{1,18})$", name)
    return (-1 if number is None else int(number[1])), name


def _tf_name(name: str, n_layers: Any) -> str:
    """`RNN_0/RNN/MultiRNNCell/Cell1/LSTMCell/W_0` -> `lm/RNN_0/rnn/multi_rnn_cell/cell_1/lstm_cell/kernel`."""
    if name.startswith("RNN_"):
        if n_layers == 1:  # a cell alone is not wrapped
            name = name.replace("MultiRNNCell/Cell0/", "")
        for theirs, ours in _PARTS.items():
            name = name.replace(theirs, ours)
    return f"lm/{name}"


def _vocabulary(folder: Path, given: Path | None, n_words: int | None, spelled: bool) -> Vocabulary | None:
    if given is not None:
        words = read_vocabulary(given)
        if n_words is not None and len(words) != n_words:
            raise CheckpointError(
                f"{given}: {len(words):,} words, the checkpoint has rows for {n_words:,}; give the vocabulary of its training"
            )
        return words
    beside = None if n_words is None else vocabulary_beside([folder, folder.absolute().parent], n_words)
    if beside is None and spelled and n_words is not None:
        warnings.warn(
            f"{folder}: no vocabulary of {n_words:,} words in it or above it, so the softmax was left out; give the "
            "vocabulary file of its training with vocabulary= (--vocabulary)",
            stacklevel=4,
        )
    return beside


def _softmax(find: FindArray, words: Vocabulary, config: BiLMConfig, prefix: Path) -> Softmax | None:
    """The softmax; that of `share_embedding_softmax` is the embedding of the words. None: the checkpoint has none."""
    P = config.projection_size
    weight, bias = find("softmax/W") or find("embedding"), find("softmax/b")
    if weight is None or bias is None:
        return None
    with shapes_only():
        softmax = Softmax(len(words), P)
    stored = {"weight": weight, "bias": bias}
    shapes = {"weight": (len(words), P), "bias": (len(words),)}
    faults = [
        f"'softmax {k}' is {stored[k].shape}, expected {shapes[k]}" for k in stored if stored[k].shape != shapes[k]
    ]
    if faults:
        raise CheckpointError(f"{prefix}{INDEX_SUFFIX}: {'; '.join(faults)}; give the options.json of this checkpoint")
    tensors = {name: torch.from_numpy(array.read()) for name, array in stored.items()}
    fill_module(softmax, tensors, f"softmax of {prefix}", "copy the checkpoint again from where it came")
    return softmax


def _word_input(
    config: BiLMConfig, words: Vocabulary | None, folder: Path
) -> tuple[BiLMConfig, Lexicon, list[Dataset]]:
    """A model with word input: the rows of its words, in our order, followed by an identity projection."""
    if words is None:
        raise CheckpointError(
            f"{folder / OPTIONS_FILE}: a model with word input needs its vocabulary; "
            "give the file with vocabulary= (--vocabulary)"
        )
    P = config.projection_size
    known = list(dict.fromkeys(word for word in words.words if word not in SPECIALS))
    first = {word: row for row, word in reversed(list(enumerate(words.words)))}
    order = [first[word] for word in (*SPECIALS, *known)]
    embedding = config.word_embedding.model_copy(update={"n_words": len(known)}) if config.word_embedding else None

    def parameters(table: Tensor) -> dict[str, Tensor]:
        return {
            "word_embedding.embedding.weight": torch.cat([table.new_zeros(1, P), table[order]]),
            "word_embedding.projection.weight": torch.eye(P),
            "word_embedding.projection.bias": torch.zeros(P),
        }

    def refuse(_: Any) -> Tensor:
        raise CheckpointError("TensorFlow checkpoints can be read, not written")

    return (
        config.model_copy(update={"word_embedding": embedding}),
        Lexicon(None, Vocabulary([*SPECIALS, *known])),
        [Dataset("embedding", (len(words), P), parameters, refuse)],
    )


def _facts(options: dict[str, Any], step: int) -> dict[str, Any]:
    """Facts about the training from the options, for `elmo info`; a step of -1 is not known."""
    facts = {name: options[name] for name in _FACTS if isinstance(options.get(name), int | float)}
    return {"program": "bilm-tf"} | ({} if step < 0 else {"step": step}) | facts


def _find(folder: Path) -> ModelLocation | None:
    there = (folder / OPTIONS_FILE).is_file() and bool(_indexes(folder))
    return ModelLocation(BILM_TF, folder) if there else None


BILM_TF = CheckpointFormat(
    name="bilm-tf",
    looked_for=f"{OPTIONS_FILE} with *{INDEX_SUFFIX}",
    marker=OPTIONS_FILE,
    patterns=(OPTIONS_FILE, *VOCABULARY_NAMES, CHECKPOINT_FILE, f"*{INDEX_SUFFIX}", "*.data-*-of-*", "*.meta"),
    find=_find,
    load=lambda location, vocabulary: load_bilm_tf(location.folder, vocabulary),
    takes_vocabulary=True,
)
