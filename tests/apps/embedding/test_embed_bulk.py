"""A folder of Arrow shards: right, read at random, resumed after kill -9, cut into jobs, refused in one sentence."""

import json
import os
import pickle
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from conftest import small_model
from elmo import open_vectors
from elmo.apps.embedding.embed_bulk import embed_corpus
from elmo.apps.embedding.embed_workers import embed_with_workers
from elmo.checkpoints.formats.native import save_native
from elmo.embed import row_stream
from elmo.embed.arrow_vectors import manifest_file, read_manifest, shard_file
from elmo.embed.embedder import Elmo
from elmo.errors import ConfigError, OutputError, TextError
from elmo.storage.file_lock import file_lock

pyarrow = pytest.importorskip("pyarrow")
pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")
PER_SHARD = 7


@pytest.fixture
def folder(tmp_path):
    """A model and a text of 40 lines, some of them blank."""
    save_native(small_model(scale=1.5), tmp_path / "model")
    rng = random.Random(0)
    lines = [
        "" if n % 9 == 3 else " ".join(f"w{rng.randrange(50)}" for _ in range(rng.randrange(1, 12))) for n in range(40)
    ]
    (tmp_path / "text.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


def bulk(folder, name="vectors", **settings):
    settings = {"pretokenized": True, "rows_per_shard": PER_SHARD} | settings
    return embed_corpus(folder / "text.txt", str(folder / "model"), folder / name, **settings)


def lines_of(folder):
    return [line.split() for line in (folder / "text.txt").read_text().splitlines()]


@pytest.mark.parametrize("pooling", [None, "mean", "max"])
@pytest.mark.parametrize("layers", ["mean", "all", -1])
@pytest.mark.parametrize("number", ["float32", "float16"])
def test_rows_hold_what_embed_gives(folder, layers, pooling, number):
    facts = bulk(folder, layers=layers, pooling=pooling, number=number)
    vectors = open_vectors(folder / "vectors")
    assert facts["rows"] == len(vectors) == 40
    assert vectors.is_whole
    expected = Elmo.from_pretrained(folder / "model").embed(lines_of(folder), layers, pooling)
    for n, (row, words, x) in enumerate(zip(vectors, lines_of(folder), expected, strict=True)):
        assert (row.row, row.line, row.tokens) == (n, n + 1, words)
        assert row.vectors.dtype == number
        assert np.allclose(row.vectors, x, atol=1e-5 if number == "float32" else 2e-3)
        line = " ".join(words)
        assert [line[a:b] for a, b in zip(row.start, row.end, strict=True)] == words


def test_rows_are_read_by_number_from_the_end_and_in_slices(folder):
    bulk(folder)
    vectors = open_vectors(folder / "vectors")
    assert vectors[-1].row == 39
    assert [row.row for row in vectors[5:20:7]] == [5, 12, 19]
    for wrong in (40, -41):
        with pytest.raises(IndexError):
            vectors[wrong]


def test_shards_are_feather_files_that_others_read(folder):
    bulk(folder)
    feather = pytest.importorskip("pyarrow.feather")
    dataset = pytest.importorskip("pyarrow.dataset")
    table = feather.read_table(shard_file(folder / "vectors", 1))
    assert table.column("row").to_pylist() == list(range(7, 14))
    files = [str(path) for path in sorted((folder / "vectors").glob("part-*"))]
    assert dataset.dataset(files, format="feather").to_table().column("row").to_pylist() == list(range(40))


def test_jobs_write_one_folder_together(folder):
    bulk(folder, "whole")
    bulk(folder, job=2, n_jobs=3)
    some = open_vectors(folder / "vectors")
    assert not some.is_whole
    assert len(some) == 40
    assert some[15].row == 15
    with pytest.raises(TextError, match=r"part-000000.arrow: not written yet"):
        some[0]
    for job in (0, 1):
        bulk(folder, job=job, n_jobs=3)
    assert_same(folder / "vectors", folder / "whole")


def assert_same(one, other):
    a, b = open_vectors(one), open_vectors(other)
    assert a.is_whole
    assert len(a) == len(b)
    for x, y in zip(a, b, strict=True):
        assert (x.row, x.line, x.tokens) == (y.row, y.line, y.tokens)
        assert np.allclose(x.vectors, y.vectors, atol=1e-5)


def test_a_resume_writes_what_is_missing_and_nothing_else(folder):
    bulk(folder, "whole")
    bulk(folder)
    target = folder / "vectors"
    manifest = read_manifest(manifest_file(target, 0, 1))
    fewer = {n: rows for n, rows in manifest.shards.items() if n not in (1, 4)}
    manifest_file(target, 0, 1).write_text(
        manifest.model_copy(update={"shards": fewer, "n_rows": None}).model_dump_json()
    )
    shard_file(target, 1).unlink()
    shard_file(target, 4).write_bytes(b"what a killed process may leave")
    (target / ".elmo-part-0123").mkdir()
    facts = bulk(folder, resume=True)
    assert facts["new_shards"] == 2
    assert_same(target, folder / "whole")
    assert not list(target.glob(".elmo-part-*"))
    assert bulk(folder, resume=True)["new_shards"] == 0


def test_a_resume_with_other_settings_or_another_text_is_refused(folder):
    bulk(folder)
    for change, message in (
        ({"layers": "top"}, "layers"),
        ({"number": "float16"}, "number"),
        ({"dtype": "int8"}, "dtype"),
    ):
        with pytest.raises(OutputError, match=f"was started with {message} "):
            bulk(folder, resume=True, **change)
    with pytest.raises(OutputError, match=r"manifest\.json exists already; continue it with --resume"):
        bulk(folder)
    (folder / "text.txt").write_text("another text\n")
    with pytest.raises(OutputError, match="was started with source_bytes"):
        bulk(folder, resume=True)


def test_what_cannot_be_is_reported_before_anything_is_written(folder):
    for change, error, message in (
        ({"state": "carry"}, ConfigError, "supports zero or warm"),
        ({"state": "warm"}, ConfigError, "without a settled start state"),
        ({"layers": 7}, ConfigError, "layers=7"),
        ({"pooling": "sum"}, ConfigError, "pooling"),
        ({"job": 3, "n_jobs": 3}, ConfigError, "job 4 of 3"),
        ({"number": "float64"}, ConfigError, "number 'float64'; there are float32, float16"),
        ({"rows_per_shard": 0}, ConfigError, "rows_per_shard 0: must be at least 1"),
        ({"split": True}, ConfigError, "split and pretokenized"),
    ):
        with pytest.raises(error, match=message):
            bulk(folder, **change)
        assert not (folder / "vectors").exists()
    (folder / "other").mkdir()
    (folder / "other" / "letter.txt").write_text("x")
    with pytest.raises(OutputError, match="contains files that are not vectors"):
        bulk(folder, "other")
    with pytest.raises(TextError, match="contains no manifest of vectors"):
        open_vectors(folder / "other")


def test_a_damaged_folder_is_reported(folder):
    bulk(folder)
    shard_file(folder / "vectors", 2).write_bytes(b"damaged")
    with pytest.raises(TextError, match=r"part-000002\.arrow: cannot be read"):
        open_vectors(folder / "vectors")[15]
    for content in ("{", "[]", json.dumps({"settings": 3})):
        manifest_file(folder / "vectors", 0, 1).write_text(content)
        with pytest.raises(TextError, match="not a manifest of vectors"):
            open_vectors(folder / "vectors")


def test_damage_within_a_shard_is_reported(folder):
    bulk(folder)
    path = shard_file(folder / "vectors", 2)
    whole = path.read_bytes()
    path.write_bytes(shard_file(folder / "vectors", 1).read_bytes())
    with pytest.raises(TextError, match=r"part-000002\.arrow: cannot be read \(rows of another folder\)"):
        open_vectors(folder / "vectors")[15]
    rng = random.Random(3)
    n_damaged = 0
    for _ in range(300):
        at = rng.randrange(len(whole) // 3)  # where schema, lengths and tokens are
        path.write_bytes(whole[:at] + bytes(rng.randrange(256) for _ in range(4)) + whole[at + 4 :])
        try:
            open_vectors(folder / "vectors")[15]
        except TextError:
            n_damaged += 1
    assert n_damaged > 20
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TextError, match=r"part-000002\.arrow: cannot be read"):
        open_vectors(folder / "vectors")[15]


@pytest.mark.parametrize("name", ["part-000000.arrow", "manifest.json"])
def test_a_pipe_in_the_place_of_a_file_is_reported(folder, name):
    bulk(folder)
    (folder / "vectors" / name).unlink()
    os.mkfifo(folder / "vectors" / name)
    with pytest.raises(TextError, match=f"{name}: .*is not a regular file"):
        open_vectors(folder / "vectors")[0]


def test_a_width_that_no_array_can_have_is_reported(folder):
    bulk(folder)
    path = manifest_file(folder / "vectors", 0, 1)
    facts = json.loads(path.read_text())
    facts["settings"]["width"] = 10**30
    path.write_text(json.dumps(facts))
    with pytest.raises(TextError, match=r"part-000000\.arrow: cannot be read"):
        open_vectors(folder / "vectors")[0]


def first_list_holds_two(column):
    """The list of the second row is empty, and its values belong to the first row."""
    first, second, *others = column.to_pylist()
    return pyarrow.array([first + second, [], *others], column.type)


@pytest.mark.parametrize(
    ("number", "change", "reason"),
    [
        (0, lambda column: column.take(pyarrow.array([0, 2, 1])), "rows of another folder"),
        (2, first_list_holds_two, "a row has more tokens than vectors, or fewer"),
        (3, first_list_holds_two, "a row has more tokens than vectors, or fewer"),
        (5, first_list_holds_two, "a row has more tokens than vectors, or fewer"),
        (1, lambda column: pyarrow.nulls(len(column), column.type), "a row has no tokens or no vectors"),
        (5, lambda column: pyarrow.nulls(len(column), column.type), "a row has no tokens or no vectors"),
        (2, lambda column: pyarrow.array([[None] * len(row) for row in column], column.type), "is missing"),
        (5, lambda column: pyarrow.array([[None] * len(row) for row in column], column.type), "is missing"),
    ],
)
def test_rows_that_do_not_fit_together_are_reported(folder, number, change, reason):
    bulk(folder, rows_per_shard=3)
    path = shard_file(folder / "vectors", 0)
    with pyarrow.OSFile(str(path)) as file:
        batch = pyarrow.ipc.open_file(file).get_batch(0)
    columns = list(batch.columns)
    assert len(columns[2][0]) != len(columns[2][1])
    columns[number] = change(columns[number])
    with pyarrow.OSFile(str(path), "wb") as file, pyarrow.ipc.new_file(file, batch.schema) as writer:
        writer.write_batch(pyarrow.record_batch(columns, schema=batch.schema))
    with pytest.raises(TextError, match=rf"part-000000\.arrow: cannot be read \(.*{reason}\)"):
        open_vectors(folder / "vectors")[1]


def test_a_folder_travels_to_other_processes(folder):
    bulk(folder)
    vectors = open_vectors(folder / "vectors")
    assert pickle.loads(pickle.dumps(vectors))[15].tokens == vectors[15].tokens


def test_a_text_that_can_be_read_but_once_is_refused(folder):
    os.mkfifo(folder / "pipe")
    with pytest.raises(TextError, match=r"pipe: not a file; --resume reads the text again"):
        embed_corpus(folder / "pipe", str(folder / "model"), folder / "vectors")
    assert not (folder / "vectors").exists()


def test_jobs_of_other_settings_or_another_number_are_refused_and_leave_nothing(folder):
    bulk(folder, job=0, n_jobs=2)
    before = sorted(path.name for path in (folder / "vectors").glob("[mp]*"))
    for change, message in (
        ({"job": 1, "n_jobs": 2, "layers": "top"}, "was started with layers"),
        ({"job": 1, "n_jobs": 3}, r"was started with 2 job\(s\), not 3"),
        ({}, r"was started with 2 job\(s\), not 1"),
        ({"resume": True}, r"was started with 2 job\(s\), not 1"),
    ):
        with pytest.raises(OutputError, match=message):
            bulk(folder, **change)
        assert sorted(path.name for path in (folder / "vectors").glob("[mp]*")) == before


def test_one_process_at_a_time_is_a_job(folder):
    bulk(folder, job=0, n_jobs=2)
    with file_lock(folder / "vectors" / ".elmo-job-1-of-2") as free:
        assert free
        with pytest.raises(OutputError, match="another process that is job 1 of 2 is writing to it"):
            bulk(folder, job=0, n_jobs=2, resume=True)
        bulk(folder, job=1, n_jobs=2)
    assert open_vectors(folder / "vectors").is_whole


def test_workers_write_what_one_process_writes(folder):
    bulk(folder, "whole")
    (folder / "text.txt").write_text((folder / "text.txt").read_text() + ("日" * 60 + "\n") * 40)
    bulk(folder, "whole2")
    given = {"pretokenized": True, "rows_per_shard": PER_SHARD}
    with pytest.warns(UserWarning, match="of this text"):
        facts = embed_with_workers(2, folder / "text.txt", str(folder / "model"), folder / "vectors", **given)
    assert (facts["rows"], facts["shards"]) == (80, 12)
    assert_same(folder / "vectors", folder / "whole2")
    with pytest.raises(OutputError, match="exists already; continue it with --resume"):
        embed_with_workers(2, folder / "text.txt", str(folder / "model"), folder / "vectors", **given)
    with pytest.raises(ConfigError, match="0 workers"):
        embed_with_workers(0, folder / "text.txt", str(folder / "model"), folder / "vectors")


def test_what_no_job_read_to_its_end_is_not_whole(folder):
    bulk(folder)
    file = manifest_file(folder / "vectors", 0, 1)
    killed = read_manifest(file).model_copy(update={"n_rows": None})
    file.write_text(killed.model_dump_json())
    vectors = open_vectors(folder / "vectors")
    assert not vectors.is_whole
    assert len(vectors) == 40


@pytest.mark.parametrize("tokens_at_once", [1, 9, 10**6])
def test_vectors_do_not_depend_on_how_many_rows_are_embedded_together(folder, monkeypatch, tokens_at_once):
    monkeypatch.setattr(row_stream, "TOKENS_AT_ONCE", tokens_at_once)
    given, embed = [], Elmo.embed

    def noted(self, sentences, *rest):
        given.append(sum(map(len, sentences)))
        return embed(self, sentences, *rest)

    monkeypatch.setattr(Elmo, "embed", noted)
    bulk(folder)
    assert max(given) <= max(tokens_at_once, 11)
    assert [row.tokens for row in open_vectors(folder / "vectors")] == lines_of(folder)


def test_half_a_surrogate_pair_is_embedded_and_stored_as_a_replacement(tmp_path):
    save_native(small_model(), tmp_path / "model")
    (tmp_path / "text.jsonl").write_text('{"text": "a \\ud800 b"}\n')
    embed_corpus(tmp_path / "text.jsonl", str(tmp_path / "model"), tmp_path / "vectors")
    assert open_vectors(tmp_path / "vectors")[0].tokens == ["a", "\ufffd", "b"]


@pytest.mark.slow
def test_killed_at_any_moment_a_job_loses_nothing_and_doubles_nothing(folder):
    lines = (folder / "text.txt").read_text() * 200
    (folder / "text.txt").write_text(lines)
    bulk(folder, "whole", rows_per_shard=16)
    arguments = [str(folder / "text.txt"), str(folder / "model"), str(folder / "vectors")]
    code = (
        "import sys; from pathlib import Path; from elmo.apps.embedding.embed_bulk import embed_corpus; a = sys.argv;"
        "embed_corpus(Path(a[1]), a[2], Path(a[3]), pretokenized=True, rows_per_shard=16, resume=True)"
    )
    rng, killed = random.Random(1), 0
    whole, seen = open_vectors(folder / "whole"), set()
    while killed < 10:
        process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", code, *arguments])
        manifest = manifest_file(folder / "vectors", 0, 1)
        before = manifest.stat().st_mtime if manifest.exists() else 0.0
        while process.poll() is None and (not manifest.exists() or manifest.stat().st_mtime == before):
            time.sleep(0.01)
        time.sleep(rng.random() * 0.3)
        killed += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        if manifest.exists():
            there = open_vectors(folder / "vectors")
            new = {n: rows for n, rows in read_manifest(manifest).shards.items() if n not in seen}
            seen |= set(new)
            for number, n_rows in new.items():
                for row in range(16 * number, 16 * number + n_rows):
                    assert there[row].tokens == whole[row].tokens
                    assert np.allclose(there[row].vectors, whole[row].vectors, atol=1e-5)
            assert killed == 10 or not there.is_whole  # else there is nothing left to be killed at
    bulk(folder, rows_per_shard=16, resume=True)
    assert_same(folder / "vectors", folder / "whole")


@pytest.mark.parametrize("name", ["vectors", "vectors.npz"])
def test_a_terminal_shows_how_far_it_is(folder, run_elmo, monkeypatch, name):
    shown = []
    monkeypatch.setattr("elmo.cli.embedding.embed.EVERY_S", -1.0)
    monkeypatch.setattr("elmo.cli.embedding.embed.say_in_place", shown.append)
    assert run_elmo("embed", folder / "text.txt", "-m", folder / "model", "-o", folder / name).status == 0
    assert shown[0].startswith("1 rows, ")
    assert shown[-2].startswith("40 rows, ")
    assert shown[-1] == ""
