"""Each command that reads text, on the same sentences in each kind of file: equal results; what is no text is refused by name."""

import bz2
import gzip
import io
import json
import lzma
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from conftest import small_model
from elmo.checkpoints.formats.native import save_native
from elmo.text.shards import read_encoded_text

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")

SENTENCES = [
    "The bank of the river was green .",
    "She put money in the bank .",
    "Ünder the 川 river , it said ; no more .",
    "The river runs by the bank of the town .",
    "money lends the river money .",
]
FAST = ["--set", "bilm.lstm.cell_size=16", "--set", "bilm.lstm.projection_size=8", "--set", "rows=2", "--max-steps", 1]


def conllu(sentences):
    row = "{}\t{}\t_\tX\t_\t_\t0\t_\t_\t_"
    return "\n\n".join("\n".join(row.format(i, word) for i, word in enumerate(s.split(), 1)) for s in sentences) + "\n"


def jsonl(sentences):
    return "".join(json.dumps({"id": 1, "text": s}) + "\n" for s in sentences)


def table(delimiter):
    quoted = "\n".join(f'1{delimiter}"{s}"' if delimiter != "\t" else f"1\t{s}" for s in SENTENCES)
    return f"id{delimiter}text\n{quoted}\n"


def parquet(kind):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed (pip install 'elmo-lm[bulk]')")
    parquet = pytest.importorskip("pyarrow.parquet")
    file = io.BytesIO()
    column = pyarrow.array(SENTENCES if "string" in kind else [s.encode() for s in SENTENCES], getattr(pyarrow, kind)())
    parquet.write_table(pyarrow.table({"text": column}), file)
    return file.getvalue()


def zst(content):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed (pip install 'elmo-lm[bulk]')")
    return pyarrow.compress(content, codec="zstd", asbytes=True)


