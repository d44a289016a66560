"""`elmo.train.adapt`: texts in memory and in files; a model of AllenNLP's format adapted and written in that format again."""

import pytest
import torch

from conftest import TEXT, small_model
from elmo.apps.models.convert import convert_model
from elmo.checkpoints.formats.allennlp_hdf5 import save_allennlp
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.errors import ConfigError
from elmo.train import PretrainConfig, adapt

SENTENCES = [line.split() for line in (TEXT * 10).splitlines()]
RECIPE = {
    "rows": 4,
    "window": 7,
    "n_negatives": 6,
    "epochs": 2,
    "adaptation.mix": 0.25,
    "optimizer": {"warmup_steps": 0},
}


def test_a_published_model_is_adapted_and_written_in_its_format_again(tmp_path):
    save_allennlp(small_model(scale=1.0), tmp_path / "published")
    run = adapt(tmp_path / "published", SENTENCES, tmp_path / "run", RECIPE, mix=[["the", "river", "bank"]] * 20)
    assert run.settings.mix.sentences == 19
    n_steps = run.settings.recipe.adaptation.softmax_steps * 4
    result = run.train()
    assert 0 <= result.n_steps - n_steps < 4
    assert result.facts()["mean"] == result.heldout.mean
    facts = convert_model(str(tmp_path / "run"), tmp_path / "again", "allennlp", verify=True)
    assert "softmax" in facts["left_out"]
    again, published = load_model(tmp_path / "again"), load_model(tmp_path / "published")
    assert again.config.bilm == published.config.bilm
    pairs = zip(again.bilm.parameters(), published.bilm.parameters(), strict=True)
    assert any(not torch.equal(p, q) for p, q in pairs)
    second = adapt(tmp_path / "again", SENTENCES, tmp_path / "second", RECIPE)  # and once more
    assert second.train(max_steps=3).finished


def test_recipes_in_files_and_texts_in_files_are_read_as_those_in_memory(tmp_path):
    save_native(small_model(), tmp_path / "model")
    (tmp_path / "r.toml").write_text("rows = 4\nwindow = 7\nadaptation.mix = 0.5\n")
    for name in ("new", "old"):
        (tmp_path / f"{name}.txt").write_text(TEXT * 5)
    run = adapt(
        str(tmp_path / "model"),
        tmp_path / "new.txt",
        tmp_path / "run",
        tmp_path / "r.toml",
        mix=[tmp_path / "old.txt"],
    )
    assert run.settings.mix.files == ["old.txt"]
    recipe = run.settings.recipe
    assert (recipe.rows, recipe.adaptation.mix, recipe.optimizer.learning_rate) == (4, 0.5, 0.001)


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"adaptation": None}, "adaptation = none"),
        ({"adaptation.layer_rate": 2}, r"adaptation\.layer_rate: Input should be less than or equal to 1"),
        ({"adaptation.mix": 0.001}, "each text needs a row"),
        ({3: 4}, "the name of a setting is 3"),
        (PretrainConfig(), "old text can only be mixed in where a model is adapted"),
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_refused_and_leave_nothing(tmp_path, recipe, message):
    save_native(small_model(), tmp_path / "model")
    with pytest.raises(ConfigError, match=message):
        adapt(tmp_path / "model", SENTENCES, tmp_path / "run", recipe, mix=SENTENCES)
    assert not (tmp_path / "run").exists()
