"""A model with an adaptive softmax: written, read, refused, described, left out."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

from conftest import CUTOFFS, WORDS, small_model
from elmo.apps.models.convert import convert_model
from elmo.apps.models.info import describe_model
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.compat.simple_elmo import ElmoModel
from elmo.errors import CheckpointError
from elmo.model.output.adaptive_softmax import AdaptiveSoftmax
from elmo.train.perplexity import measure_perplexity
from elmo.train.runs.model_card import write_card

SENTENCES = [["the", "river", "bank", "."], ["money", "lends", "unheard"]]


@pytest.fixture
def folder(tmp_path):
    save_native(small_model(scale=1.0, cutoffs=CUTOFFS), tmp_path / "m")
    return tmp_path / "m"


@pytest.mark.parametrize(("storage", "room"), [("float32", 0.0), ("float16", 1e-3), ("int8", 0.03)])
def test_it_comes_back_from_each_storage(tmp_path, storage, room):
    model = small_model(scale=1.0, cutoffs=CUTOFFS)
    save_native(model, tmp_path / "m", storage)
    again = load_model(tmp_path / "m")
    assert isinstance(again.softmax, AdaptiveSoftmax)
    assert again.config == model.config
    assert [name for name, _ in again.softmax.named_parameters()] == [n for n, _ in model.softmax.named_parameters()]
    for a, b in zip(again.softmax.parameters(), model.softmax.parameters(), strict=True):
        assert a.dtype == torch.float32
        assert torch.allclose(a, b, rtol=0, atol=room)
    found, expected = (measure_perplexity(m, SENTENCES).mean for m in (again, model))
    assert found == pytest.approx(expected, rel=max(room, 1e-9))


def test_its_tensors_have_clear_names_and_its_config_the_cuts(folder):
    assert json.loads((folder / "config.json").read_text())["adaptive_cutoffs"] == CUTOFFS
    names = {name: tuple(t.shape) for name, t in load_file(folder / "model.safetensors").items() if "softmax" in name}
    assert names == {
        "softmax.head.weight": (6, 7),
        "softmax.head.bias": (6,),
        "softmax.clusters.0.projection.weight": (3, 7),
        "softmax.clusters.0.words.weight": (3, 3),
        "softmax.clusters.1.projection.weight": (1, 7),
        "softmax.clusters.1.words.weight": (2, 1),
    }


@pytest.mark.parametrize(
    ("cutoffs", "message"),
    [
        ([7, 4], "adaptive_cutoffs: Value error, cutoffs must increase and be below n_words, 9"),
        ([4, 4], "cutoffs must increase"),
        ([4, 9], "cutoffs must increase"),
        ([0, 7], "greater than 0"),
        ([], "at least 1 item"),
        (list(range(1, 9)) * 3, "at most 16 items"),
        ([3, 7], r"'softmax.clusters.0.words.weight' is \(3, 3\), the config makes it \(4, 3\)"),
        (None, r"'softmax.weight' is missing"),
    ],
)
def test_a_config_of_other_cuts_is_refused_in_one_line(folder, cutoffs, message):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "adaptive_cutoffs": cutoffs}))
    with pytest.raises(CheckpointError, match=message) as caught:
        load_model(folder)
    assert len(str(caught.value).splitlines()) == 1


def test_a_config_that_knows_no_adaptive_softmax_is_read_as_before(tmp_path):
    model = small_model()
    save_native(model, tmp_path / "m")
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    assert config.pop("adaptive_cutoffs") is None
    (tmp_path / "m" / "config.json").write_text(json.dumps(config))
    assert load_model(tmp_path / "m").config == model.config


def test_a_weight_of_a_cluster_that_is_missing_or_not_finite_is_named(folder):
    tensors = load_file(folder / "model.safetensors")
    weight = tensors.pop("softmax.clusters.1.words.weight")
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"'softmax.clusters.1.words.weight' is missing"):
        load_model(folder)
    save_file(tensors | {"softmax.clusters.1.words.weight": weight * torch.nan}, folder / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"'softmax.clusters.1.words.weight' holds numbers that are not finite"):
        load_model(folder)


def test_other_formats_leave_it_out_and_ours_keeps_it(folder, tmp_path):
    assert "softmax" in convert_model(str(folder), tmp_path / "a", "allennlp", verify=True)["left_out"]
    assert convert_model(str(folder), tmp_path / "n", "native")["left_out"] == ""
    assert isinstance(load_model(tmp_path / "n").softmax, AdaptiveSoftmax)


def test_info_and_card_tell_of_it(folder):
    facts = describe_model(str(folder))
    assert (facts["softmax_words"], facts["adaptive_cutoffs"]) == (9, "4 7")
    model = load_model(folder)
    card = write_card(model.config)
    assert "- adaptive softmax: the first 4 words, then clusters of 3 and 2\n" in card
    assert f"- parameters of the softmax: {sum(p.numel() for p in model.softmax.parameters())}\n" in card


def test_substitutes_are_the_likeliest_words(folder):
    ours = ElmoModel()
    ours.load(folder, full=True)
    ((_, bank),) = ours.get_elmo_substitutes([["river", "bank"]], topn=9)
    model = load_model(folder)
    word_encoder = model.word_encoder
    char_ids = torch.from_numpy(word_encoder.encode([word_encoder.boundaries[0], "river"]))[None]
    layers, _ = model.bilm(char_ids, torch.ones(1, 2, dtype=torch.bool))
    every = model.softmax.nats(layers[0, -1, 1, :7].expand(9, 7), torch.arange(9))
    assert bank["forward"] == [WORDS[i] for i in every.argsort().tolist()]
