"""`open_vectors(folder)` is read by tools that know Arrow, whatever the numbers of its shards; ids of records come along."""

import json

import numpy as np
import pytest

from conftest import small_model
from elmo import Elmo, open_vectors

pyarrow = pytest.importorskip("pyarrow")
pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")
RECORDS = [
    {"id": "a", "text": "the river"},
    {"id": 7, "text": ""},
    {"text": "the bank . money"},
    {"id": None, "text": "x"},
]


@pytest.fixture
def embed(run_elmo, tmp_path):
    Elmo(small_model()).save_pretrained(tmp_path / "m")

    def run(name, *options, records=RECORDS):
        path = tmp_path / name
        path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        return run_elmo("embed", path, "-m", tmp_path / "m", "-o", tmp_path / "vectors", *options)

    return run


@pytest.mark.parametrize("options", [(), ("--pooling", "mean"), ("--layers", "all")])
@pytest.mark.parametrize("number", [(), ("--float16",)], ids=["float32", "float16"])
def test_duckdb_and_pyarrow_read_a_folder_of_vectors(embed, tmp_path, number, options):
    assert embed("text.jsonl", *number, *options).status == 0
    folder = open_vectors(tmp_path / "vectors")
    table = pyarrow.table(folder)
    assert table["row"].to_pylist() == [0, 1, 2, 3]
    for row, stored in zip(table.to_pylist(), folder, strict=True):
        layers_last = np.moveaxis(stored.vectors, 0, -2) if options[:1] == ("--layers",) else stored.vectors
        assert np.array_equal(np.ravel(np.array(row["vectors"], np.float32)), np.ravel(layers_last))
        assert row["tokens"] == stored.tokens
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as database:
        database.register("vectors", folder)
        found = database.execute("SELECT row, vectors FROM vectors ORDER BY row").fetchall()
    assert [list(map(tuple, v)) if v and isinstance(v[0], list | tuple) else tuple(v) for _, v in found] == [
        list(map(tuple, v)) if v and isinstance(v[0], list) else tuple(v) for v in table["vectors"].to_pylist()
    ]


def test_ids_of_records_are_carried_into_the_shards(embed, tmp_path):
    assert embed("text.jsonl").status == 0
    with pyarrow.memory_map(str(tmp_path / "vectors" / "part-000000.arrow")) as file:
        table = pyarrow.ipc.open_file(file).read_all()
        assert table.column_names[-1] == "id"
        assert table["id"].to_pylist() == ["a", "7", None, None]
    assert [row.id for row in open_vectors(tmp_path / "vectors")] == ["a", "7", None, None]


def test_sentences_of_a_record_have_its_id(embed, tmp_path):
    records = [{"id": "a", "text": "The river. The bank."}, {"id": "b", "text": "Money."}]
    assert embed("text.jsonl", "--split", records=records).status == 0
    assert [(row.id, row.tokens[-2]) for row in open_vectors(tmp_path / "vectors")] == [
        ("a", "river"),
        ("a", "bank"),
        ("b", "Money"),
    ]


def test_a_folder_without_ids_is_gone_on_with(embed, tmp_path):
    assert embed("text.jsonl").status == 0
    manifest = tmp_path / "vectors" / "manifest.json"
    facts = json.loads(manifest.read_text(encoding="utf-8"))
    del facts["settings"]["ids"]  # as it was before there were any
    manifest.write_text(json.dumps(facts | {"shards": {}, "n_rows": None}), encoding="utf-8")
    assert embed("text.jsonl", "--resume").status == 0
    folder = open_vectors(tmp_path / "vectors")
    assert [row.id for row in folder] == [None] * 4
    assert folder[0].tokens == ["the", "river"]


def test_a_resume_counts_what_was_there(embed, tmp_path):
    first = json.loads(embed("text.jsonl", "--json").out)
    assert (first["rows"], first["tokens"], first["shards"]) == (4, 7, 1)
    again = json.loads(embed("text.jsonl", "--resume", "--json").out)
    assert (again["rows"], again["tokens"], again["shards"]) == (4, 7, 1)
    assert (again["new_rows"], again["new_tokens"], again["new_shards"]) == (0, 0, 0)
