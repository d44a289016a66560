"""Every input layer in a model folder: bitwise there and back, and what does not fit is named."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from conftest import INPUT_LAYERS, model_of
from elmo.apps.models.convert import convert_model
from elmo.checkpoints.formats.allennlp_hdf5 import save_allennlp
from elmo.checkpoints.formats.native import add_model_files, save_native
from elmo.checkpoints.load import load_model
from elmo.embed.embedder import Elmo
from elmo.errors import CheckpointError
from elmo.text.words.alphabet import Alphabet
from elmo.text.words.lexicon import Lexicon

SENTENCE = ["the", "日本", "", "𠀀海", "never", "e\u0301", "<S>"]
FILES = {"alphabet": ["alphabet.json"], "words": ["input_words.json"], "bytes": []}


@pytest.mark.parametrize("add", [False, True])
@pytest.mark.parametrize("layer", INPUT_LAYERS)
def test_a_model_is_bitwise_the_same_after_its_folder(tmp_path, layer, add):
    before = model_of(layer)
    if add:
        (tmp_path / "m").mkdir()
        add_model_files(before, tmp_path / "m")
    else:
        save_native(before, tmp_path / "m")
    after = load_model(tmp_path / "m")
    assert after.config == before.config
    assert all(torch.equal(p, q) for p, q in zip(before.bilm.parameters(), after.bilm.parameters(), strict=True))
    assert np.array_equal(before.word_encoder.encode(SENTENCE), after.word_encoder.encode(SENTENCE))
    expected = {"config.json", "model.safetensors", "vocabulary.txt"} | {f for k in layer.split(", ") for f in FILES[k]}
    assert {file.name for file in (tmp_path / "m").iterdir()} == expected


@pytest.mark.parametrize("layer", INPUT_LAYERS)
def test_vectors_of_a_loaded_model_are_those_of_the_forward_pass(tmp_path, layer):
    model = model_of(layer)
    save_native(model, tmp_path / "m")
    (vectors,) = Elmo.from_pretrained(tmp_path / "m").embed([SENTENCE], layers="all")
    char_ids = torch.from_numpy(model.word_encoder.encode(["<S>", *SENTENCE, "</S>"]))
    layers, _ = model.bilm(char_ids[None], torch.ones(1, len(char_ids), dtype=torch.bool))
    assert np.allclose(vectors, layers[0, :, 1:-1].detach(), atol=5e-6)


@pytest.mark.parametrize(
    ("layer", "what"),
    [("alphabet", "an alphabet of 16 characters"), ("bytes, words", "word vectors"), ("words", "word vectors")],
)
def test_the_published_format_holds_bytes_alone(tmp_path, layer, what):
    with pytest.raises(
        CheckpointError, match=rf"/m: this format stores .* UTF-8 bytes, this model reads {what}; convert it"
    ):
        save_allennlp(model_of(layer), tmp_path / "m")
    assert not (tmp_path / "m").exists()
    save_native(model_of(layer), tmp_path / "native")
    convert_model(str(tmp_path / "native"), tmp_path / "again", to="native")
    assert load_model(tmp_path / "again").config == model_of(layer).config


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("alphabet.json", None, r"alphabet\.json: no such file"),
        ("alphabet.json", "3", r"alphabet\.json: expected one or more different characters"),
        ("alphabet.json", '"abc"', "/m: 3 characters, the config makes it 16; give the files that came with these"),
        ("input_words.json", None, r"input_words\.json: no such file"),
        ("input_words.json", '["the"]', r"input_words\.json: begins with \['the'\], expected <S>"),
        ("input_words.json", '["<S>", "</S>", "<UNK>", "the"]', "/m: 1 input words, the config makes it 4"),
    ],
)
def test_a_folder_whose_lexicon_does_not_fit_is_refused(tmp_path, file, content, message):
    save_native(model_of("alphabet, words"), tmp_path / "m")
    (tmp_path / "m" / file).unlink()
    if content is not None:
        (tmp_path / "m" / file).write_text(content)
    with pytest.raises(CheckpointError, match=message):
        load_model(tmp_path / "m")


def test_a_model_and_a_lexicon_of_other_sizes_make_no_model():
    model = model_of("alphabet")
    with pytest.raises(CheckpointError, match="no characters, the config makes it 16"):
        replace(model, lexicon=Lexicon())
    with pytest.raises(CheckpointError, match="2 characters, the config makes it none"):
        replace(model_of("bytes"), lexicon=Lexicon(Alphabet("ab")))
