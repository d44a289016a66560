"""The command line: what each command prints and writes, and how it refuses bad input."""

import gzip
import io
import json
import os
import threading
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from conftest import small_model
from elmo import open_vectors
from elmo.checkpoints.formats.allennlp_hdf5 import save_allennlp
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.saved_model import TokenizerFacts
from elmo.embed.embedder import Elmo

LINES = "The bank of the river .\n\n  money\tmoney \nthe ö \U0001f469\u200d\U0001f52c\n"
FAST = [
    "--set",
    "rows=4",
    "--set",
    "window=7",
    "--set",
    "bilm.lstm.cell_size=16",
    "--set",
    "bilm.lstm.projection_size=8",
]


@pytest.fixture
def folder(tmp_path):
    save_native(small_model(), tmp_path / "m")
    return tmp_path / "m"


@pytest.fixture
def text(tmp_path):
    (tmp_path / "t.txt").write_text(LINES, encoding="utf-8")
    return tmp_path / "t.txt"


@pytest.mark.parametrize(("layers", "name"), [("all", "all"), ("top", "top"), ("mean", "average")])
def test_embed_writes_what_allennlps_command_wrote(shared, run_elmo, tmp_path, layers, name):
    source = shared / "fixtures" / "allennlp"
    out = tmp_path / "v.hdf5"
    how = ["--pretokenized", "--layers", layers, "--state", "carry", "--batch-size", 3, "-o", out]
    assert run_elmo("embed", source / "elmo_command_sentences.txt", "-m", source / "two_relu", *how).status == 0
    with h5py.File(source / f"elmo_command_{name}.hdf5") as expected, h5py.File(out) as ours:
        assert set(ours) == set(expected)
        assert len(ours) > 3
        for key in set(expected) - {"sentence_to_index"}:
            assert ours[key].shape == expected[key].shape
            assert np.allclose(ours[key][()], expected[key][()], atol=2e-6, rtol=0)
        assert json.loads(ours["sentence_to_index"][0]) == json.loads(expected["sentence_to_index"][0])


@pytest.mark.parametrize("ending", ["hdf5", "npz"])
def test_embed_keeps_the_row_of_every_line(run_elmo, folder, text, tmp_path, ending):
    out = tmp_path / f"v.{ending}"
    ran = run_elmo("embed", text, "-m", folder, "-o", out, "--pretokenized", "--json")
    assert json.loads(ran.out) == {"output": str(out), "lines": 4, "tokens": 11, "width": 14}
    expected = Elmo.from_pretrained(folder).embed([line.split() for line in LINES.splitlines()])
    with h5py.File(out) if ending == "hdf5" else np.load(out) as file:
        assert set(file) - {"sentence_to_index"} == {"0", "1", "2", "3"}
        for number, vectors in enumerate(expected):
            assert np.allclose(file[str(number)][()], vectors, atol=1e-6)
        assert file["1"].shape == (0, 14)


def test_embed_takes_weights_of_layers_and_compressed_raw_text(run_elmo, folder, tmp_path):
    with gzip.open(tmp_path / "t.gz", "wt") as file:
        file.write("The bank's river.\n")
    out = tmp_path / "v.npz"
    assert run_elmo("embed", tmp_path / "t.gz", "-m", folder, "-o", out, "--layers", "0.5,0,2").status == 0
    (expected,) = Elmo.from_pretrained(folder).embed([["The", "bank", "'s", "river", "."]], layers=[0.5, 0, 2])
    assert np.allclose(np.load(out)["0"], expected, atol=1e-6)


def test_embed_writes_a_folder_in_jobs(run_elmo, folder, tmp_path):
    pytest.importorskip("pyarrow")
    (tmp_path / "t.jsonl").write_text('{"body": "The bank. The river."}\n{"body": "Money"}\n')
    how = ["-m", folder, "-o", tmp_path / "v", "--split", "--text-field", "body", "--pooling", "max", "--float16"]
    for job, rows in (("1/2", 3), ("2/2", 0)):
        ran = run_elmo("embed", tmp_path / "t.jsonl", *how, "--shard", job, "--json")
        assert json.loads(ran.out)["rows"] == rows
    vectors = open_vectors(tmp_path / "v")
    assert [(row.line, row.vectors.shape, str(row.vectors.dtype)) for row in vectors] == [
        (1, (14,), "float16"), (1, (14,), "float16"), (2, (14,), "float16"),
    ]  # fmt: skip
    ran = run_elmo("embed", tmp_path / "t.jsonl", *how, "--shard", "1/2")
    assert ran.status == 2
    assert "manifest-1-of-2.json exists already; continue it with --resume" in ran.err
    assert run_elmo("embed", tmp_path / "t.jsonl", *how, "--shard", "1/2", "--resume").status == 0


