"""A conversion replaces nothing by mistake, and says what the other program will not take."""

import pytest

from conftest import small_model
from elmo.apps.models.convert import convert_model
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.embed.embedder import Elmo
from elmo.errors import CheckpointError, OutputError


@pytest.mark.parametrize(
    "save",
    [
        lambda folder: convert_model("en", folder, "native", force=True),
        lambda folder: Elmo(small_model()).save_pretrained(folder, force=True),
    ],
)
def test_a_folder_that_holds_other_things_too_is_never_replaced(tmp_path, save):
    save_native(small_model(), tmp_path / "m")
    (tmp_path / "m" / "thesis.tex").write_text("years")
    with pytest.raises(OutputError, match=r"thesis\.tex"):
        save(tmp_path / "m")
    assert (tmp_path / "m" / "thesis.tex").read_text() == "years"


def test_a_model_does_not_replace_what_it_is_read_from(tmp_path):
    save_native(small_model(), tmp_path / "m")
    with pytest.raises(OutputError, match="is read from this folder"):
        convert_model(str(tmp_path / "m"), tmp_path / "m", "allennlp", force=True)
    assert load_model(tmp_path / "m").softmax is not None


def test_a_conversion_that_fails_leaves_the_old_target(tmp_path, monkeypatch):
    save_native(small_model(seed=3), tmp_path / "m")
    monkeypatch.setattr("elmo.apps.models.convert._largest_difference", lambda *a: 1.0)
    with pytest.raises(CheckpointError, match="nothing was written"):
        convert_model("en", tmp_path / "m", "native", force=True, verify=True)
    assert load_model(tmp_path / "m").config.n_words == 9


def test_what_allennlp_refuses_is_noted(tmp_path):
    save_native(small_model(), tmp_path / "m")
    facts = convert_model(str(tmp_path / "m"), tmp_path / "b", "allennlp")
    assert facts["note"] == "bilm-tf reads this, AllenNLP does not: its words are not of 50 characters"
    assert "note" not in convert_model("en", tmp_path / "c", "allennlp")
