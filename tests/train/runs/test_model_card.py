"""The card of a model: facts, and a recipe that makes the model again."""

import re
import shlex
import tomllib

import pytest

from elmo.apps.pretraining.pretrain import continue_run
from elmo.checkpoints.formats.native import read_model_config
from elmo.checkpoints.saved_model import PRETOKENIZED
from elmo.train.recipe import pretrain_config
from elmo.train.runs.begin import start_run
from elmo.train.runs.model_card import write_card
from elmo.train.runs.record import RunRecord, read_run

SETTINGS = {"rows": 2, "window": 5, "log_every": 2, "evaluate_every": 2, "n_negatives": 6, "seed": 7}
OVERRIDES = [
    "bilm.lstm.cell_size=16",
    "bilm.lstm.projection_size=8",
    "bilm.lstm.cell_clip=none",
    "optimizer.name=adagrad",
]


def block(card, language):
    return re.search(rf"^```{language}\n(.*?)^```$", card, re.DOTALL | re.MULTILINE)[1]


@pytest.fixture
def run(tmp_path, corpus_file):
    vocabulary = tmp_path / "my words.txt"
    vocabulary.write_text("<S>\n</S>\n<UNK>\nthe\nriver\nbank\n.\nmoney\n")
    start_run(
        [corpus_file],
        tmp_path / "run",
        pretrain_config(SETTINGS, OVERRIDES),
        vocabulary_file=vocabulary,
        max_steps=9,
        storage="float16",
    )
    continue_run(tmp_path / "run")
    return tmp_path / "run"


def test_the_recipe_and_command_of_a_card_make_the_model_again(run_elmo, run, tmp_path, monkeypatch):
    card = (run / "README.md").read_text()
    (tmp_path / "recipe.toml").write_text(block(card, "toml"))
    monkeypatch.chdir(tmp_path)
    assert run_elmo(*shlex.split(block(card, "bash"))[1:]).status == 0
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == (run / "model.safetensors").read_bytes()
    assert (tmp_path / "model" / "run.json").read_text() == (run / "run.json").read_text()


def test_a_card_tells_the_figures_of_its_model(run):
    card, training = (run / "README.md").read_text(), read_model_config(run).training
    for name in ("forward", "backward", "mean"):
        assert f"{name} {training[f'heldout_{name}']}" in card
    assert "9 steps of 2 x 5 positions" in card
    assert "seed 7" in card
    assert "| step | 2 | 4 | 6 | 8 |" in card
    assert "16 cells each way" in card
    assert "elmo-words 2" in card


def test_a_card_begins_with_what_the_hub_reads_and_leaves_the_licence_to_the_user(run):
    header = (run / "README.md").read_text().split("---\n")[1]
    assert header.startswith("library_name: elmo-lm\n")
    assert "license: unknown\n" in header
    assert "give its `license`" in (run / "README.md").read_text()


def test_of_a_long_curve_five_points_are_in_the_card(run):
    reports = [{"step": n, "heldout_forward": 9.0, "heldout_backward": 8.0} for n in range(0, 1001, 10)]
    record = RunRecord("r", {}, {}, None, reports, [])
    assert "| step | 0 | 250 | 500 | 750 | 1,000 |\n" in write_card(read_model_config(run), record)


def test_a_run_that_was_stopped_early_says_so(run):
    record = RunRecord("r", {}, {}, None, [{"step": 1234, "n_steps": 5678}], [])
    assert "stopped at step 1,234 of 5,678" in write_card(read_model_config(run), record)
    assert "stopped at step" not in (run / "README.md").read_text()


def test_a_model_without_facts_has_a_card_too(model):
    card = write_card(model.config)
    assert "do not record" in card
    assert "```toml" not in card
    assert "The tokenization of its texts is unknown" in card
    config = model.config.model_copy(update={"tokenizer": PRETOKENIZED})
    assert '[["A", "sentence", "of", "yours", "."]]' in write_card(config)


def test_a_file_name_cannot_break_out_of_the_card(run):
    config, name = read_model_config(run), "a`b``c\n```\n<script> $(rm x) 'y'.txt"
    config = config.model_copy(update={"training": config.training | {"corpus": [name]}})
    record = read_run(run)
    card = write_card(config, RunRecord("r", {**record.settings, "corpus": [name]}, {}, None, [], []))
    assert "- ```` a`b``c?```?<script> $(rm x) 'y'.txt ````\n" in card
    words = shlex.split(block(card, "bash"))
    assert words[words.index("--corpus") + 1] == "a`b``c?```?<script> $(rm x) 'y'.txt"  # a glob that finds the file
    assert tomllib.loads(block(card, "toml"))["seed"] == 7