def test_tokenize_prints_one_sentence_a_line_or_writes_a_file(run_elmo, tmp_path):
    (tmp_path / "t.txt").write_text("Dr. Smith doesn't bank there. Why?\n\nHe swims.\n")
    expected = "Dr. Smith does n't bank there .\nWhy ?\nHe swims .\n"
    assert run_elmo("tokenize", tmp_path / "t.txt").out == expected
    assert run_elmo("tokenize", tmp_path / "t.txt", "-o", tmp_path / "o.txt").out == ""
    assert (tmp_path / "o.txt").read_text() == expected


def test_tokenize_reads_standard_input_as_a_file(run_elmo, monkeypatch):
    for content, expected in ((b"\xef\xbb\xbfOne.\rTwo.\r\nThree.\n", "One .\nTwo .\nThree .\n"), (b"", "")):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        assert run_elmo("tokenize", "-").out == expected
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"good\nna\xefve\n")))
    assert "standard input, line 2: not UTF-8" in run_elmo("tokenize", "-").err


@pytest.mark.filterwarnings("ignore:.* of the words of this text are not in the vocabulary")
def test_perplexity_reads_a_pipe(run_elmo, folder, text, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_text(LINES, encoding="utf-8"))
    writer.start()
    ran = run_elmo("perplexity", folder, tmp_path / "pipe", "--pretokenized", "--json")
    writer.join()
    assert ran.out == run_elmo("perplexity", folder, text, "--pretokenized", "--json").out != ""


@pytest.mark.filterwarnings("ignore:.* of the words of this text are not in the vocabulary")
def test_perplexity_has_the_keys_of_the_counting_rule(run_elmo, folder, text):
    facts = json.loads(run_elmo("perplexity", folder, text, "--pretokenized", "--json").out)
    assert set(facts) == {
        *("forward", "backward", "mean", "bits_per_byte", "tokens", "oov_rate", "state", "sentences", "bytes"),
        *("spelling_bits", "warning"),
    }
    assert facts["tokens"] == (6 + 1) + (2 + 1) + (3 + 1)
    assert facts["mean"] == pytest.approx((facts["forward"] * facts["backward"]) ** 0.5)
    nats = facts["tokens"] * np.log(facts["mean"])
    assert facts["bits_per_byte"] == pytest.approx((nats / np.log(2) + facts["spelling_bits"]) / facts["bytes"])
    assert facts["bytes"] == len(LINES.encode()) - 1  # all but the blank line


def test_convert_there_and_back_and_info_of_both(run_elmo, folder, tmp_path):
    there, back = tmp_path / "a", tmp_path / "b"
    ran = run_elmo("convert", folder, there, "--to", "allennlp", "--json")
    note = "bilm-tf reads this, AllenNLP does not: its words are not of 50 characters"
    assert json.loads(ran.out) == {"output": str(there), "format": "allennlp", "left_out": "softmax", "note": note}
    assert run_elmo("convert", there, back, "--to", "native").status == 0
    sentence = [["the", "river"]]
    before, after = (Elmo.from_pretrained(f).embed(sentence)[0] for f in (folder, back))
    assert np.array_equal(before, after)
    for path, kind, words in ((folder, "native", 9), (there, "allennlp", 0)):
        facts = json.loads(run_elmo("info", path, "--json").out)
        assert (facts["format"], facts["layers"], facts["width"], facts["softmax_words"]) == (kind, 3, 14, words)
        assert all(not isinstance(value, dict | list) for value in facts.values())


def test_pretrain_ends_in_a_model_that_all_commands_take(run_elmo, corpus_file, tmp_path):
    ran = run_elmo("pretrain", "--corpus", corpus_file, "-o", tmp_path / "run", "--max-steps", 5, *FAST, "--json")
    facts = json.loads(ran.out)
    assert (facts["steps"], facts["model"]) == (5, str(tmp_path / "run"))
    info = json.loads(run_elmo("info", tmp_path / "run", "--json").out)
    assert all(not isinstance(value, dict | list) for value in info.values())
    assert (info["tokenizer"], info["training.steps"], info["cell_size"]) == ("elmo-words 2", 5, 16)
    again = run_elmo("perplexity", tmp_path / "run", corpus_file, "--json")
    assert json.loads(again.out)["tokens"] == 10 * (8 + 7 + 10) + 30


