"""Facts about a model: all of them flat, each what the files say."""

from dataclasses import replace

import pytest

from conftest import GOLDEN, model_of, small_model
from elmo.apps.models.info import describe_model
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.saved_model import TokenizerFacts

SIZES = {"layers": 3, "width": 14, "cell_size": 11, "projection_size": 7}


def describe(model, folder):
    save_native(model, folder)
    return describe_model(str(folder))


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        ("bytes", {"characters": "bytes", "filters": "1:4 3:5", "highway_layers": 1, "max_characters": 13}),
        ("alphabet", {"characters": "alphabet of 16", "activation": "relu"}),
        ("words", {"characters": "none", "input_words": 4, "word_vector_size": 5}),
        ("alphabet, words", {"characters": "alphabet of 16", "input_words": 4}),
    ],
)
def test_each_input_layer_is_reported_in_its_own_words(tmp_path, layer, expected):
    facts = describe(model_of(layer), tmp_path / "m")
    assert facts.items() >= {"format": "native", "softmax_words": 9, "vocabulary_words": 9, **SIZES, **expected}.items()
    assert ("input_words" in facts) == ("words" in layer)
    assert facts["parameters"] == sum(p.numel() for p in model_of(layer).bilm.parameters())


def test_a_published_pair_has_no_softmax_and_no_known_tokenizer():
    facts = describe_model(str(GOLDEN / "allennlp" / "one_tanh"))
    assert facts["format"] == "allennlp"
    assert (facts["softmax_words"], facts["vocabulary_words"], facts["warm_state"]) == (0, 0, False)
    assert (facts["tokenizer"], facts["licence"], facts["activation"]) == ("not known", "not known", "tanh")


def test_facts_of_the_training_are_flat(tmp_path):
    model = small_model()
    training = {"program": "x", "optimizer": {"name": "adam", "betas": [0.9, 0.999]}, "none": {}}
    config = model.config.model_copy(
        update={
            "training": training,
            "tokenizer": TokenizerFacts(name="elmo", version="1"),
            "scripts": {"Latin": 0.9, "Han": 0.0995, "Thai": 0.0005},
        }
    )
    facts = describe(replace(model, config=config), tmp_path / "m")
    assert facts["training.optimizer.name"] == "adam"
    assert facts["training.optimizer.betas"] == "0.9, 0.999"
    assert facts["scripts"].startswith("Latin 90.0%, Han ")
    assert "Thai" not in facts["scripts"]
    assert facts["tokenizer"] == "elmo 1"
    assert all(not isinstance(value, dict | list) for value in facts.values())


@pytest.mark.parametrize(
    ("card", "licence"),
    [
        ("---\nlicense: 'mit'\n---\n", "mit"),
        ("Licence: Apache-2.0\n", "Apache-2.0"),
        ("# A model\n\nIts licence is told elsewhere.\n", "see the card"),
        ("# A model\n", "not known"),
        (None, "not known"),
    ],
)
def test_the_licence_is_what_the_card_says(tmp_path, card, licence):
    assert describe(replace(small_model(), card=card), tmp_path / "m")["licence"] == licence


def test_the_clusters_of_an_adaptive_softmax(tmp_path):
    assert describe(small_model(cutoffs=[4, 7]), tmp_path / "m")["adaptive_cutoffs"] == "4 7"
