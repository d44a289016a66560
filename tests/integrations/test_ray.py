"""The batch class of Ray Data and Spark: what one process gives, in any number of them."""

import pickle

import numpy as np
import pytest

from conftest import small_model
from elmo.checkpoints.formats.native import save_native
from elmo.embed.embedder import Elmo
from elmo.errors import ConfigError, TextError
from elmo.integrations.ray import EmbedBatch

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")
TEXTS = ["the river bank", "", "money", "the bank lends money ."] * 5


@pytest.fixture
def folder(tmp_path):
    save_native(small_model(), tmp_path / "model")
    return str(tmp_path / "model")


@pytest.mark.parametrize(("layers", "pooling"), [("mean", "mean"), ("top", "max"), ("all", "mean"), ("top", None)])
def test_a_batch_has_what_embed_gives_and_its_other_columns(folder, layers, pooling):
    batch = {"id": np.arange(20), "text": np.array(TEXTS, dtype=object)}
    found = EmbedBatch(folder, layers=layers, pooling=pooling, threads=None)(batch)
    assert set(found) == {"id", "text", "vectors"}
    assert np.array_equal(found["id"], np.arange(20))
    for ours, expected in zip(
        found["vectors"], Elmo.from_pretrained(folder).embed(TEXTS, layers, pooling), strict=True
    ):
        assert np.array_equal(ours, expected)


def test_tokens_missing_texts_and_empty_batches_are_taken(folder):
    embed = EmbedBatch(folder, column="words", output="x", threads=None)
    rows = np.empty(2, dtype=object)
    rows[:] = [np.array(["the", "bank"]), None]
    found = embed({"words": rows})["x"]
    assert np.allclose(found[0], Elmo.from_pretrained(folder).embed([["the", "bank"]], pooling="mean")[0], atol=1e-5)
    assert not found[1].any()
    nothing = {"words": np.array([], dtype=object)}
    assert embed(nothing)["x"].shape == (0, 14)
    assert EmbedBatch(folder, column="words", layers="all", threads=None)(nothing)["vectors"].shape == (0, 3, 14)
    missing = np.array([float("nan"), None, type("NAType", (), {})(), ""], dtype=object)
    assert not embed({"words": missing})["x"].any()


def test_settings_travel_and_weights_do_not(folder):
    embed = EmbedBatch(folder, threads=None)
    batch = {"text": np.array(TEXTS, dtype=object)}
    expected = embed(batch)["vectors"]
    sent = pickle.dumps(embed)
    assert len(sent) < 1000
    assert np.array_equal(pickle.loads(sent)(batch)["vectors"], expected)


def test_what_cannot_be_is_reported(folder):
    with pytest.raises(TextError, match=r"no column 'text' in the batch \(the columns are body\)"):
        EmbedBatch(folder, threads=None)({"body": np.array(["a"])})
    with pytest.raises(TextError, match="sentence 1 is"):
        EmbedBatch(folder, threads=None)({"text": np.array(["a", [3]], dtype=object)})
    with pytest.raises(TextError, match="row 1 of the batch is 3; expected a text"):
        EmbedBatch(folder, threads=None)({"text": np.array(["a", 3], dtype=object)})
    with pytest.raises(ConfigError, match="choose a layer, or a pooling"):
        EmbedBatch(folder, layers="all", pooling=None)


def test_frames_get_lists(folder):
    pandas = pytest.importorskip("pandas")
    frames = [pandas.DataFrame({"text": TEXTS[:2]}), pandas.DataFrame({"text": TEXTS[2:4]})]
    found = pandas.concat(EmbedBatch(folder, threads=None).of_frames(iter(frames)))
    expected = Elmo.from_pretrained(folder).embed(TEXTS[:4], pooling="mean")
    assert np.allclose(np.stack(found["vectors"]), np.stack(expected), atol=1e-5)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_two_workers_of_a_ray_cluster_give_what_one_process_gives(folder):
    ray = pytest.importorskip("ray", reason="needs Ray: pip install -e .[ray]")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        rows = ray.data.from_items([{"id": i, "text": text} for i, text in enumerate(TEXTS * 20)])
        settings = {"model": folder, "layers": "top"}
        found = rows.map_batches(EmbedBatch, fn_constructor_kwargs=settings, concurrency=2, batch_size=32).take_all()
    finally:
        ray.shutdown()
    assert sorted(row["id"] for row in found) == list(range(400))
    expected = Elmo.from_pretrained(folder).embed(TEXTS, "top", "mean")
    for row in found:
        assert np.allclose(row["vectors"], expected[row["id"] % 20], atol=1e-5)
