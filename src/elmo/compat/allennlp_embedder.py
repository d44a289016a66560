"""`ElmoEmbedder` of AllenNLP 0.9.0, see `allennlp.py`, where it is imported from."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elmo.checkpoints.load import load_model
from elmo.checkpoints.saved_model import SavedModel
from elmo.compat.arguments import one_of, whole_number
from elmo.embed.embedder import Elmo, StateName
from elmo.embed.layers import Layers, choose_layers
from elmo.embed.vector_files import write_hdf5
from elmo.errors import CheckpointError, ConfigError, TextError
from elmo.storage.atomic import atomic_write, refuse_existing
from elmo.text.sentence_inputs import read_token_lists

OUTPUT_FORMATS: dict[str, Layers] = {"all": "all", "top": "top", "average": "mean"}  # of the command -> of `Elmo.embed`


def load_pair(options_file: str | Path | None, weight_file: str | Path | None) -> SavedModel:
    """The model of AllenNLP's two arguments, or of any folder or archive given as the first.

    Raises:
        CheckpointError: none is given, or it is an address of the web, or there is no such model. ConfigError: no path.
    """
    if options_file is None:
        raise CheckpointError(
            "no model is given (AllenNLP downloads the original one); give options_file and weight_file "
            "(elmo_2x4096_512_2048cnn_2xhighway_options.json and _weights.hdf5), or the folder of any model"
        )
    for file in (options_file, weight_file):
        if not isinstance(file, str | Path | None):
            raise ConfigError(
                f"{file!r:.80} is not a file name; the arguments are options_file, weight_file, then all others"
            )
        if isinstance(file, str) and "://" in file:
            raise CheckpointError(f"{file}: a URL; download the file and give its path")
    return load_model(options_file, weight_file)


class ElmoEmbedder:
    """All layers of sentences as arrays, without gradients (AllenNLP 0.9.0); the state is carried from batch to batch."""

    def __init__(
        self,
        options_file: str | Path | None = None,
        weight_file: str | Path | None = None,
        cuda_device: int = -1,
        *,
        stateful: bool = True,
    ) -> None:
        device = "cpu" if cuda_device < 0 else f"cuda:{cuda_device}"
        self._elmo = Elmo(load_pair(options_file, weight_file), device=device)
        self._state: StateName = "carry" if stateful else "zero"

    def reset_states(self) -> None:
        """The next batch starts from zero."""
        self._elmo.reset()

    def batch_to_embeddings(self, batch: Sequence[Sequence[str]]) -> tuple[Tensor, Tensor]:
        """Float (B, L, T, D), padding zero, and the mask bool (B, T)."""
        arrays = self._embed(batch)
        longest = max((array.shape[1] for array in arrays), default=0)
        vectors = torch.zeros(len(arrays), self._elmo.n_layers, longest, self._elmo.width)
        mask = torch.zeros(len(arrays), longest, dtype=torch.bool)
        for row, array in enumerate(arrays):
            vectors[row, :, : array.shape[1]] = torch.from_numpy(array)
            mask[row, : array.shape[1]] = True
        return vectors, mask

    def embed_sentence(self, sentence: Sequence[str]) -> NDArray[np.float32]:
        """Float32 (L, T, D) of one tokenized sentence."""
        return self.embed_batch([sentence])[0]

    def embed_batch(self, batch: Sequence[Sequence[str]]) -> list[NDArray[np.float32]]:
        """One float32 (L, T, D) a sentence; (L, 0, D) of an empty one."""
        sentences = read_token_lists(batch)
        if sentences == [[]]:  # AllenNLP did not run the model for it, so no state moved
            return [np.zeros((self._elmo.n_layers, 0, self._elmo.width), np.float32)]
        return self._embed(sentences)

    def embed_sentences(
        self, sentences: Iterable[Sequence[str]], batch_size: int = 64
    ) -> Iterator[NDArray[np.float32]]:
        """`embed_batch` of a stream, some at a time, in order."""
        stream = iter(sentences)
        at_once = whole_number("batch_size", batch_size)
        while batch := list(islice(stream, at_once)):
            yield from self.embed_batch(batch)

    def embed_file(
        self,
        input_file: IO[str],
        output_file_path: str | Path,
        output_format: str = "all",
        batch_size: int = 64,
        forget_sentences: bool = False,
        use_sentence_keys: bool = False,
    ) -> None:
        """A text, one sentence a line, tokens between white space -> HDF5; the file appears whole or not at all.

        Raises:
            TextError: a line is empty, or cannot be a key. ConfigError: no such format. OutputError: it is a folder.
        """
        layers: Layers = one_of("output_format", output_format, OUTPUT_FORMATS)
        if isinstance(input_file, str | bytes):
            raise TextError(f"input_file is {input_file!r:.80}; give an open file, open(path)")
        refuse_existing(Path(output_file_path), force=True)
        if forget_sentences and use_sentence_keys:
            raise ConfigError("forget_sentences and use_sentence_keys: give one of them")
        choose = choose_layers(layers, self._elmo.n_layers)
        lines = [line.strip() for line in input_file]
        blank = [number for number, line in enumerate(lines, start=1) if not line]
        if blank:
            raise TextError(f"line {blank[0]} is empty; remove the {len(blank):,} empty lines")
        vectors = self.embed_sentences((line.split() for line in lines), batch_size)
        chosen = (choose(torch.from_numpy(array)).numpy() for array in vectors)
        with atomic_write(Path(output_file_path)) as part:
            write_hdf5(part, zip(lines, chosen, strict=True), not forget_sentences, use_sentence_keys)

    def _embed(self, batch: Sequence[Sequence[str]]) -> list[NDArray[np.float32]]:
        return self._elmo.embed(read_token_lists(batch), layers="all", state=self._state)
