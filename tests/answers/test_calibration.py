"""Calibrated scores are probabilities: fitted on labelled questions, kept in the folder, for one model and task."""

import json

import numpy as np
import pytest

from conftest import small_model
from elmo.answers import KnowledgeBase, LabelledQuestion, build_kb, calibrate
from elmo.answers.calibration import fit_logistic, is_right, log_odds, sigmoid
from elmo.checkpoints.formats.native import save_native
from elmo.errors import CheckpointError, TextError

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")


def test_logistic_regression_is_the_minimum_of_its_loss():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3)) * [1, 10, 0.1] + [0, 5, 0]
    y = (rng.random(200) < sigmoid(x @ [1.0, -0.1, 3.0])).astype(float)
    w, b = fit_logistic(x, y)
    deviation = x.std(axis=0)

    def loss(w, b):
        p = sigmoid(x @ w + b)
        return -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)) + 0.5 * np.sum((w * deviation) ** 2)

    for k in range(3):
        for step in (-1e-3, 1e-3):
            moved = w.copy()
            moved[k] += step / deviation[k]
            assert loss(moved, b) > loss(w, b) - 1e-6
    assert sigmoid(x @ w + b).mean() == pytest.approx(y.mean(), abs=1e-3)
    w, b = fit_logistic(np.array([[0.0], [1.0]]), np.array([0.0, 1.0]))  # separable
    assert np.isfinite([*w, b]).all()


def test_what_is_right():
    assert is_right("at nine o'clock", "span", ["nine o'clock"])
    assert not is_right("The bank opens at nine, or at ten on Sundays.", "span", ["nine"])
    assert is_right("The bank opens at nine, or at ten on Sundays.", "passage", ["nine"])
    assert is_right("银行九点开门。", "passage", ["九点"])
    assert not is_right("anything", "passage", [])
    assert log_odds(0.5) == 0
    assert log_odds(0.0) == -10


THINGS = "bank boat river town library museum garden bridge station market".split()


@pytest.fixture
def kb(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_native(small_model(scale=1.5), tmp_path / "model")
    text = "".join(f"The {thing} opens at {5 + n} every day.\n\n" for n, thing in enumerate(THINGS))
    (tmp_path / "a.txt").write_text(text)
    build_kb(["a.txt"], "kb", model="model")
    return KnowledgeBase.load("kb")


def labelled():
    known = [
        LabelledQuestion(f"When does the {thing} open every day?", [f"at {5 + n}"]) for n, thing in enumerate(THINGS)
    ]
    return known + [(f"Who painted the {thing} of Paris in winter?", []) for thing in THINGS]


def test_calibration_separates_answers_from_none_and_is_kept(kb, tmp_path):
    found = calibrate(kb, labelled())
    assert (found.n_questions, found.n_answerable) == (20, 10)
    assert found.brier < 0.1
    for loaded in (kb, KnowledgeBase.load("kb")):
        assert "calibrated" in repr(loaded)
        right = [loaded(question) for question, answers in labelled() if answers]
        none = [loaded(question) for question, answers in labelled() if not answers]
        assert all(one.answer for one in right)
        assert not any(one.answer for one in none)
        assert min(one.score for one in right + none) >= 0.5
    assert KnowledgeBase.load("kb", min_score=1.0)(labelled()[0][0]).answer is None
    build_kb(["a.txt"], "kb")
    assert KnowledgeBase.load("kb").calibration == found


def test_too_few_questions_or_all_alike(kb):
    calibrated, weight = kb.calibration, kb.vector_weight
    with pytest.raises(TextError, match="9 labelled questions; give at least 10"):
        calibrate(kb, labelled()[:9])
    with pytest.raises(TextError, match="of the 10 candidate answers all are right"):
        calibrate(kb, labelled()[:10])
    with pytest.raises(TextError, match="of the 10 candidate answers none is right"):
        calibrate(kb, labelled()[10:])
    assert not (kb.folder / "calibration.json").exists()
    assert (kb.calibration, kb.vector_weight) == (calibrated, weight)


def test_a_calibration_of_another_task_or_a_damaged_one(kb, tmp_path):
    calibrate(kb, labelled())
    file = tmp_path / "kb" / "calibration.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, "qa": "another"}))
    with pytest.warns(UserWarning, match="belongs to another model or task; the scores are not calibrated"):
        assert KnowledgeBase.load("kb").calibration is None
    file.write_text("{")
    with pytest.raises(CheckpointError, match=r"calibration.json: not a calibration"):
        KnowledgeBase.load("kb")