def test_the_version_is_printed(run_elmo):
    import elmo

    assert run_elmo("--version").out == f"elmo {elmo.__version__}\n"


def bad_calls(tmp_path):
    """Arguments and what the one line must say; nothing may be written."""
    model, text = tmp_path / "m", tmp_path / "t.txt"
    latin, empty, one = tmp_path / "latin.txt", tmp_path / "empty.txt", tmp_path / "one.txt"
    new = tmp_path / "new"
    return {
        "no model": (["embed", text, "-m", tmp_path / "no", "-o", tmp_path / "v.npz"], f"{tmp_path}/no: no such model"),
        "no text": (["embed", tmp_path / "no.txt", "-m", model, "-o", tmp_path / "v.npz"], "no.txt: no such file"),
        "output exists": (["embed", text, "-m", model, "-o", text], "vectors are written as .hdf5, .h5, .npz"),
        "vectors exist": (["embed", text, "-m", model, "-o", tmp_path / "old.npz"], "exists already; give another"),
        "not UTF-8": (["embed", latin, "-m", model, "-o", tmp_path / "v.hdf5"], "latin.txt, line 2: not UTF-8"),
        "no layer": (
            ["embed", text, "-m", model, "-o", tmp_path / "v.npz", "--layers", "7"],
            "this model has 3 layers",
        ),
        "no layers": (["embed", text, "-m", model, "-o", tmp_path / "v.npz", "--layers", "best"], "layers='best'"),
        "no warm state": (
            ["embed", text, "-m", model, "-o", tmp_path / "v.npz", "--state", "warm"],
            "without a settled",
        ),
        "folder without warm": (["embed", text, "-m", model, "-o", new, "--state", "warm"], "without a settled"),
        "folder carried": (["embed", text, "-m", model, "-o", new, "--state", "carry"], "supports zero or warm"),
        "folder of a file": (["embed", text, "-m", model, "-o", text / "new"], "is not a folder"),
        "folder over a file": (["embed", text, "-m", model, "-o", tmp_path / "file"], "is not a folder"),
        "folder of others to embed": (
            ["embed", text, "-m", model, "-o", tmp_path / "theirs"],
            "contains files that are not vectors",
        ),
        "long folder": (["embed", text, "-m", model, "-o", tmp_path / (300 * "x")], "no file can have this name"),
        "job": (["embed", text, "-m", model, "-o", new, "--shard", "3/2"], "--shard 3/2: not I/N"),
        "pooled file": (
            ["embed", text, "-m", model, "-o", tmp_path / "v.npz", "--pooling", "max"],
            "works only with a folder",
        ),
        "forced folder": (["embed", text, "-m", model, "-o", new, "--force"], "works only with a file"),
        "no options": (["info", tmp_path / "bare"], "looked for config.json with model.safetensors"),
        "options alone": (["info", tmp_path / "half"], "options.json but no weights"),
        "cut weights": (["info", tmp_path / "cut"], "weights.hdf5: not a whole HDF5 file"),
        "convert exists": (["convert", model, tmp_path / "cut", "--to", "native"], "exists already"),
        "no softmax": (["perplexity", tmp_path / "published", text], "this model has no softmax"),
        "empty text": (["perplexity", model, empty], "the text is empty"),
        "empty corpus": (["pretrain", "--corpus", empty, "-o", new], "no text in the corpus"),
        "one sentence": (["pretrain", "--corpus", one, "-o", new], "one sentence in the corpus"),
        "no corpus": (["pretrain", "-o", new], "no corpus; give files with --corpus"),
        "no match": (["pretrain", "--corpus", tmp_path / "*.xyz", "-o", new], "*.xyz: no such file"),
        "no run": (["pretrain", "--resume", "-o", new], "run.json: no such file"),
        "no setting": (
            ["pretrain", "--corpus", text, "-o", new, "--set", "layers=3"],
            "layers: no such setting; did you mean",
        ),
        "no size": (["pretrain", "--corpus", text, "-o", new, "--size", "huge"], "no size 'huge'"),
        "no recipe": (["pretrain", "--corpus", text, "-o", new, "--recipe", tmp_path / "r.toml"], "no such recipe"),
        "no vocabulary": (["pretrain", "--corpus", text, "-o", new, "--vocabulary", tmp_path / "v"], "no such vocab"),
        "no held-out text": (
            ["pretrain", "--corpus", text, "-o", new, "--heldout", empty],
            "contains no held-out text",
        ),
        "settings of a resume": (["pretrain", "--resume", "-o", new, "--set", "rows=2"], "leave out --set"),
        "no such run": (["pretrain", "--corpus", text, "-o", text], "exists already; give another name"),
        "below a file": (["pretrain", "--corpus", text, "-o", text / "new"], "is not a folder"),
        "too large": (["pretrain", "--corpus", text, "-o", new, "--set", "bilm.lstm.cell_size=999999"], "GiB"),
        "vocabulary twice": (
            ["pretrain", "--corpus", text, "-o", new, "--vocabulary", tmp_path / "twice"],
            "line 5: 'a'",
        ),
        "long name": (["embed", text, "-m", model, "-o", tmp_path / f"{300 * 'x'}.npz"], "no file can have this name"),
        "long model": (["info", tmp_path / (300 * "x")], "no such model folder"),
        "long run": (["pretrain", "--corpus", text, "-o", tmp_path / (300 * "x")], "no file can have this name"),
        "a folder of others": (
            ["demo", "-m", model, "-o", tmp_path / "theirs", "--force"],
            "a folder with other files",
        ),
        "folder for file": (["tokenize", text, "-o", tmp_path / "theirs", "--force"], "but the output is a file"),
        "not finite": (["embed", text, "-m", model, "-o", tmp_path / "v.npz", "--layers", "nan,0,1"], "must be finite"),
        "tokenize exists": (["tokenize", text, "-o", latin], "exists already"),
        "demo exists": (["demo", "-o", model], "exists already"),
    }


