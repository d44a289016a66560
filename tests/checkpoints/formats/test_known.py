"""One tuple knows all formats; a format that is added to it is loaded, described, converted and protected like the others."""

import json
from pathlib import Path

import numpy as np
import pytest

from conftest import WORDS, model_of, small_model
from elmo.checkpoints.formats import known
from elmo.checkpoints.formats.allennlp_hdf5 import ALLENNLP
from elmo.checkpoints.formats.checkpoint_format import CheckpointFormat, ModelLocation, parts_beside_the_bilm
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model, located
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.embed.embedder import Elmo
from elmo.errors import CheckpointError, ConfigError, OutputError
from elmo.model.bilm import BiLM
from elmo.model.config import BiLMConfig


def find_toy(folder: Path) -> ModelLocation | None:
    return ModelLocation(TOY, folder) if (folder / "toy.npz").is_file() else None


def load_toy(location: ModelLocation, _: Path | None) -> SavedModel:
    """A biLM whose parameters are the arrays of one NumPy file, its config beside them."""
    config = BiLMConfig.model_validate_json((location.folder / "toy.config").read_text())
    bilm = BiLM(config)
    with np.load(location.folder / "toy.npz") as arrays:
        for name, p in bilm.named_parameters():
            if name not in arrays:
                raise CheckpointError(f"{location.folder}: no {name} in toy.npz")
            p.data.copy_(p.data.new_tensor(arrays[name]))
    return SavedModel(ModelConfig(bilm=config), bilm.eval())


def save_toy(model: SavedModel, folder: Path) -> None:
    folder.mkdir()
    (folder / "toy.config").write_text(model.config.bilm.model_dump_json())
    np.savez(folder / "toy.npz", **{name: p.detach().numpy() for name, p in model.bilm.named_parameters()})


TOY = CheckpointFormat(
    name="toy",
    looked_for="toy.npz with toy.config",
    marker="toy.npz",
    patterns=("toy.npz", "toy.config"),
    find=find_toy,
    load=load_toy,
    save=save_toy,
    left_out=parts_beside_the_bilm,
    note=lambda model: "a toy",
)


@pytest.fixture
def toy(monkeypatch, tmp_path):
    """A folder in a format that the library does not know by itself."""
    save_toy(small_model(), tmp_path / "toy")
    with pytest.raises(CheckpointError, match="contains no model; looked for config"):
        load_model(tmp_path / "toy")
    monkeypatch.setattr(known, "FORMATS", (*known.FORMATS, TOY))
    return tmp_path / "toy"


def test_a_toy_format_loads_through_elmo(toy):
    expected = Elmo(small_model()).embed([["the", "river"]], layers="all")
    for source in (toy, toy / "toy.npz"):
        assert np.array_equal(Elmo.from_pretrained(source).embed([["the", "river"]], layers="all"), expected)
    with located(toy) as location:
        assert location.format.name == "toy"


def test_a_toy_format_is_described_and_converted_by_the_commands(toy, tmp_path, run_elmo):
    assert json.loads(run_elmo("info", toy, "--json").out)["format"] == "toy"
    facts = json.loads(run_elmo("convert", "en", tmp_path / "b", "--to", "toy", "--verify", "--json").out)
    assert (facts["left_out"], facts["note"]) == ("softmax, vocabulary, warm state, card", "a toy")
    assert facts["largest_difference"] == 0.0
    assert run_elmo("convert", toy, tmp_path / "c", "--to", "native").status == 0
    assert json.loads(run_elmo("info", tmp_path / "c", "--json").out)["format"] == "native"


def test_a_toy_format_is_named_and_its_folders_are_protected_by_the_same_rules(toy, tmp_path):
    with pytest.raises(
        CheckpointError, match=r"contains no model; looked for toy\.npz with toy\.config, for config\.json"
    ):
        load_model(_empty(tmp_path / "empty"))
    Elmo(small_model()).save_pretrained(toy, force=True)  # the folder held nothing but files of models
    save_toy(small_model(), tmp_path / "d")
    (tmp_path / "d" / "thesis.tex").write_text("years")
    with pytest.raises(OutputError, match=r"also contains thesis\.tex"):
        Elmo(small_model()).save_pretrained(tmp_path / "d", force=True)
    (tmp_path / "v.txt").write_text("\n".join(WORDS))
    save_toy(small_model(), tmp_path / "e")
    with pytest.raises(CheckpointError, match="a model in the format toy has its own vocabulary"):
        load_model(tmp_path / "e", vocabulary=tmp_path / "v.txt")


def test_a_format_that_cannot_be_written_is_refused_with_those_that_can(tmp_path, run_elmo):
    ran = run_elmo("convert", "en", tmp_path / "m", "--to", "bilm-tf")
    assert ran.status == 2
    assert "'bilm-tf': models cannot be written in this format; choose native, allennlp, elmoformanylangs" in ran.err
    with pytest.raises(ConfigError, match="'safetensors': models cannot be written"):
        known.writable_format("safetensors")


def test_the_help_of_convert_names_every_format_that_can_be_written(run_elmo):
    shown = " ".join(run_elmo("convert", "--help").out.replace("│", " ").split())
    for each in known.FORMATS:
        assert (f"{each.name}:" in shown) == (each.save is not None), each.name


def test_no_two_formats_have_one_name():
    assert len({each.name for each in known.FORMATS}) == len(known.FORMATS)


@pytest.mark.parametrize("each", known.FORMATS, ids=lambda each: each.name)
def test_the_files_that_are_written_are_among_the_patterns(each, tmp_path):
    if each.save is None:
        return
    model = model_of("alphabet, words") if each.name == "elmoformanylangs" else small_model()
    each.save(model, tmp_path / "m")
    location = each.find(tmp_path / "m")
    assert location is not None
    assert location.format is each
    assert [path.name for path in (tmp_path / "m").iterdir() if not any(map(path.match, each.patterns))] == []
    assert each.load(location, None).config.bilm.encoder.n_layers == model.config.bilm.encoder.n_layers


def test_options_and_config_in_one_folder_are_a_published_model_as_before(tmp_path):
    save_native(small_model(), tmp_path / "m")
    ALLENNLP.save(small_model(), tmp_path / "a")
    for file in ("options.json", "weights.hdf5"):
        (tmp_path / "a" / file).rename(tmp_path / "m" / file)
    with located(tmp_path / "m") as location:
        assert location.format is ALLENNLP


def _empty(folder: Path) -> Path:
    folder.mkdir()
    return folder
