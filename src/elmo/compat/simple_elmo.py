"""simple_elmo's `ElmoModel` (0.9.2): change the import, keep the code.

    from elmo.compat.simple_elmo import ElmoModel                # was: from simple_elmo import ElmoModel

Same names, shapes and numbers (float64), the warm-up included. Two things were wrong there and are right here, unless
`ElmoModel(as_published=True)` asks for the old numbers:

- Padding between the end of a sentence and the longest of its batch held the token layer of nothing; here it is zero.
- `get_elmo_vector_average` added that padding in, so a vector depended on the sentences beside it, and with layers="all" it
  mixed up layers and tokens. Here it is the mean of the tokens, layer by layer. Both scale the result to length 1.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from elmo.checkpoints.load import load_model
from elmo.compat.arguments import one_of, whole_number
from elmo.embed.embedder import Elmo
from elmo.embed.language_model.fill import top_states
from elmo.embed.layers import Layers
from elmo.errors import CheckpointError, ConfigError
from elmo.model.kernels.thread_lock import ThreadLock
from elmo.text.sentence_inputs import read_token_lists
from elmo.text.words.characters import PADDING

Array = NDArray[np.float64]
_LAYERS: dict[str, Layers] = {"average": "mean", "top": "top", "all": "all"}


class ElmoModel:
    """A model that is loaded after it is made, as simple_elmo's.

    Attributes:
        vector_size: D. n_layers: L, the token layer included. (After `load`.)
    """

    def __init__(self, as_published: bool = False) -> None:
        """Make an object without a model.

        Args:
            as_published: give the numbers of simple_elmo where they are wrong, to repeat published results.
        """
        self._as_published = as_published
        self._elmo: Elmo | None = None
        self._batch_size = 32
        self._session: object = None
        self._calling = ThreadLock()  # a call is several calls of `embed` that carry on one memory
        self.vector_size = self.n_layers = 0

    def load(
        self, directory: str | Path, max_batch_size: int = 32, limit: int = 100, full: bool = False
    ) -> "ElmoModel":
        """Load a model.

        Args:
            directory: a folder, a zip, or anything else that `Elmo.from_pretrained` takes.
            max_batch_size: sentences computed together.
            limit: not needed: of a cache of words that changed no value.
            full: the model must have its softmax, for `get_elmo_substitutes`.
        Returns:
            itself; simple_elmo returned a sentence to print.
        Raises:
            CheckpointError: there is no such model, or no softmax for `full`.
        """
        max_batch_size = whole_number("max_batch_size", max_batch_size)
        model = load_model(directory)
        if full and (model.softmax is None or model.vocabulary is None):
            raise CheckpointError(
                f"{directory}: full=True needs the softmax and the vocabulary, which this model does not have"
            )
        self._elmo = Elmo(model)
        self._batch_size = max_batch_size
        self._session = None
        self.vector_size, self.n_layers = self._elmo.width, self._elmo.n_layers
        return self

    def get_elmo_vectors(
        self, texts: Sequence[Sequence[str]], warmup: bool = True, layers: str = "average", session: object = None
    ) -> Array:
        """Vectors of the tokens.

        Args:
            texts: N tokenized sentences.
            warmup: first run the first batch and drop the result, so that the state has settled.
            layers: "average", "top" or "all".
            session: any object: a call with the same one as the call before continues from its state. None: from zero.
        Returns:
            float64 (N, longest, D), or (N, L, longest, D) of all layers; zero behind the end of a sentence.
        Raises:
            TextError: not a list of lists of tokens. ConfigError: no such layers.
        """
        elmo, choice = self._ready(), one_of("layers", layers, _LAYERS)
        sentences = read_token_lists(texts)
        batches = [sentences[i : i + self._batch_size] for i in range(0, len(sentences), self._batch_size)]
        longest = max((len(words) for words in sentences), default=0)
        shape = (elmo.n_layers, longest, elmo.width) if layers == "all" else (longest, elmo.width)
        vectors = np.zeros((len(sentences), *shape))
        with self._calling:
            if session is None or session is not self._session:
                elmo.reset()
            self._session = session
            if warmup and batches:
                elmo.embed(batches[0], choice, state="carry", batch_size=self._batch_size)
            found = [own for batch in batches for own in elmo.embed(batch, choice, None, "carry", self._batch_size)]
        row = 0
        for batch in batches:
            width = max(len(words) for words in batch)
            for words in batch:
                vectors[row, ..., : len(words), :] = found[row]
                if self._as_published:
                    vectors[row, ..., len(words) : width, :] = self._padding(layers)
                row += 1
        return vectors

    def get_elmo_vector_average(
        self, texts: Sequence[Sequence[str]], warmup: bool = True, layers: str = "average", session: object = None
    ) -> Array:
        """One vector of length 1 a sentence: float64 (N, D), or (N, L, D) of all layers; zero of an empty sentence."""
        sentences = read_token_lists(texts)
        vectors = self.get_elmo_vectors(sentences, warmup, layers, session)
        if not self._as_published:
            sums = vectors.sum(axis=-2)  # padding is zero; the mean has the same direction
            return _scaled(sums, (-1,))
        averages = np.zeros((len(vectors), *vectors.shape[1:-2], vectors.shape[-1]))
        widths = [len(words) for words in sentences]
        for start in range(0, len(vectors), self._batch_size):
            here = slice(start, start + self._batch_size)
            width = max(widths[here])
            batch = vectors[here, ..., :width, :]
            if layers == "all":  # (B, L, T, D) was read as (B, T, L, D) without moving anything
                B, L, T, D = batch.shape
                batch = batch.reshape(B, T, L, D).transpose(0, 2, 1, 3)
            sums = batch.sum(axis=-2)
            averages[here] = _scaled(sums, tuple(range(1, sums.ndim)))
        return averages

    @torch.no_grad()
    def get_elmo_substitutes(
        self, raw_sentences: Sequence[Sequence[str]], topn: int = 3, nodelimiters: bool = True
    ) -> list[list[dict[str, Any]]]:
        """The likeliest words at the position of each token, from the left and from the right; needs `load(full=True)`.

        Returns:
            for each sentence a list with one dict a token: word, forward and backward, lists of `topn` words. Without
            `nodelimiters` the two marks of the sentence are among the tokens.
        Raises:
            CheckpointError: the model came without its softmax.
        """
        elmo = self._ready()
        softmax, vocabulary = elmo.model.softmax, elmo.model.vocabulary
        if softmax is None or vocabulary is None:
            raise CheckpointError(
                "get_elmo_substitutes needs the softmax of the model; load(..., full=True) raises an error if it has none"
            )
        topn = whole_number("topn", topn)
        found = []
        start, end = elmo.model.word_encoder.boundaries
        for words in read_token_lists(raw_sentences):
            marked = [start, *words, end]
            ahead, behind = top_states(elmo.model, words)
            n_best = min(topn, len(vocabulary))
            forward, backward = (
                [
                    [vocabulary.words[i] for i in row]
                    for row in softmax.log_probabilities(x).topk(n_best).indices.tolist()
                ]
                for x in (ahead, behind)
            )
            positions = range(1, len(words) + 1) if nodelimiters else range(len(marked))
            found.append(
                [
                    {
                        "word": marked[t],
                        "forward": forward[t - 1] if t else [],  # the word before foretells it
                        "backward": backward[t + 1] if t + 1 < len(marked) else [],
                    }
                    for t in positions
                ]
            )
        return found

    def _ready(self) -> Elmo:
        if self._elmo is None:
            raise ConfigError("no model is loaded; call load(directory) first")
        return self._elmo

    @torch.no_grad()
    def _padding(self, layers: str) -> Array:
        """What stood where there is no token: the token layer of no characters; the LSTM layers are zero there."""
        elmo = self._ready()
        row = torch.full((1, elmo.model.word_encoder.width), PADDING)
        nothing = elmo.bilm.token_layer(row)[0].repeat(2).double().numpy()  # (D,)
        if layers == "all":
            stack = np.zeros((elmo.n_layers, 1, elmo.width))
            stack[0, 0] = nothing
            return stack
        return nothing / elmo.n_layers if layers == "average" else np.zeros(elmo.width)


def _scaled(sums: Array, axes: tuple[int, ...]) -> Array:
    """Scaled to length 1 over some axes; zero stays zero."""
    length = np.sqrt((sums**2).sum(axis=axes, keepdims=True))
    scaled: Array = np.divide(sums, length, out=np.zeros_like(sums), where=length > 0)
    return scaled
