"""What is public: `elmo` and six packages, each with the names that it offers and no other; old paths still lead there."""

import importlib
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

import elmo
from conftest import model_of

ROOT = Path(__file__).resolve().parents[1]
FACES = ["elmo", "elmo.analysis", "elmo.answers", "elmo.compat", "elmo.integrations", "elmo.tasks", "elmo.train"]
MOVED = [
    ("elmo.apps.neighbours", "find_neighbours"),
    ("elmo.apps.demo", "read_occurrences"),
    ("elmo.apps.change", "measure_change"),
    ("elmo.apps.change", "Settings"),
]


@pytest.mark.parametrize("face", FACES)
def test_dir_shows_the_public_names_and_nothing_else(face):
    module = importlib.import_module(face)
    assert dir(module) == sorted(module.__all__)
    assert all(getattr(module, name) is not None for name in module.__all__)
    with pytest.raises(AttributeError, match=f"module '{face}' has no attribute 'elmoo'; it has "):
        module.elmoo  # noqa: B018


def test_every_public_name_is_documented():
    for face in FACES:
        module = importlib.import_module(face)
        for name in set(module.__all__) - {"__version__"}:
            assert getattr(module, name).__doc__, (face, name)


def test_the_packages_are_there_without_an_import_of_their_own():
    code = "import elmo, sys; print(elmo.tasks.__name__, elmo.analysis.__name__, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["elmo.tasks", "elmo.analysis", "False"]
    assert isinstance(elmo.compat, types.ModuleType)


@pytest.mark.parametrize(("module", "name"), MOVED)
def test_old_paths_still_lead_there_with_a_warning(module, name):
    sys.modules.pop(module, None)
    with pytest.warns(DeprecationWarning, match=f"{module} moved: from elmo.analysis import"):
        found = getattr(importlib.import_module(module), name)
    assert found is not None


def test_a_model_is_shown_in_one_line():
    model = elmo.Elmo.from_pretrained("en")
    assert repr(model) == "Elmo('en': 2 LSTM layers, vectors of 512 numbers, 30,003 words, float32 on cpu)"
    assert repr(model.model) == "SavedModel(2 LSTM layers, vectors of 512 numbers, 30,003 words)"
    assert repr(model.session()) == repr(model)
    assert repr(elmo.Elmo(model_of("words"), dtype="float64")) == (
        "Elmo(2 LSTM layers, vectors of 14 numbers, 9 words, float64 on cpu)"
    )


@pytest.mark.filterwarnings("ignore:the task has learned nothing")
def test_a_task_is_shown_in_one_line(run_elmo, tmp_path):
    (tmp_path / "a.csv").write_text("text,label\n" + "a fine film,good\na poor film,bad\n" * 4)
    files = ["--train", tmp_path / "a.csv", "--dev", tmp_path / "a.csv", "--baseline", "-o", tmp_path / "t"]
    sizes = ["--set", "epochs=1", "--set", "cell_size=4"]
    assert run_elmo("train", "--task", "classify", *files, *sizes).status == 0
    task = elmo.load_task(tmp_path / "t")
    assert repr(task).startswith("TrainedTask(classify: bad, good; ")
    assert "\n" not in repr(task)


def test_pages_import_public_names_alone():
    inner = ("elmo.compat.", "elmo.integrations.")  # packages of modules, each an interface of its own
    found = {
        (page.name, module)
        for page in [*ROOT.glob("docs/**/*.md"), *ROOT.glob("README*.md")]
        for module in re.findall(r"^\+?\s*(?:from|import) (elmo[\w.]*)", page.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {module for _, module in found} >= {"elmo", "elmo.analysis"}
    assert [pair for pair in found if pair[1] not in FACES and not pair[1].startswith(inner)] == []
