"""Thresholds of labels: the best by brute force; chosen on the dev file, saved and loaded with the task."""

import json
import warnings

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from conftest import SMALL_TASK
from elmo import load_task
from elmo.errors import ConfigError
from elmo.tasks import train
from elmo.tasks.scoring.label_thresholds import DEFAULT, LEAST, best_threshold, thresholds_of

SETTINGS = {**SMALL_TASK, "epochs": 3, "multi_label": True}
PAIRS = [
    (text, labels)
    for i in range(LEAST + 2)
    for text, labels in (
        (f"warm sun {i}", ["joy"]),
        (f"cold rain {i}", ["fear", "grief"]),
        (f"warm rain {i}", ["joy", "grief"]),
        (f"grey {i}", []),
    )
]


def made(**more):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return train(PAIRS, PAIRS, model=None, **{**SETTINGS, **more})


@pytest.mark.parametrize("seed", range(20))
def test_no_other_threshold_has_a_higher_f1(seed):
    rng = np.random.default_rng(seed)
    probs = np.round(rng.random(30), 1 + seed % 3).astype(np.float32)  # with ties
    gold = rng.random(30) < probs
    found = best_threshold(probs, gold)
    of_found = f1_score(gold, probs > found)
    assert 0 <= found < 1
    assert of_found == pytest.approx(max(f1_score(gold, probs > t, zero_division=0) for t in [-1, *set(probs)]))


def test_a_rare_label_has_the_common_threshold():
    rng = np.random.default_rng(0)
    gold = rng.random((200, 3)) < [0.4, 0.3, 0.01]
    probs = (0.2 * gold + 0.4 * rng.random((200, 3))).astype(np.float32)
    each, one = thresholds_of(probs, gold, True), thresholds_of(probs, gold, False)
    assert gold[:, 2].sum() < LEAST
    assert one.tolist() == [best_threshold(probs.ravel(), gold.ravel())] * 3
    assert each[2] == one[2]
    assert each[0] == best_threshold(probs[:, 0], gold[:, 0])
    assert best_threshold(probs[:, 0], np.zeros(200, bool)) == DEFAULT


def test_they_are_chosen_on_the_dev_file_and_stay_with_the_task(tmp_path):
    half, each, one = made(), made(thresholds="each"), made(thresholds="one")
    texts = [text for text, _ in PAIRS]
    for task in (each, one):  # the network is the same
        assert [p.scores for p in task(texts)] == [p.scores for p in half(texts)]
    assert each.evaluate(PAIRS)["macro_f1"] >= half.evaluate(PAIRS)["macro_f1"]
    assert one.evaluate(PAIRS)["micro_f1"] >= half.evaluate(PAIRS)["micro_f1"]
    assert len(set(one.model.thresholds.tolist())) == 1
    for prediction in each(texts):
        above = zip(prediction.scores.items(), each.model.thresholds.tolist(), strict=True)
        assert prediction.labels == [label for (label, score), least in above if score > least]
    each.save(tmp_path / "t")
    loaded = load_task(tmp_path / "t")
    assert torch.equal(loaded.model.thresholds, each.model.thresholds)
    assert loaded(texts) == each(texts)


def test_a_task_without_them_is_what_it_always_was(tmp_path):
    task = made(epochs=1)
    assert "thresholds" not in task.model.state_dict()
    task.save(tmp_path / "t")
    assert "thresholds" not in json.loads((tmp_path / "t" / "config.json").read_text())["config"]
    for prediction in load_task(tmp_path / "t")([text for text, _ in PAIRS]):
        assert prediction.labels == [label for label, score in prediction.scores.items() if score > 0.5]


def test_a_single_label_has_no_threshold():
    with pytest.raises(ConfigError, match="thresholds are for texts with any number of labels"):
        made(multi_label=False, thresholds="each")