@pytest.mark.parametrize("name", list(bad_calls(Path())))
def test_bad_input_gets_one_sentence_and_leaves_nothing(run_elmo, folder, text, tmp_path, name):
    (tmp_path / "latin.txt").write_bytes(b"good\nna\xefve\n")
    (tmp_path / "empty.txt").write_bytes(b"\n \n")
    (tmp_path / "one.txt").write_text("One sentence only.\n")
    (tmp_path / "old.npz").touch()
    (tmp_path / "file").touch()
    (tmp_path / "twice").write_text("<S>\n</S>\n<UNK>\na\na\n")
    for empty in ("bare", "theirs"):
        (tmp_path / empty).mkdir()
    (tmp_path / "theirs" / "thesis.tex").touch()
    for published in ("half", "cut", "published"):
        save_allennlp(small_model(), tmp_path / published)
    (tmp_path / "half" / "weights.hdf5").unlink()
    (tmp_path / "cut" / "weights.hdf5").write_bytes((tmp_path / "published" / "weights.hdf5").read_bytes()[:3000])
    before = {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")}
    arguments, message = bad_calls(tmp_path)[name]
    ran = run_elmo(*arguments)
    assert ran.status == 2
    assert message in ran.err
    errors = [line for line in ran.err.splitlines() if not line.startswith("read ")]
    assert len(errors) == 1
    assert "Traceback" not in ran.err
    assert errors[0].startswith("elmo: ")
    assert ran.out == ""
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*")} == before


def test_a_run_is_not_begun_twice(run_elmo, corpus_file, tmp_path):
    start = ["pretrain", "--corpus", corpus_file, "-o", tmp_path / "run", "--max-steps", 2, *FAST]
    assert run_elmo(*start).status == 0
    ran = run_elmo(*start)
    assert (ran.status, "already contains a run; continue it with --resume" in ran.err) == (2, True)


def test_another_tokenizer_is_a_line_on_stderr(run_elmo, text, tmp_path, monkeypatch):
    monkeypatch.setattr("warnings.filters", [])
    model = small_model()
    facts = TokenizerFacts(name="elmo-words", version="0")
    config = model.config.model_copy(update={"tokenizer": facts})
    save_native(replace(model, config=config), tmp_path / "m")
    ran = run_elmo("embed", text, "-m", tmp_path / "m", "-o", tmp_path / "v.npz")
    assert ran.status == 0
    assert ran.err.startswith(f"elmo: warning: {tmp_path}/m: trained on text of tokenizer elmo-words 0")
    assert len(ran.err.splitlines()) == 1


def test_wrong_usage_is_status_2(run_elmo):
    assert run_elmo("embed").status == 2
    assert run_elmo("no-such-command").status == 2
    assert run_elmo("info", "x", "--no-such-flag").status == 2
