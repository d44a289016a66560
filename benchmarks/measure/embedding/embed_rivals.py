"""The programs that `elmo` is compared with: AllenNLP 2.10.1, ELMoForManyLangs, and Transformer encoders.

AllenNLP needs a separate environment (`make bench-embed` creates it): it is installed without its dependencies, and an import
hook replaces those that ELMo does not use. BERT-base and MiniLM-L6 are plain torch encoders of these shapes with random
weights; they get one word piece per word.
"""

import json
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.record import ROOT

Words = Sequence[Sequence[str]]
Embed = Callable[[Words], list[np.ndarray]]
BATCH = 32


def allennlp(folder: Path, cached: Sequence[str] | None = None) -> Embed:
    """AllenNLP's `Elmo` with one mix, as it was commonly used: padded batches in file order.

    Args:
        cached: words for its vocabulary cache.
    """
    sys.path.insert(0, str(ROOT / "tests" / "golden" / "allennlp"))
    import allen_stub  # noqa: F401  # the import hook
    from allennlp.data import Vocabulary
    from allennlp.modules.elmo import Elmo, batch_to_ids

    model = Elmo(
        str(folder / "options.json"),
        str(folder / "weights.hdf5"),
        1,
        dropout=0,
        vocab_to_cache=None if cached is None else list(cached),
    ).eval()
    numbers = {}
    if cached is not None:
        vocabulary = Vocabulary()
        for word in cached:
            numbers[word] = vocabulary.add_token_to_namespace(word, "tokens")

    @torch.no_grad()
    def embed(sentences: Words) -> list[np.ndarray]:
        vectors = []
        model._elmo_lstm._elmo_lstm.reset_states()
        for start in range(0, len(sentences), BATCH):
            some = [list(words) for words in sentences[start : start + BATCH]]
            word_ids = None
            if cached is not None:
                longest = max(map(len, some))
                word_ids = torch.tensor(
                    [[numbers.get(w, 1) for w in words] + [0] * (longest - len(words)) for words in some]
                )
            found = model(batch_to_ids(some), word_ids)["elmo_representations"][0].numpy()
            vectors += [row[: len(words)] for row, words in zip(found, some, strict=True)]
        return vectors

    return embed


def many_langs(options: Mapping[str, Any], folder: Path) -> Embed:
    """ELMoForManyLangs' `Embedder` with its batches of 64; its model with random weights is written into `folder`.

    Args:
        options: of AllenNLP's options.json: the shape.
    """
    from elmoformanylangs import Embedder
    from elmoformanylangs.frontend import Model
    from elmoformanylangs.modules.embedding_layer import EmbeddingLayer

    cnn, lstm = options["char_cnn"], options["lstm"]
    config = {
        "encoder": {
            "name": "elmo",
            **{key: lstm[key] for key in ("projection_dim", "cell_clip", "proj_clip", "dim", "n_layers")},
        },
        "token_embedder": {
            "name": "cnn",
            "activation": cnn["activation"],
            "filters": cnn["filters"],
            "n_highway": cnn["n_highway"],
            "word_dim": 0,
            "char_dim": cnn["embedding"]["dim"],
            "max_characters_per_token": cnn["max_characters_per_token"],
        },
        "classifier": {"name": "sampled_softmax", "n_samples": 8192},
        "dropout": 0.1,
    }
    folder.mkdir()
    (folder / "model_config.json").write_text(json.dumps(config))
    (folder / "config.json").write_text(json.dumps({"config_path": "model_config.json", "seed": 1, "gpu": -1}))
    characters = ["<oov>", "<pad>", "<bow>", "<eow>", "<bos>", "<eos>", *map(chr, range(33, 127))]
    (folder / "char.dic").write_text("".join(f"{c}\t{number}\n" for number, c in enumerate(characters)))
    torch.manual_seed(0)
    numbers = {c: number for number, c in enumerate(characters)}
    model = Model(config, None, EmbeddingLayer(config["token_embedder"]["char_dim"], numbers, fix_emb=False), False)
    torch.save(model.token_embedder.state_dict(), folder / "token_embedder.pkl")
    torch.save(model.encoder.state_dict(), folder / "encoder.pkl")
    logging.disable(logging.INFO)
    embedder = Embedder(str(folder))
    return lambda sentences: embedder.sents2elmo([list(words) for words in sentences])


def encoder(n_layers: int, width: int, n_heads: int, inner: int, batch: int = 64) -> Embed:
    """A Transformer encoder of the given shape, in bfloat16, with sentences sorted by length and one piece per word."""
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(width, n_heads, inner, 0.0, "gelu", batch_first=True)
    model = nn.TransformerEncoder(layer, n_layers, enable_nested_tensor=False).to(torch.bfloat16).eval()
    table = nn.Embedding(30_000, width).to(torch.bfloat16)

    @torch.inference_mode()
    def embed(sentences: Words) -> list[np.ndarray]:
        order = sorted(range(len(sentences)), key=lambda i: -len(sentences[i]))
        vectors = [np.zeros(0)] * len(sentences)
        for start in range(0, len(order), batch):
            rows = order[start : start + batch]
            longest = len(sentences[rows[0]])
            ids = torch.tensor(
                [[hash(w) % 30_000 for w in sentences[i]] + [0] * (longest - len(sentences[i])) for i in rows]
            )
            padding = torch.tensor([[False] * len(sentences[i]) + [True] * (longest - len(sentences[i])) for i in rows])
            found = model(table(ids), src_key_padding_mask=padding if padding.any() else None).float().numpy()
            for row, i in zip(found, rows, strict=True):
                vectors[i] = row[: len(sentences[i])]
        return vectors

    return embed


ENCODERS = {
    "BERT-base shape, bfloat16": lambda: encoder(12, 768, 12, 3072),
    "MiniLM-L6 shape, bfloat16": lambda: encoder(6, 384, 12, 1536),
}
