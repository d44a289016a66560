"""Faults that real files, users and attackers showed in model files: one sentence each, or the right vectors.

Each test calls the command line or a public name as it was before the faults were fixed, and fails on that version.
"""

import json
import os
import shutil
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from conftest import GOLDEN, small_model

SMALL = GOLDEN / "allennlp" / "one_tanh"


@pytest.fixture
def published(tmp_path):
    """A published folder that a test may break."""
    folder = tmp_path / "published"
    folder.mkdir()
    for file in ("options.json", "weights.hdf5"):
        shutil.copy(SMALL / file, folder)
    return folder


@pytest.fixture
def native(published, run_elmo, tmp_path):
    """The same model in our own format."""
    assert run_elmo("convert", published, tmp_path / "native", "--to", "native").status == 0
    return tmp_path / "native"


@pytest.fixture
def refused(run_elmo):
    """Run `elmo info` on a folder that must be refused in one sentence: what it says."""

    def run(folder: Path) -> str:
        ran = run_elmo("info", folder)
        assert (ran.status, ran.out) == (2, "")
        (line,) = ran.err.splitlines()
        assert len(line) < 800, line
        return line

    return run


def edit(path, change):
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")


# A8: arrays that the options do not mention; a text that counts as true


def test_arrays_that_the_options_do_not_mention_are_refused_by_name(published, refused):
    with h5py.File(published / "weights.hdf5", "r+") as file:
        file["CNN_high_7/W_carry"] = np.zeros((3, 3), np.float32)
    assert "weights.hdf5: the options do not mention 'CNN_high_7/W_carry'; give the options.json" in refused(published)


def test_options_of_a_smaller_model_are_refused(published, refused):
    edit(published / "options.json", lambda options: options["char_cnn"].update(n_highway=0))
    assert "the options do not mention 'CNN_high_0/W_carry', 'CNN_high_0/W_transform'" in refused(published)


@pytest.mark.parametrize("value", ["False", "no", 0.5, [1]])
def test_a_setting_is_true_or_false_and_no_text(published, refused, value):
    edit(published / "options.json", lambda options: options["lstm"].update(use_skip_connections=value))
    assert f"use_skip_connections is {value!r}, expected true or false" in refused(published)


# A18: what other systems and programs leave in model folders


def test_a_byte_order_mark_before_json_is_read_over(published, native, run_elmo):
    for path in (published / "options.json", native / "config.json"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
        assert run_elmo("info", path.parent).status == 0


def test_files_that_a_mac_lays_beside_are_no_second_model(published, run_elmo):
    for name in ("._options.json", "._weights.hdf5"):
        (published / name).write_bytes(b"\0\5\26\7")
    (published / "options.json").rename(published / "elmo_options.json")
    (published / "weights.hdf5").rename(published / "elmo_weights.hdf5")
    ran = run_elmo("info", published, "--json")
    assert ran.status == 0, ran.err
    assert json.loads(ran.out)["format"] == "allennlp"


def test_words_have_fifty_characters_where_the_options_do_not_say(published, run_elmo):
    edit(published / "options.json", lambda options: options["char_cnn"].pop("max_characters_per_token"))
    ran = run_elmo("info", published, "--json")
    assert ran.status == 0, ran.err
    assert json.loads(ran.out)["max_characters"] == 50


def test_a_zip_with_backslashes_is_read_and_cannot_lead_outside(published, tmp_path, run_elmo, refused):
    for name, start in (("good.zip", "model\\"), ("bad.zip", "..\\..\\")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for file in ("options.json", "weights.hdf5"):
                info = zipfile.ZipInfo("x")
                info.filename = start + file
                archive.writestr(info, (published / file).read_bytes())
    assert run_elmo("info", tmp_path / "good.zip").status == 0
    assert "points outside the archive" in refused(tmp_path / "bad.zip")


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 99\n"


@pytest.mark.parametrize("file", ["weights.hdf5", "options.json"])
def test_a_pointer_of_git_lfs_is_named(published, refused, file):
    (published / file).write_text(POINTER)
    assert f"{file}: a pointer of Git LFS, not the file itself; run `git lfs pull`" in refused(published)


def test_a_pointer_of_git_lfs_among_our_files_is_named(native, refused):
    (native / "model.safetensors").write_text(POINTER)
    assert "model.safetensors: a pointer of Git LFS" in refused(native)


def test_weights_in_several_files_are_named(native, refused):
    (native / "model.safetensors").rename(native / "model-00001-of-00002.safetensors")
    (native / "model-00002-of-00002.safetensors").write_bytes(b"")
    (native / "model.safetensors.index.json").write_text("{}")
    assert "the weights are split into 2 files" in refused(native)


@pytest.mark.parametrize(
    ("config", "files", "what"),
    [
        (
            {"model_type": "bert", "architectures": ["BertModel"]},
            ["model.safetensors"],
            "a model of transformers (bert)",
        ),
        (
            {"dataset_reader": {"type": "conll"}, "model": {}},
            ["weights.th"],
            "an AllenNLP archive of a whole task",
        ),
    ],
)
def test_a_folder_of_another_program_is_named(tmp_path, refused, config, files, what):
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    for file in files:
        (folder / file).write_bytes(b"x")
    assert what in refused(folder)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        for path in folder.iterdir():
            archive.write(path, path.name)
    assert refused(tmp_path / "other.zip").startswith(f"elmo: {tmp_path / 'other.zip'}: {what}")


# C5: a task where a model is wanted


@pytest.mark.parametrize(("elmo", "advice"), [({"source": "en"}, "or give its model, 'en'"), (None, "without a model")])
def test_a_task_given_as_a_model_is_one_sentence(tmp_path, refused, elmo, advice):
    (tmp_path / "config.json").write_text(
        json.dumps({"format": "elmo task", "config": {"task": "tag"}, "labels": ["X"] * 500, "elmo": elmo})
    )
    line = refused(tmp_path)
    assert "a trained task, not a model; use it with `elmo predict" in line
    assert advice in line


def test_a_model_given_as_a_task_is_one_sentence(native, run_elmo, tmp_path):
    (tmp_path / "t.txt").write_text("the river\n")
    ran = run_elmo("predict", native, tmp_path / "t.txt")
    assert ran.status == 2
    assert ran.err == (
        f"elmo: {native}: a model, not a trained task; train a task on it with `elmo train ... -m {native}`, or embed with it\n"
    )


# C1 and C12: texts that a model cannot read

BASQUE = "Etxe zaharra ibaiaren ondoan dago eta bi txalupa astiro pasatzen dira .\n" * 3
ENGLISH = "The old house stands by the river and two boats pass slowly .\n" * 3


@pytest.mark.parametrize(("text", "warns"), [(BASQUE, True), (ENGLISH, False)])
def test_a_perplexity_of_unknown_words_warns(run_elmo, tmp_path, text, warns):
    (tmp_path / "t.txt").write_text(text)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ran = run_elmo("perplexity", "en", tmp_path / "t.txt", "--json")
    message = ran.err + " ".join(str(one.message) for one in caught)
    assert ran.status == 0
    facts = json.loads(ran.out)
    assert (facts["oov_rate"] >= 0.15) == warns
    assert ("of the words of this text are not in the vocabulary of the model" in message) == warns
    if warns:
        assert f"{facts['oov_rate']:.0%} of the words" in message


@pytest.mark.parametrize(
    ("text", "warns"), [(ENGLISH, True), ("今天 天气 真 好 。\n 他 用 Python 写 了 一个 程序 。\n", False)]
)
def test_a_text_in_another_script_than_the_models_warns(run_elmo, tmp_path, text, warns):
    (tmp_path / "t.txt").write_text(text, encoding="utf-8")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ran = run_elmo("embed", tmp_path / "t.txt", "-m", "zh", "--pretokenized", "-o", tmp_path / "v.npz")
    message = ran.err + " ".join(str(one.message) for one in caught)
    assert ran.status == 0
    assert ("of the letters of this text are Latin, and the model was trained on Han" in message) == warns


# B6: what a folder from elsewhere may hold


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "README.md"])
@pytest.mark.parametrize("kind", ["pipe", "device", "elsewhere"])
def test_pipes_devices_and_links_that_lead_out_are_refused(native, refused, tmp_path, name, kind):
    path = native / name
    if not path.exists():
        path.write_text("card")
    path.rename(tmp_path / "file")
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero" if kind == "device" else tmp_path / "file")
    line = refused(native)
    assert ("a link to" if kind == "elsewhere" else "not a regular file") in line or "contains no model" in line


