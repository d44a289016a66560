"""Runs that learn from a teacher: what they keep, learn and refuse; exact in their resume."""

import shutil

import numpy as np
import pytest
import torch

from conftest import SMALL, TEXT, small_model
from elmo.apps.pretraining.pretrain import continue_run
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.load import load_model
from elmo.checkpoints.tensors import read_tensors
from elmo.errors import CheckpointError, ConfigError
from elmo.train.recipe import pretrain_config
from elmo.train.run_state import checkpoints_of
from elmo.train.runs.begin import start_run
from elmo.train.teachers.bilm_teacher import BiLMTeacher
from elmo.train.teachers.load import TEACHER_FOLDER, check_layers, is_transformer, load_teacher
from elmo.train.teachers.settings import TeacherConfig
from elmo.train.teachers.transformer import Transformer
from teachers import WORDS, write_teacher

SETTINGS = {
    "bilm": SMALL.model_dump(),
    "rows": 4,
    "window": 12,
    "n_negatives": 6,
    "dropout": 0.1,
    "state_reset": "sentences",
    "typing_errors": 0.2,
    "log_every": 1,
    "checkpoint_minutes": 1e-9,
    "optimizer": {"warmup_steps": 0, "learning_rate": 0.02},
    "teacher": {"weight": 5.0, "similarity": 1.0, "mix": 0.25},
}
SENTENCES = [["the", "bank", "of", "the", "river"], ["money", "\u200b"], ["we", "swim"] * 9]


@pytest.fixture(params=["bert", "bilm"])
def teacher(tmp_path, request):
    """The folder of a Transformer, or of a biLM that is larger than the student."""
    if request.param == "bert":
        return write_teacher(tmp_path / "teacher")
    save_native(small_model(seed=5), tmp_path / "teacher")
    return tmp_path / "teacher"


def begin(tmp_path, name, teacher, overrides=(), max_steps=12, **options):
    corpus, made_up = tmp_path / "c.txt", tmp_path / "m.txt"
    corpus.write_text(TEXT * 6, encoding="utf-8")
    made_up.write_text("\n".join(f"{a} {b}s" for a in WORDS[:8] for b in WORDS[:6]), encoding="utf-8")
    recipe = pretrain_config(SETTINGS, list(overrides))
    start_run([corpus], tmp_path / name, recipe, teacher=str(teacher), mix=[made_up], max_steps=max_steps, **options)
    return tmp_path / name


def test_a_run_learns_the_layers_of_its_teacher(tmp_path, teacher):
    out = begin(tmp_path, "run", teacher, ["teacher.language_model=0", "typing_errors=0", "dropout=0"], 60)
    reports = []
    continue_run(out, report=reports.append)
    assert reports[-1].loss_nats < 0.8 * reports[0].loss_nats
    assert list(reports[0].terms) == ["teacher_distance", "similarity_difference"]
    parts = [5 * line.terms["teacher_distance"] + line.terms["similarity_difference"] for line in reports]
    # A word costs nothing where the other direction does not read it in the same window.
    assert all(line.loss_nats <= cost < 3 * line.loss_nats for line, cost in zip(reports, parts, strict=True))
    assert load_model(out).config.bilm == SMALL


def test_a_resumed_run_equals_an_unbroken_one_bit_for_bit(tmp_path, teacher):
    whole, broken = (begin(tmp_path, name, teacher) for name in ("whole", "broken"))
    shutil.rmtree(teacher)  # a run keeps its teacher
    continue_run(whole)
    for _ in range(3):
        calls = iter(range(4))
        continue_run(broken, stop=lambda calls=calls: next(calls, None) is None)
    continue_run(broken)
    files = [checkpoints_of(out / "checkpoints")[-1] / "run_state.safetensors" for out in (whole, broken)]
    states = [read_tensors(path) for path in files]
    assert {name for name in states[0] if name.startswith("objective.")} == {f"objective.map.{k}" for k in range(3)}
    assert states[0].keys() == states[1].keys()
    for name, tensor in states[0].items():
        assert torch.equal(tensor, states[1][name]), name
    weights = [list(load_model(out).bilm.parameters()) for out in (whole, broken)]
    assert all(torch.equal(a, b) for a, b in zip(*weights, strict=True))


def test_the_text_for_the_teacher_teaches_no_word(tmp_path):
    teacher = write_teacher(tmp_path / "teacher")
    out = begin(tmp_path, "run", teacher)
    assert "rivers" not in load_vocabulary(out)
    assert "river" in load_vocabulary(out)


def load_vocabulary(out):
    return (out / "vocabulary.txt").read_text(encoding="utf-8").split("\n")


