"""Characters of an alphabet, word vectors, both: against their twin, and the properties that every input layer keeps."""

import numpy as np
import pytest
import torch

from conftest import INPUT_LAYERS, model_of
from elmo.errors import ShapeError
from elmo.model.bilm import BiLM
from elmo.model.char_cnn import trim_characters
from twins import input_layers as twin

WORDS = ["river", "日本", "", "𠀀海x", "e\u0301", "never", "the" * 9, "<S>", "</S>", "bank"]
C, P = 13, 7


def spelled(model, words):
    return torch.from_numpy(model.word_encoder.encode(words))


def twin_token(word, model):
    p = {name: value.detach().double().numpy() for name, value in model.bilm.named_parameters()}
    parts, matrices = [], []
    if model.lexicon.input_words is not None:
        parts.append(p["word_embedding.embedding.weight"][twin.number(word, model.lexicon.input_words.words)])
        matrices.append(p["word_embedding.projection.weight"])
    if model.config.bilm.char_cnn is not None:
        parts.append(
            twin.convolved(
                twin.spell(word, model.lexicon.alphabet.characters, C),
                p["char_cnn.embedding.weight"],
                [p["char_cnn.conv_weights.0"], p["char_cnn.conv_weights.1"]],
                [p["char_cnn.conv_biases.0"], p["char_cnn.conv_biases.1"]],
                [
                    [
                        p[f"char_cnn.highways.0.{name}"]
                        for name in ("carry.weight", "carry.bias", "transform.weight", "transform.bias")
                    ]
                ],
            )
        )
        matrices.append(p["char_cnn.projection.weight"])
    bias = p.get("char_cnn.projection.bias", p.get("word_embedding.projection.bias"))
    return twin.token(parts, np.concatenate(matrices, axis=1), bias)


@pytest.mark.parametrize("layer", ["alphabet", "alphabet, words", "words"])
def test_a_token_is_what_its_twin_says(layer):
    model = model_of(layer)
    vectors = model.bilm.token_layer(spelled(model, WORDS)).detach()
    assert vectors.shape == (len(WORDS), P)
    for word, vector in zip(WORDS, vectors.numpy(), strict=True):
        assert np.allclose(vector, twin_token(word, model), atol=1e-5), word


def test_word_vectors_are_added_to_the_very_token_of_the_published_layer():
    published, both = model_of("bytes"), model_of("bytes, words")
    both.bilm.char_cnn.load_state_dict(published.bilm.char_cnn.state_dict())
    with torch.no_grad():
        both.bilm.word_embedding.projection.weight.zero_()
    expected = published.bilm.token_layer(spelled(published, WORDS))
    assert torch.equal(both.bilm.token_layer(spelled(both, WORDS)), expected)


def test_a_seed_draws_the_same_char_cnn_with_word_vectors_and_without():
    torch.manual_seed(0)
    plain = BiLM(INPUT_LAYERS["bytes"][0])
    torch.manual_seed(0)
    with_words = BiLM(INPUT_LAYERS["bytes, words"][0])
    assert torch.equal(plain.char_cnn.projection.weight, with_words.char_cnn.projection.weight)
    assert set(dict(plain.named_parameters())) == {
        name for name, _ in with_words.named_parameters() if not name.startswith("word_embedding.")
    }


def test_words_that_are_not_in_the_table_are_alike_and_differ_by_their_characters_alone():
    of_words, of_both = model_of("words"), model_of("bytes, words")
    first, second = of_words.bilm.token_layer(spelled(of_words, ["never", "unheard"]))
    assert torch.allclose(first, second, atol=1e-6)
    first, second = of_both.bilm.token_layer(spelled(of_both, ["never", "unheard"]))
    assert not torch.allclose(first, second, atol=1e-2)


def test_unknown_characters_are_alike():
    model = model_of("alphabet")
    first, second, known = model.bilm.token_layer(spelled(model, ["日x", "日Ж", "日本"]))
    assert torch.allclose(first, second, atol=1e-6)
    assert not torch.allclose(first, known, atol=1e-2)


@pytest.mark.parametrize("layer", INPUT_LAYERS)
def test_no_direction_sees_what_lies_ahead_of_it(layer):
    model = model_of(layer, scale=2.0)
    bilm, words = model.bilm.double(), ["the", "bank", "日本", "never", "river"]
    mask = torch.ones(1, 5, dtype=torch.bool)
    for changed in range(5):
        other = [*words[:changed], "<UNK>" if words[changed] != "never" else "the", *words[changed + 1 :]]
        (a, _), (b, _) = (bilm(spelled(model, w)[None], mask) for w in (words, other))
        difference = (a - b).abs()[0, 1:].amax(dim=0)  # (T, D)
        assert not difference[:changed, :P].any()
        assert not difference[changed + 1 :, P:].any()
        assert difference[changed:, :P].amax(dim=1).min() > 1e-9
        assert difference[: changed + 1, P:].amax(dim=1).min() > 1e-9


@pytest.mark.parametrize("layer", INPUT_LAYERS)
def test_rows_of_padding_are_zero_and_learn_nothing(layer):
    model = model_of(layer)
    ids = torch.cat([spelled(model, ["the", "日本"]), torch.zeros(1, model.word_encoder.width, dtype=torch.int64)])
    layers, _ = model.bilm(ids[None], torch.tensor([[True, True, False]]))
    assert not layers[0, :, 2].any()
    model.bilm.token_layer(ids).sum().backward()
    for part in (model.bilm.char_cnn, model.bilm.word_embedding):
        assert part is None or not part.embedding.weight.grad[0].any()
        assert part is None or part.embedding.weight.grad.any()


@pytest.mark.parametrize("words", [["a"], ["日本"], ["本" * 11], ["本" * 40], [""], ["a", "river"]])
def test_trimming_the_characters_of_an_alphabet_is_exact(words):
    model = model_of("alphabet")
    cnn, ids = model.bilm.char_cnn.double(), spelled(model, words)
    trimmed = trim_characters(ids, 3, cnn.config.pad_character)
    assert trimmed.shape[1] == min(13, max(min(len(w), 11) for w in words) + 2 + 3)
    longest = spelled(model, ["本" * 11])  # beside it nothing is cut
    together = cnn(torch.cat([ids, longest]))[: len(words)]
    assert torch.allclose(cnn(ids), together, atol=1e-13)


@pytest.mark.parametrize(("layer", "given", "needed"), [("words", 13, 1), ("bytes, words", 13, 14)])
def test_rows_without_the_id_of_the_word_are_refused(layer, given, needed):
    rows = spelled(model_of("bytes"), ["the"])
    with pytest.raises(ShapeError, match=f"{given} ids per token, expected {needed}, the id of the word last"):
        model_of(layer).bilm.token_layer(rows)


def test_word_vectors_start_small_beside_what_the_characters_say():
    torch.manual_seed(0)
    words = BiLM(INPUT_LAYERS["words"][0]).word_embedding.embedding.weight
    assert not words[0].any()
    assert 0.05 < words[1:].std().item() < 0.15