def test_a_snapshot_of_the_hub_links_to_its_blobs(native, tmp_path, run_elmo):
    repository = tmp_path / "models--ana--elmo"
    snapshot = repository / "snapshots" / "0"
    snapshot.mkdir(parents=True)
    (repository / "blobs").mkdir()
    for path in native.iterdir():
        path.rename(repository / "blobs" / path.name)
        (snapshot / path.name).symlink_to(f"../../blobs/{path.name}")
    assert run_elmo("info", snapshot).status == 0


@pytest.mark.parametrize(
    "setting",
    [
        ("lstm", "n_layers"),
        ("lstm", "cell_size"),
        ("lstm", "projection_size"),
        ("char_cnn", "n_highway"),
        ("char_cnn", "embedding_size"),
        ("char_cnn", "max_characters"),
    ],
)
def test_sizes_of_a_billion_take_neither_time_nor_memory(native, refused, setting):
    part, name = setting
    edit(native / "config.json", lambda config: config["bilm"][part].update({name: 10**9}))
    refused(native)


def test_a_config_with_a_hundred_faults_names_the_first_few(native, refused):
    edit(native / "config.json", lambda config: config.update({f"unheard_{i}": "x" * 999 for i in range(100)}))
    assert "and 95 more" in refused(native)


# B12: no memory for a model

SHORT = """
import resource, sys
import elmo.cli.main, elmo.checkpoints.load, elmo.embed.embedder, torch
torch.zeros(9).matmul(torch.zeros(9))
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + 60 * 2**20
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
sys.argv = ["elmo", "info", sys.argv[1]]
elmo.cli.main.main()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits memory as Linux does")
def test_a_model_that_memory_cannot_hold_is_one_sentence(tmp_path):
    from elmo import Elmo
    from elmo.model.config import BiLMConfig

    shape = {"char_cnn": {"embedding_size": 16, "filters": [[1, 32]], "n_highway": 0}}
    sizes = {"n_layers": 1, "cell_size": 4000, "projection_size": 512}
    model = small_model(BiLMConfig.model_validate({**shape, "lstm": sizes}))
    Elmo(model).save_pretrained(tmp_path / "m", storage="float16")
    ran = subprocess.run(
        [sys.executable, "-c", SHORT, tmp_path / "m"], capture_output=True, text=True, check=False, timeout=100
    )
    assert ran.returncode == 2, ran.stderr[-2000:]
    (line,) = ran.stderr.splitlines()
    assert "not enough memory to load this model, whose files have" in line