def test_a_student_may_start_from_a_model_of_an_older_tokenizer(tmp_path):
    teacher = write_teacher(tmp_path / "teacher")
    save_native(small_model(), tmp_path / "start")
    settings = {key: value for key, value in SETTINGS.items() if key != "bilm"}
    corpus = tmp_path / "c.txt"
    corpus.write_text(TEXT * 6, encoding="utf-8")
    recipe = pretrain_config({**settings, "tokenizer": 2}, [])
    start_run([corpus], tmp_path / "run", recipe, teacher=str(teacher), start=str(tmp_path / "start"), max_steps=2)
    continue_run(tmp_path / "run")
    assert load_model(tmp_path / "run").tokenizer.version == 2


def test_a_bilm_says_its_layers(tmp_path):
    model = small_model(seed=5)
    teacher = BiLMTeacher(model)
    from elmo.embed.embedder import Elmo

    for taught, vectors in zip(teacher.read(SENTENCES), Elmo(model).embed(SENTENCES, layers="all"), strict=True):
        assert np.array_equal(taught.layers.numpy(), vectors)
        assert taught.known.all()
    assert (teacher.n_layers, teacher.size) == (SMALL.n_layers, SMALL.width)


def test_teachers_are_told_apart_and_kept(tmp_path, teacher):
    run = tmp_path / "run"
    run.mkdir()
    load_teacher(str(teacher)).keep(run / TEACHER_FOLDER)
    assert is_transformer(str(run / TEACHER_FOLDER)) == is_transformer(str(teacher))
    read, kept = load_teacher(str(teacher)), load_teacher(str(run / TEACHER_FOLDER))
    assert isinstance(kept, Transformer if is_transformer(str(teacher)) else BiLMTeacher)
    for a, b in zip(read.read(SENTENCES), kept.read(SENTENCES), strict=True):
        assert torch.equal(a.layers, b.layers)
        assert torch.equal(a.known, b.known)


class Teacher7:
    n_layers = 7


@pytest.mark.parametrize(
    ("layers", "n_student", "expected"),
    [
        (None, 3, [[0], [1, 2, 3], [4, 5, 6]]),
        (None, 2, [[0], [1, 2, 3, 4, 5, 6]]),
        (None, 4, [[0], [1, 2], [3, 4], [5, 6]]),
        (((0,), (1, 3), (3, 5, 6)), 3, [[0], [1, 3], [3, 5, 6]]),
    ],
)
def test_layers_are_spread_or_given(layers, n_student, expected):
    assert check_layers(TeacherConfig(layers=layers), n_student, Teacher7) == expected


def test_a_teacher_with_fewer_layers_is_repeated():
    class Teacher2:
        n_layers = 2

    assert check_layers(TeacherConfig(), 4, Teacher2) == [[0], [0], [1], [1]]


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("teacher.layers=[[0],[1]]", "names 2 layers, but the model has 3"),
        ("teacher.layers=[[0],[1],[9]]", "names layer 9, but the last one of the teacher is 2"),
        ("teacher.layers=[[0],[],[1]]", "a layer learns nothing"),
        ("teacher.weight=0", "greater than 0"),
        ("teacher.mix=0.9", "each text needs a row"),
        ("teacher=none", "a teacher was given"),
        ("distillation=0.5", "a run with a teacher has no distillation"),
        ("adaptation.patience=2", "a run with a teacher has no adaptation"),
        ("teacher.wieght=1", "did you mean teacher.weight"),
    ],
)
def test_settings_that_cannot_work_are_refused_and_leave_nothing(tmp_path, override, says):
    teacher = write_teacher(tmp_path / "teacher")
    with pytest.raises(ConfigError, match=says):
        begin(tmp_path, "run", teacher, [override])
    assert not (tmp_path / "run").exists()


def test_a_recipe_with_a_teacher_needs_one(tmp_path):
    corpus = tmp_path / "c.txt"
    corpus.write_text(TEXT, encoding="utf-8")
    with pytest.raises(ConfigError, match="use `elmo distil TEACHER`"):
        start_run([corpus], tmp_path / "run", pretrain_config(SETTINGS, []))


def test_a_teacher_that_is_none_is_refused(tmp_path):
    (tmp_path / "teacher").mkdir()
    with pytest.raises(CheckpointError):
        begin(tmp_path, "run", tmp_path / "teacher")
    assert not (tmp_path / "run").exists()


def test_a_run_whose_teacher_is_gone_says_so(tmp_path):
    out = begin(tmp_path, "run", write_teacher(tmp_path / "teacher"))
    shutil.rmtree(out / TEACHER_FOLDER)
    with pytest.raises(CheckpointError, match="teacher"):
        continue_run(out)
