"""Folders of vectors opened by other tools as they are: what they find there is what `elmo.open_vectors` gives."""

import numpy as np
import pytest

from conftest import small_model
from elmo import open_vectors
from elmo.apps.embedding.embed_bulk import embed_corpus
from elmo.checkpoints.formats.native import save_native

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")
N_ROWS, PER_SHARD = 10, 4


@pytest.fixture(params=[None, "mean"], ids=["a vector a token", "a vector a row"])
def folder(request, tmp_path):
    """Three shards, with all layers of their tokens."""
    save_native(small_model(), tmp_path / "model")
    lines = ["the river bank " * (n % 3) + f"w{n}" for n in range(N_ROWS)]
    (tmp_path / "text.txt").write_text("\n".join(lines) + "\n")
    embed_corpus(
        tmp_path / "text.txt",
        str(tmp_path / "model"),
        tmp_path / "vectors",
        layers="all",
        pooling=request.param,
        rows_per_shard=PER_SHARD,
    )
    return tmp_path / "vectors"


def assert_rows(found, folder):
    """Rows as mappings, in any order, are those of the folder."""
    assert sorted(int(row["row"]) for row in found) == list(range(N_ROWS))
    vectors = open_vectors(folder)
    for row in found:
        ours = vectors[int(row["row"])]
        assert (int(row["line"]), list(row["tokens"])) == (ours.line, ours.tokens)
        assert (list(row["start"]), list(row["end"])) == (ours.start.tolist(), ours.end.tolist())
        theirs = np.array([np.array(x) for x in row["vectors"]], dtype=np.float32)
        if ours.vectors.ndim == 3:
            theirs = theirs.reshape(len(ours.tokens), 3, -1).swapaxes(0, 1)
        assert np.array_equal(theirs.reshape(ours.vectors.shape), ours.vectors)


def test_pandas(folder):
    pandas = pytest.importorskip("pandas")
    frame = pandas.concat(pandas.read_feather(path) for path in sorted(folder.glob("*.arrow")))
    assert_rows(frame.to_dict("records"), folder)


def test_duckdb_by_the_name_of_a_pyarrow_dataset(folder):
    duckdb = pytest.importorskip("duckdb")
    dataset = pytest.importorskip("pyarrow.dataset")
    shards = dataset.dataset(folder, format="feather", exclude_invalid_files=True)
    with duckdb.connect() as database:
        database.register("shards", shards)
        answer = database.execute("SELECT * FROM shards WHERE row >= 0")
        names = [column[0] for column in answer.description]
        found = [dict(zip(names, row, strict=True)) for row in answer.fetchall()]
    assert_rows(found, folder)


def test_datasets(folder, tmp_path):
    datasets = pytest.importorskip("datasets")
    files = [str(path) for path in sorted(folder.glob("*.arrow"))]
    found = datasets.load_dataset("arrow", data_files=files, split="train", cache_dir=str(tmp_path / "cache"))
    assert_rows(list(found), folder)
