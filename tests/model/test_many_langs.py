"""The token layer of ELMoForManyLangs, whose layer 0 was recorded, is ours with its parameters in their places."""

import json

import numpy as np
import pytest
import torch

from elmo.model.bilm import BiLM
from elmo.model.config import BiLMConfig
from elmo.text.alphabet import Alphabet
from elmo.text.lexicon import Lexicon
from elmo.text.speller import Speller
from elmo.text.vocabulary import Vocabulary


def items(path):
    """The items of a `*.dic` file in the order of their ids."""
    return [line.split("\t")[0] for line in path.read_text(encoding="utf-8").removesuffix("\n").split("\n")]


def rows_of(table, names, order):
    """Rows of an embedding table in another order, behind a row of zeros for padding tokens."""
    return torch.cat([torch.zeros(1, table.shape[1]), table[[names.index(name) for name in order]]])


@pytest.mark.parametrize("name", ["word_char", "char_only", "word_only", "short_chars"])
def test_the_token_layer_is_that_of_elmo_for_many_langs(shared, name):
    folder = shared / "fixtures" / "elmoformanylangs" / name
    options = json.loads((folder / "model_config.json").read_text())["token_embedder"]
    theirs = torch.load(folder / "token_embedder.pkl", weights_only=True)
    settings, ours, alphabet, words, D = {"char_cnn": None}, {}, None, None, options["word_dim"]
    if D:
        names = items(folder / "word.dic")
        known = [word for word in names if not word.startswith("<")]
        words = Vocabulary(["<S>", "</S>", "<UNK>", *known])
        settings["word_embedding"] = {"size": D, "n_words": len(known)}
        ours["word_embedding.embedding.weight"] = rows_of(
            theirs["word_emb_layer.embedding.weight"], names, ["<bos>", "<eos>", "<oov>", *known]
        )
        ours["word_embedding.projection.weight"] = theirs["projection.weight"][:, :D]
    if options["char_dim"]:
        names = items(folder / "char.dic")
        known = [character for character in names if len(character) == 1]
        alphabet = Alphabet("".join(known))
        settings["char_cnn"] = {
            "alphabet_size": len(known),
            "embedding_size": options["char_dim"],
            "filters": options["filters"],
            "n_highway": options["n_highway"],
            "activation": options["activation"],
            "max_characters": options["max_characters_per_token"],
        }
        marks = ["<oov>", "<bos>", "<eos>", "<eow>", "<bow>", "<pad>"]  # a word begins with <eow> there
        ours["char_cnn.embedding.weight"] = rows_of(theirs["char_emb_layer.embedding.weight"], names, [*known, *marks])
        F = sum(number for _, number in options["filters"])
        for i in range(len(options["filters"])):
            ours[f"char_cnn.conv_weights.{i}"] = theirs[f"convolutions.{i}.weight"].transpose(1, 2)
            ours[f"char_cnn.conv_biases.{i}"] = theirs[f"convolutions.{i}.bias"]
        for i in range(options["n_highway"]):
            for part in ("weight", "bias"):
                both = theirs[f"highways._layers.{i}.{part}"]
                ours[f"char_cnn.highways.{i}.transform.{part}"] = both[:F]
                ours[f"char_cnn.highways.{i}.carry.{part}"] = -both[F:]  # the gate of what is *not* changed
        ours["char_cnn.projection.weight"] = theirs["projection.weight"][:, D:]
    ours[f"{'char_cnn' if alphabet else 'word_embedding'}.projection.bias"] = theirs["projection.bias"]
    config = BiLMConfig.model_validate({**settings, "lstm": {"cell_size": 40, "projection_size": 16}})
    bilm = BiLM(config)
    missing, unexpected = bilm.load_state_dict(ours, strict=False)
    assert not unexpected
    assert all("_lm." in parameter for parameter in missing)
    speller = Speller(config.max_characters, Lexicon(alphabet, words))
    golden = np.load(folder / "golden.npz")
    for number, sentence in enumerate(json.loads((folder.parent / "inputs.json").read_text(encoding="utf-8"))):
        spelled = [{"<bos>": "<S>", "<eos>": "</S>"}.get(word, word) for word in sentence]
        vectors = bilm.token_layer(torch.from_numpy(speller.encode(spelled))).detach().numpy()
        expected = golden[f"zero_layer0_s{number}"]
        assert np.allclose(np.concatenate([vectors, vectors], axis=1), expected, atol=1e-6), sentence
