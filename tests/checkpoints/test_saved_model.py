"""A model with all that belongs to it: what a config may say, what a fingerprint tells apart, whose tokenizer it was."""

import warnings
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from conftest import ALPHABET, INPUT_WORDS, SMALL, model_of, small_model
from elmo.checkpoints.saved_model import (
    PRETOKENIZED,
    ModelConfig,
    TokenizerFacts,
    check_lexicon,
    facts_of,
    fingerprint,
    translated_settings,
    warn_of_other_tokenizer,
)
from elmo.errors import CheckpointError
from elmo.text.tokenizer import VERSION_1, VERSION_2, VERSIONS
from elmo.text.words.alphabet import Alphabet
from elmo.text.words.lexicon import Lexicon
from elmo.text.words.vocabulary import Vocabulary

BOTH = [facts_of(VERSION_1), facts_of(VERSION_2)]


@pytest.mark.parametrize("cutoffs", [[], [0], [3, 3], [5, 3], [9], [12]])
def test_clusters_are_cut_within_the_vocabulary_and_rise(cutoffs):
    with pytest.raises(ValidationError):
        ModelConfig(bilm=SMALL, n_words=9, adaptive_cutoffs=cutoffs)


@pytest.mark.parametrize("cutoffs", [[1], [3, 5], [8]])
def test_clusters_that_can_be(cutoffs):
    assert ModelConfig(bilm=SMALL, n_words=9, adaptive_cutoffs=cutoffs).adaptive_cutoffs == tuple(cutoffs)


@pytest.mark.parametrize("change", [{"n_words": 0}, {"scripts": {"Latin": 1.5}}, {"format_version": 2}, {"more": 1}])
def test_a_config_that_cannot_be_is_refused(change):
    with pytest.raises(ValidationError):
        ModelConfig.model_validate({"bilm": SMALL.model_dump(), **change})


def test_a_lexicon_of_other_sizes_is_named_with_both():
    with pytest.raises(CheckpointError, match="here: 16 characters, the config makes it none"):
        check_lexicon(model_of("alphabet").lexicon, SMALL, "here")
    with pytest.raises(CheckpointError, match="here: no input words, the config makes it 4"):
        check_lexicon(Lexicon(), model_of("words").bilm.config, "here")
    check_lexicon(Lexicon(), SMALL, "here")


def test_a_fingerprint_tells_models_apart_and_the_same_model_never():
    model = small_model()
    assert fingerprint(model) == fingerprint(small_model())
    assert fingerprint(model) != fingerprint(small_model(seed=1))
    before = fingerprint(model)
    with torch.no_grad():
        model.bilm.forward_lm.layers[1].bias[-1] += 1
    assert fingerprint(model) != before


@pytest.mark.parametrize("which", ["last weight", "alphabet", "input words", "warm"])
def test_a_fingerprint_is_of_all_that_vectors_depend_on(which):
    model = model_of("alphabet, words")
    before = fingerprint(model)
    other = {
        "last weight": model,
        "alphabet": replace(model, lexicon=Lexicon(Alphabet("therivbaky日本海ö\u0301𠀁"), model.lexicon.input_words)),
        "input words": replace(model, lexicon=Lexicon(ALPHABET, Vocabulary([*INPUT_WORDS.words[:-1], "日"]))),
        "warm": replace(model, warm=model.bilm.start_state(1)),
    }[which]
    if which == "last weight":
        with torch.no_grad():
            max(model.bilm.parameters(), key=torch.numel).view(-1)[-1] += 1
    assert fingerprint(other) != before
    assert fingerprint(other, like=before) == fingerprint(other)


def test_a_fingerprint_of_the_older_kind_is_what_it_was():
    assert fingerprint(small_model(), like="0" * 32) == "911187211e1277a8f5d6b0fbbd18821f"


@pytest.mark.parametrize("known", [None, PRETOKENIZED, *map(facts_of, VERSIONS.values())])
def test_a_tokenizer_that_is_ours_or_none_warns_of_nothing(known):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_of_other_tokenizer(ModelConfig(bilm=SMALL, tokenizer=known), "m")


def test_a_model_says_which_version_cuts_its_raw_text_and_silence_means_the_first():
    cut = [ModelConfig(bilm=SMALL, tokenizer=facts).raw_text_tokenizer for facts in (None, PRETOKENIZED, *BOTH)]
    assert cut == [VERSION_1, VERSION_1, VERSION_1, VERSION_2]


def test_another_tokenizer_warns_with_both():
    config = ModelConfig(bilm=SMALL, tokenizer=TokenizerFacts(name="elmo", version="0"))
    with pytest.warns(UserWarning, match="m: trained on text of tokenizer elmo 0, this is elmo-words 1"):
        warn_of_other_tokenizer(config, "m")


def test_settings_of_another_program_are_blamed_by_its_own_names():
    names = {"lstm.cell_size": "dim"}
    with (
        pytest.raises(CheckpointError, match=r"o\.json: dim is 'x': Input should be a valid integer"),
        translated_settings(Path("o.json"), "options", names),
    ):
        type(SMALL).model_validate({"char_cnn": None, "lstm": {"cell_size": "x"}})
    with (
        pytest.raises(CheckpointError, match=r"o\.json: contains no 'n_layers'; expected options"),
        translated_settings(Path("o.json"), "options", names),
    ):
        {}["n_layers"]
