"""A settled start state: the state of both directions after some sentences of ordinary text.

ELMo was used statefully; a model that starts from zero meets its first words differently from all later ones. `warm` gives
every sentence the same settled start instead.
"""

from collections.abc import Sequence

import torch

from elmo.model.bilm import BiLM
from elmo.model.encoders.state import BiLMState
from elmo.text.batches import encode_batch
from elmo.text.words.word_encoder import WordEncoder


@torch.no_grad()
def settle_state(bilm: BiLM, word_encoder: WordEncoder, sentences: Sequence[Sequence[str]]) -> BiLMState | None:
    """Read sentences one after the other in one row, from zero: the state of one row.

    Returns:
        None without sentences, and for an encoder without a state.
    """
    if not bilm.config.encoder.has_state:
        return None
    state = None
    for row in range(len(sentences)):
        batch = encode_batch(sentences, [row], word_encoder)
        vectors = bilm.token_layer(torch.from_numpy(batch.char_ids))
        _, state = bilm.contextualise(vectors[torch.from_numpy(batch.word_at)], torch.from_numpy(batch.mask), state)
    return state
