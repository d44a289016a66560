"""`elmo perplexity --cache --dynamic`: figures of their own names beside the plain ones, which stay."""

import json
import math

import pytest

from conftest import small_model
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.embed.language_model.neural_cache import CacheConfig
from elmo.train.long_memory.reading import nats_with_memory
from elmo.train.long_memory.settings import DynamicConfig, LongMemoryConfig
from elmo.train.long_memory.spooled_sentences import spooled

TEXT = "the bank lends money .\nthe river bank\n\nmoney lends money .\n" * 3
OTHER = "the river .\nthe bank lends money\n" * 2
SETTINGS = ["--set", "cache.theta=0.2", "--set", "cache.weight=0.3", "--set", "dynamic.learning_rate=0.003"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    save_native(small_model(scale=1.0), tmp_path / "m")
    (tmp_path / "t.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "valid.txt").write_text(OTHER, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def measure(run_elmo, folder):
    def run(*arguments):
        ran = run_elmo("perplexity", "m", "t.txt", "--pretokenized", "--json", *arguments)
        assert ran.status == 0
        return json.loads(ran.out), ran.err

    return run


def test_each_figure_has_its_own_name_and_the_plain_ones_stay(measure, folder):
    plain, _ = measure()
    both, _ = measure("--cache", 8, "--dynamic", *SETTINGS)
    for key, value in plain.items():
        assert both[key] == (pytest.approx(value, rel=1e-6) if isinstance(value, float) else value)
    names = ("perplexity", "perplexity_forward", "perplexity_backward", "bits_per_byte")
    settings = ("cache_size", "cache_theta", "cache_weight")
    steps = ("dynamic_learning_rate", "dynamic_decay", "dynamic_epsilon", "dynamic_segment")
    of = {part: {f"{part}_{name}" for name in names} for part in ("cache", "dynamic", "dynamic_cache")}
    assert set(both) - set(plain) == {*of["cache"], *of["dynamic"], *of["dynamic_cache"], *settings, *steps, "tuned_on"}
    only, _ = measure("--cache", 8, *SETTINGS[:4])
    assert set(only) - set(plain) == {*of["cache"], *settings, "tuned_on"}
    alone, _ = measure("--dynamic", *SETTINGS[4:])
    assert set(alone) - set(plain) == {*of["dynamic"], *steps, "tuned_on"}
    for found in (only, alone):
        assert all(both[key] == value for key, value in found.items() if key not in plain)


def test_the_figures_are_those_of_the_nats(measure, folder):
    found, _ = measure("--cache", 8, "--dynamic", *SETTINGS)
    config = LongMemoryConfig(
        cache=CacheConfig(size=8, theta=0.2, weight=0.3), dynamic=DynamicConfig(learning_rate=0.003)
    )
    with spooled(line.split() for line in TEXT.splitlines() if line) as text:
        forward, backward = nats_with_memory(load_model("m"), text, "zero", config)
    for name in ("cache", "dynamic", "dynamic_cache"):
        assert found[f"{name}_perplexity_forward"] == pytest.approx(math.exp(forward[name] / found["tokens"]))
        assert found[f"{name}_perplexity_backward"] == pytest.approx(math.exp(backward[name] / found["tokens"]))
        nats = (forward[name] + backward[name]) / 2
        assert found[f"{name}_perplexity"] == pytest.approx(math.exp(nats / found["tokens"]))
        bits = nats / math.log(2) + found["spelling_bits"]
        assert found[f"{name}_bits_per_byte"] == pytest.approx(bits / found["bytes"])


def test_settings_are_chosen_on_another_text_and_the_grid_is_printed(measure, folder):
    grid = ["--set", "grid.theta=[0.1,0.9]", "--set", "grid.weight=[0.2]", "--set", "grid.learning_rate=[0.003]"]
    found, err = measure("--cache", 8, "--dynamic", "--tune-on", "valid.txt", *grid, "--set", "grid.decay=[0.0]")
    lines = err.splitlines()
    assert [line.rpartition("  ")[0] for line in lines] == [
        "theta 0.1  weight 0.2", "theta 0.9  weight 0.2", "learning_rate 0.003  decay 0"
    ]  # fmt: skip
    best = min(lines[:2], key=lambda line: float(line.split()[-1]))
    assert (f"{found['cache_theta']:g}", found["cache_weight"], found["tuned_on"]) == (
        best.split()[1],
        0.2,
        "valid.txt",
    )
    (folder / "t.txt").write_text(OTHER * 5, encoding="utf-8")
    again, err = measure("--cache", 8, "--dynamic", "--tune-on", "valid.txt", *grid, "--set", "grid.decay=[0.0]")
    assert err.splitlines() == lines  # the text that is measured has no say
    assert again["cache_theta"] == found["cache_theta"]


def test_only_the_beginning_of_the_validation_text_is_read(measure, folder):
    few = ["--cache", 8, "--tune-on", "valid.txt", "--set", "grid.tokens=9", "--set", "grid.theta=[0.3]"]
    _, err = measure(*few)
    (folder / "valid.txt").write_text(
        OTHER.splitlines(keepends=True)[0] + OTHER.splitlines(keepends=True)[1] + "money\n" * 9
    )
    assert measure(*few)[1] == err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--cache", 8, "--tune-on", "t.txt"], "t.txt: settings are not chosen on the text that is measured"),
        (["--tune-on", "valid.txt"], "--tune-on: there is nothing to choose without --cache N or --dynamic"),
        (
            ["--cache", 8, "--by-document", "d.jsonl"],
            "--by-document: a cache and dynamic evaluation measure the text as one",
        ),
        (["--cache", 8, "--tune-on", "empty.txt"], "--tune-on: the text has 0 sentences; at least 1 are needed"),
        (["--dynamic", "--tune-on", "one.txt"], "--tune-on: the text has 1 sentences; at least 2 are needed"),
        (["--cache", 8, "--tune-on", "none.txt"], "none.txt: no such file"),
        (["--set", "cache.theta=1"], "--set cache.*: there is nothing to set without --cache N"),
        (["--dynamic", "--set", "dynamic.learning_rate=1e30"], "lower dynamic.learning_rate"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(run_elmo, folder, arguments, message):
    (folder / "empty.txt").write_text("\n")
    (folder / "one.txt").write_text("the bank\n")
    before = set(folder.iterdir())
    done = run_elmo("perplexity", "m", "t.txt", "--pretokenized", *arguments)
    assert (done.status, done.out) == (2, "")
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert set(folder.iterdir()) == before
