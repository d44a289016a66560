"""Whatever weight of a model changed, what was made with the old ones is not mixed with the new."""

import json

import pytest
import torch

from conftest import ALPHABET, INPUT_LAYERS, SMALL, small_model
from elmo import Elmo, load_task
from elmo.errors import CheckpointError
from elmo.model.config import BiLMConfig, LSTMConfig

# weights of more than 1,024 numbers, which were all that a fingerprint looked at
LARGER = BiLMConfig(char_cnn=SMALL.char_cnn, lstm=LSTMConfig(n_layers=2, cell_size=80, projection_size=17))


def save(folder, changed=0.0):
    """A model; the last number of its largest weight may be another."""
    model = small_model(LARGER)
    with torch.no_grad():
        max(model.bilm.parameters(), key=torch.numel).view(-1)[-1] += changed
    Elmo(model).save_pretrained(folder, force=True)


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("the bank of the river\nmoney\n" * 3, encoding="utf-8")
    return path


def test_a_folder_of_vectors_is_not_continued_with_other_weights(run_elmo, tmp_path, text):
    save(tmp_path / "m")
    command = ("embed", text, "-m", tmp_path / "m", "-o", tmp_path / "v")
    assert run_elmo(*command).status == 0
    assert run_elmo(*command, "--resume").status == 0
    save(tmp_path / "m", changed=1.0)
    ran = run_elmo(*command, "--resume")
    assert ran.status == 2
    assert "model" in ran.err


def test_a_folder_of_vectors_of_an_older_version_is_continued(run_elmo, tmp_path, text):
    save(tmp_path / "m")
    command = ("embed", text, "-m", tmp_path / "m", "-o", tmp_path / "v")
    assert run_elmo(*command).status == 0
    manifest = tmp_path / "v" / "manifest.json"
    facts = json.loads(manifest.read_text(encoding="utf-8"))
    facts["settings"]["model"] = "4f8ad62e4f5b37cdf8c6f4de4c2a77aa"  # as that version wrote it
    facts["shards"], facts["n_rows"] = {}, None
    manifest.write_text(json.dumps(facts), encoding="utf-8")
    assert run_elmo(*command, "--resume").status == 0
    assert json.loads(manifest.read_text(encoding="utf-8"))["settings"]["model"] == "4f8ad62e4f5b37cdf8c6f4de4c2a77aa"


def test_layers_that_other_weights_made_are_computed_again(run_elmo, tmp_path):
    data = tmp_path / "data.tsv"
    data.write_text("good\tthe river\nbad\tthe bank\n" * 4, encoding="utf-8")
    settings = ("--set", "epochs=1", "--set", "cell_size=4")
    common = ("train", "--task", "classify", "--train", data, "--dev", data, "-m", tmp_path / "m", *settings)
    for output, changed, cache in (("before", 0.0, "one"), ("after", 9.0, "one"), ("alone", 9.0, "two")):
        save(tmp_path / "m", changed)
        ran = run_elmo(*common, "--cache", tmp_path / cache, "-o", tmp_path / output)
        assert ran.status == 0, ran.err
    before, after, alone = ((tmp_path / o / "model.safetensors").read_bytes() for o in ("before", "after", "alone"))
    assert after == alone
    assert after != before


def test_an_alphabet_in_another_order_is_another_model(run_elmo, tmp_path, text):
    config, lexicon = INPUT_LAYERS["alphabet"]
    other = lexicon._replace(alphabet=type(ALPHABET)(ALPHABET.characters[::-1]))
    Elmo(small_model(config, lexicon=lexicon)).save_pretrained(tmp_path / "m")
    command = ("embed", text, "-m", tmp_path / "m", "-o", tmp_path / "v")
    assert run_elmo(*command).status == 0
    Elmo(small_model(config, lexicon=other)).save_pretrained(tmp_path / "m", force=True)
    ran = run_elmo(*command, "--resume")
    assert ran.status == 2
    assert "model" in ran.err


def test_a_task_does_not_take_another_model_of_that_name(run_elmo, tmp_path):
    save(tmp_path / "m")
    data = tmp_path / "data.tsv"
    data.write_text("good\tthe river\nbad\tthe bank\n" * 4, encoding="utf-8")
    settings = ("--set", "epochs=1", "--set", "cell_size=4", "-o", tmp_path / "t")
    command = ("train", "--task", "classify", "--train", data, "--dev", data, "-m", tmp_path / "m", *settings)
    ran = run_elmo(*command)
    assert ran.status == 0, ran.err
    load_task(tmp_path / "t")
    save(tmp_path / "t" / "elmo", changed=1.0)
    with pytest.raises(CheckpointError, match="the task was trained with"):
        load_task(tmp_path / "t")