LINES = "".join(f"{s}\n" for s in SENTENCES)
FORMATS = {
    "a.txt": lambda: LINES,
    "a.jsonl": lambda: jsonl(SENTENCES),
    "b.JSONL": lambda: jsonl(SENTENCES),
    "a.ndjson": lambda: jsonl(SENTENCES),
    "a.jsonlines": lambda: jsonl(SENTENCES),
    "a.json": lambda: json.dumps([{"text": s} for s in SENTENCES], indent=1),
    "strings.json": lambda: json.dumps(SENTENCES, ensure_ascii=False),
    "lines.json": lambda: jsonl(SENTENCES),
    "records.dat": lambda: jsonl(SENTENCES),
    "a.csv": lambda: table(","),
    "semicolons.csv": lambda: table(";"),
    "a.tsv": lambda: table("\t"),
    "a.parquet": partial(parquet, "string"),
    "b.PARQUET": partial(parquet, "string_view"),
    "c.parquet": partial(parquet, "binary"),
    "a.conllu": lambda: conllu(SENTENCES),
    "a.conll": lambda: "\n\n".join("\n".join(f"{word} O" for word in s.split()) for s in SENTENCES),
    "a.txt.gz": lambda: gzip.compress(LINES.encode()),
    "b.TXT.GZ": lambda: gzip.compress(LINES.encode()),
    "not-called-so.txt": lambda: gzip.compress(LINES.encode()),
    "a.txt.xz": lambda: lzma.compress(LINES.encode()),
    "a.txt.zst": lambda: zst(LINES.encode()),
    "a.txt.bz2": lambda: bz2.compress(LINES.encode()),
    "a.csv.bz2": lambda: bz2.compress(table(",").encode()),
    "a.parquet.gz": lambda: gzip.compress(parquet("string")),
    "marked.txt": lambda: LINES.encode("utf-16"),
    "unmarked.txt": lambda: LINES.encode("utf-16-le"),
    "big-endian.txt.gz": lambda: gzip.compress(LINES.encode("utf-16-be")),
}
NO_TEXT = {
    "a.zip": (b"PK\x03\x04" + bytes(99), "zip archive"),
    "a.txt": (b"PK\x03\x04" + bytes(99), "zip archive"),
    "a.docx": (b"PK\x03\x04" + bytes(99), "Word document"),
    "a.pdf": (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", "PDF"),
    "a.jsonl": (b"\x89HDF\r\n\x1a\n" + bytes(99), "HDF5"),
    "a.csv": (b"\x93NUMPY" + bytes(99), "NumPy"),
    "a.txt.gz": (gzip.compress(bytes(257) + b"ustar\x0000"), "tar archive"),
    "b.txt.gz": (gzip.compress(gzip.compress(b"text")), "compressed twice"),
    "a.parquet": (b"%PDF-1.4\n", "PDF"),
    "a.txt.bz2": (b"plain text\n", "not compressed"),
}


def embed(run, model, path, out):
    run("embed", path, "-m", model, "-o", out / "v.npz")
    with np.load(out / "v.npz") as held:
        return [held[name].tolist() for name in sorted(held.files) if held[name].dtype.kind == "f"]


def embed_hdf5(run, model, path, out):
    h5py = pytest.importorskip("h5py")
    run("embed", path, "-m", model, "-o", out / "v.hdf5")
    with h5py.File(out / "v.hdf5") as file:
        return {name: file[name][()].tolist() for name in file}


def embed_folder(run, model, path, out):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed (pip install 'elmo-lm[bulk]')")
    run("embed", path, "-m", model, "-o", out / "v")
    (shard,) = (out / "v").glob("part-*")
    found = pyarrow.ipc.open_file(shard).read_all().to_pylist()
    return [{name: value for name, value in row.items() if name not in ("line", "id")} for row in found]


def perplexity(run, model, path, out):
    facts = json.loads(run("perplexity", model, path, "--pretokenized", "--json"))
    by_document = ("perplexity", model, path, "--by-document", out / "d.jsonl", "--json")
    found = json.loads(run(*by_document))
    rows = [json.loads(line) for line in (out / "d.jsonl").read_text().splitlines()]
    whole = ("documents", "by_document")
    return facts, {k: v for k, v in found.items() if k not in whole}, sum(row["tokens"] for row in rows)


def score(run, model, path, out):
    rows = [json.loads(line) for line in run("score", model, path, "--pretokenized", "--json").splitlines()]
    return [{name: value for name, value in row.items() if name != "line"} for row in rows]


def tokenize(run, model, path, out):
    run("tokenize", path, "-o", out / "t.txt")
    return run("tokenize", path), (out / "t.txt").read_bytes()


def doctor(run, model, path, out):
    found = json.loads(run("doctor", path, "--json"))
    return {
        name: found[name] for name in ("tokens", "types", "sentences", "lines", "bytes", "script_latin", "files_unread")
    }


def plan(run, model, path, out):
    found = json.loads(run("plan", "--corpus", path, "--seconds", 0, "--json", "--size", "tiny", "--set", "rows=2"))
    return {name: found[name] for name in ("tokens", "types", "sentences", "exact")}


def pretrain(run, model, path, out):
    run("pretrain", "--corpus", path, "-o", out / "run", *FAST)
    text = read_encoded_text(out / "run" / "corpus")
    return [text.sentence(i) for i in range(text.n_sentences)], list(text.words), text.heldout.tolist()


def neighbours(run, model, path, out):
    found = json.loads(
        run("neighbours", model, path, "The [bank] of the river", "--index", out / "i", "--json", "-n", 3)
    )
    return {name: value for name, value in found.items() if not name.endswith(".line")}


def change(run, model, path, out):
    how = ("--min-count", 2, "--permutations", 10, "--json")
    return json.loads(run("change", model, path, path, *how))


def to_static(run, model, path, out):
    run("to-static", model, path, "--min-count", 2, "-o", out / "v.txt")
    return (out / "v.txt").read_bytes()


def predict(run, model, path, out):
    rows = [json.loads(line) for line in run("predict", model.parent / "task", path, "--json").splitlines()]
    return [{name: value for name, value in row.items() if name != "line"} for row in rows]


SIMILAR = ",word1,word2,similarity\n0,river,bank,3\n1,bank,money,2\n2,money,the,1\n3,river,the,1\n"
PROBE_WORDS = ("--probes", "words", "--seeds", 2, "--no-random", "--noise", 0, "--json")


def probe(run, model, path, out):
    return json.loads(run("probe", model, similar_words(model), "--corpus", path, *PROBE_WORDS))


COMMANDS = [
    embed, embed_hdf5, embed_folder, perplexity, score, tokenize, doctor, plan, pretrain, neighbours, change, to_static,
    predict, probe,
]  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A model, and beside it a task that was trained without it."""
    folder = tmp_path_factory.mktemp("model")
    save_native(small_model(), folder / "m")
    rows = "".join(json.dumps({"text": s, "label": "ab"[i % 2]}) + "\n" for i, s in enumerate(SENTENCES))
    (folder / "train.jsonl").write_text(rows)
    from elmo.apps.tasks.task_recipe import task_run
    from elmo.apps.tasks.train_task import train_task

    settings = ["cell_size=8", "inputs.word_size=4", "inputs.character_size=4", "epochs=1", "batch_size=4"]
    train = task_run(None, {"task": "classify"}, folder / "train.jsonl", folder / "train.jsonl", True, settings)
    train_task(train, folder / "task")
    return folder / "m"


@pytest.fixture
def run(run_elmo):
    def checked(*arguments):
        ran = run_elmo(*arguments)
        assert ran.status == 0, ran.err
        return ran.out

    return checked


@pytest.mark.parametrize("command", COMMANDS)
def test_every_kind_of_file_gives_the_same(command, run, model, tmp_path):
    found = {}
    for number, (name, content) in enumerate(FORMATS.items()):
        path = tmp_path / name
        made = content()
        path.write_bytes(made if isinstance(made, bytes) else made.encode())
        out = tmp_path / f"out-{number}"
        out.mkdir()
        found[name] = command(run, model, path, out)
    assert [name for name, value in found.items() if value != found["a.txt"]] == []


ARGUMENTS = {
    "embed": lambda path, model, out: ("embed", path, "-m", model, "-o", out / "v.hdf5"),
    "embed to a folder": lambda path, model, out: ("embed", path, "-m", model, "-o", out / "v"),
    "perplexity": lambda path, model, out: ("perplexity", model, path, "--by-document", out / "d.jsonl"),
    "score": lambda path, model, out: ("score", model, path),
    "tokenize": lambda path, model, out: ("tokenize", path, "-o", out / "t.txt"),
    "doctor": lambda path, model, out: ("doctor", path),
    "plan": lambda path, model, out: ("plan", "--corpus", path, "--seconds", 0),
    "pretrain": lambda path, model, out: ("pretrain", "--corpus", path, "-o", out / "run", *FAST),
    "neighbours": lambda path, model, out: ("neighbours", model, path, "The [bank]", "--index", out / "i"),
    "change": lambda path, model, out: ("change", model, path, path, "-o", out / "c"),
    "to-static": lambda path, model, out: ("to-static", model, path, "-o", out / "v.txt"),
    "predict": lambda path, model, out: ("predict", model.parent / "task", path),
    "probe": lambda path, model, out: (
        "probe",
        model,
        similar_words(model),
        "--corpus",
        path,
        "-o",
        out / "p",
        *PROBE_WORDS,
    ),
}


def similar_words(model):
    """A folder with a list of scored pairs, beside the model."""
    folder = model.parent / "similar"
    (folder / "wordsim").mkdir(parents=True, exist_ok=True)
    (folder / "wordsim" / "toy.csv").write_text(SIMILAR)
    return folder


@pytest.mark.parametrize("command", ARGUMENTS)
def test_what_is_no_text_is_refused_by_name(command, run_elmo, model, tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed (pip install 'elmo-lm[bulk]')")
    (tmp_path / "out").mkdir()
    for name, (content, what) in NO_TEXT.items():
        path = tmp_path / name
        path.write_bytes(content)
        ran = run_elmo(*ARGUMENTS[command](path, model, tmp_path / "out"))
        assert (ran.status, len(ran.err.strip().splitlines())) == (2, 1), (name, ran.err)
        assert what in ran.err
        assert name in ran.err
        assert list((tmp_path / "out").iterdir()) == [], name


@pytest.mark.parametrize("command", COMMANDS)
def test_standard_input_is_a_file_like_others(command, run, model, tmp_path, monkeypatch):
    def run_with_input(*arguments):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))
        return run(*arguments)

    if command is change:  # two files, and there is one standard input
        pytest.skip("change reads two texts")
    (tmp_path / "a.txt").write_text(LINES)
    found = []
    for number, content in enumerate(  # noqa: B007  run_with_input reads it
        (LINES.encode(), jsonl(SENTENCES).encode(), gzip.compress(LINES.encode()), parquet("string"))
    ):
        out = tmp_path / f"out-{number}"
        out.mkdir()
        found.append(command(run_with_input, model, Path("-"), out))
    (tmp_path / "out").mkdir()
    assert found == [command(run, model, tmp_path / "a.txt", tmp_path / "out")] * 4


def test_a_closed_standard_input_is_one_sentence(run_elmo, model, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    for name, arguments in ARGUMENTS.items():
        ran = run_elmo(*arguments(Path("-"), model, tmp_path))
        assert (ran.status, "standard input is closed" in ran.err) == (2, True), (name, ran.err)
