"""One update of pretraining: parts of the rows, tied softmax, states that start anew, steps that are not finite."""

import math
from copy import deepcopy

import numpy as np
import pytest
import torch

from conftest import CUTOFFS, TEXT, encode_text, small_model, step_of
from elmo.errors import ConfigError, TrainingError
from elmo.model.encoders.lstm.lstm import LSTMState
from elmo.model.encoders.state import BiLMState
from elmo.model.kernels.products import known_precision
from elmo.train.data.encoded_corpus import encode_corpus
from elmo.train.loop import pretrain, train_step
from elmo.train.objectives.graphed_losses import WORDS_STEP, filled_up
from elmo.train.ranks import ALONE, Ranks
from elmo.train.recipe import pretrain_config
from elmo.train.run_state import checkpoints_of
from elmo.train.trainer import Part, PreparedWindow, Trainer

SENTENCES = [line.split() for line in (TEXT * 6).splitlines()]


GPU = Ranks(device=torch.device("cuda"))


TEACHER = small_model(scale=1.5, seed=1).bilm


def trainer_of(scale=1.0, ranks=ALONE, teacher=None, **settings):
    model = small_model(scale=scale, cutoffs=CUTOFFS if settings.get("softmax") == "adaptive" else None)
    corpus = encode_corpus(encode_text(SENTENCES), [], model.vocabulary, model.word_encoder)
    defaults = {"rows": 6, "window": 7, "n_negatives": 4, "dropout": 0.2, "optimizer": {"warmup_steps": 0}}
    config = pretrain_config({**defaults, **settings, "bilm": model.bilm.config.model_dump()}, [])
    return Trainer(model, corpus, config, ranks, teacher or (deepcopy(TEACHER) if config.distillation else None))


def train(trainer, n_steps):
    """The losses of some steps."""
    position, state, losses = trainer.reader.start(), trainer.zero_state(), []
    for number in range(n_steps):
        window, position = trainer.reader.read(position)
        result = step_of(trainer, number, n_steps, window, state)
        state = result.state
        losses.append(result.loss_nats)
    return losses


def weights_of(trainer):
    return [p.detach() for p in (*trainer.bilm.parameters(), *trainer.softmax.parameters())]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"softmax": "full"},
        {"softmax": "adaptive"},
        {"tied": True},
        {"typing_errors": 0.5},
        {"typing_errors": 0.3, "distillation": 0.5},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "dropout", [0.2, {"words": 0.2, "recurrent": 0.2, "output": 0.3, "variational": True}], ids=str
)
def test_rows_taken_in_parts_train_as_all_at_once(settings, dropout):
    # Adam would make much of the rounding of small gradients.
    steady = {"name": "sgd", "learning_rate": 0.05, "warmup_steps": 0}
    whole, parts = (trainer_of(**settings, dropout=dropout, accumulate=n, optimizer=steady) for n in (1, 4))
    assert train(parts, 8) == pytest.approx(train(whole, 8), rel=1e-5)
    for a, b in zip(weights_of(whole), weights_of(parts), strict=True):
        assert torch.allclose(a, b, atol=2e-6)


def test_what_is_read_has_errors_and_what_is_predicted_has_none():
    clean, typed = (trainer_of(typing_errors=fraction, dropout={"words": 0.3}) for fraction in (0.0, 0.3))
    right = wrong = 0
    for number in range(20):
        window, _ = clean.reader.read(clean.reader.start())
        ((_, before, _),), ((_, after, _),) = (trainer.prepare(number, window).parts for trainer in (clean, typed))
        read = after.char_ids[after.where] != before.char_ids[before.where]  # (2, B, T, C)
        changed = read.any(dim=3)
        words = clean.corpus.text.words
        inputs = np.stack([window.forward_inputs, window.backward_inputs])
        for i in np.unique(inputs):
            here = changed[torch.from_numpy(inputs == i)]
            if sum(map(str.isalpha, words[i])) < 2:
                assert not here.any()
            else:
                wrong, right = wrong + int(here.sum()), right + int((~here).sum())
        assert torch.equal(after.word_scale[after.where], before.word_scale[before.where])
        assert all(torch.equal(a, b) for a, b in zip(sum(after.targets, ()), sum(before.targets, ()), strict=True))
    assert wrong / (wrong + right) == pytest.approx(0.3, abs=0.05)


def test_a_student_that_reads_no_errors_is_its_teacher_already():
    trainer = trainer_of(distillation=1.0, dropout=0.0, teacher=small_model(scale=1.0).bilm)
    before = [p.clone() for p in weights_of(trainer)]
    assert train(trainer, 3) == [0.0, 0.0, 0.0]
    assert all(torch.equal(a, b) for a, b in zip(before, weights_of(trainer), strict=True))


def test_a_student_that_reads_errors_comes_near_its_teacher_who_stays_and_leaves_the_softmax_alone():
    teacher = small_model(scale=1.0).bilm
    trainer = trainer_of(distillation=1.0, typing_errors=0.3, dropout=0.0, teacher=teacher)
    softmax = [p.clone() for p in trainer.softmax.parameters()]
    losses = train(trainer, 150)
    assert 0 < np.mean(losses[-20:]) < 0.7 * np.mean(losses[:20])
    assert all(torch.equal(a, b) for a, b in zip(softmax, trainer.softmax.parameters(), strict=True))
    assert all(
        torch.equal(a, b) for a, b in zip(teacher.parameters(), small_model(scale=1.0).bilm.parameters(), strict=True)
    )


def test_the_loss_is_mixed_of_both():
    text, teaching, both = (
        trainer_of(typing_errors=0.3, dropout=0.2, softmax="full", distillation=fraction)
        for fraction in (0.0, 1.0, 0.25)
    )
    (of_text,), (of_teaching,), (mixed,) = (train(trainer, 1) for trainer in (text, teaching, both))
    assert mixed == pytest.approx(0.75 * of_text + 0.25 * of_teaching, rel=1e-5)


def test_distillation_without_a_teacher_is_refused():
    model = small_model()
    corpus = encode_corpus(encode_text(SENTENCES), [], model.vocabulary, model.word_encoder)
    config = pretrain_config({"distillation": 0.5, "bilm": model.bilm.config.model_dump()}, [])
    with pytest.raises(TrainingError, match="give --start"):
        Trainer(model, corpus, config)


def test_a_step_depends_on_seed_and_number_alone():
    first, again, other = (trainer_of(seed=seed) for seed in (3, 3, 4))
    losses = train(first, 6)
    torch.rand(7)  # what others draw changes nothing
    assert train(again, 6) == losses
    assert train(other, 6) != losses


@pytest.mark.parametrize("softmax", ["sampled", "full"])
def test_the_rows_of_a_tied_softmax_are_the_token_layer_of_its_words(softmax):
    trainer = trainer_of(tied=True, softmax=softmax)
    losses = train(trainer, 40)
    trainer.refresh()
    ids = torch.from_numpy(trainer.model.word_encoder.encode(trainer.model.vocabulary.words))
    assert torch.allclose(trainer.softmax.weight, trainer.bilm.token_layer(ids), atol=1e-5)
    assert np.mean(losses[-5:]) < np.mean(losses[:5])


@pytest.mark.gpu
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"softmax": "full"},
        {"softmax": "adaptive"},
        {"state_reset": "sentences"},
        {"tied": True},
        {"typing_errors": 0.3, "distillation": 0.5},
    ],
    ids=str,
)
def test_a_gpu_trains_as_the_cpu(settings):
    cpu, gpu = (trainer_of(ranks=ranks, **settings, dropout={"words": 0.2}) for ranks in (ALONE, GPU))
    assert train(gpu, 12) == pytest.approx(train(cpu, 12), rel=1e-4)
    for a, b in zip(weights_of(cpu), weights_of(gpu), strict=True):
        assert torch.allclose(a, b.cpu(), atol=1e-3)


@pytest.mark.gpu
def test_on_a_gpu_too_a_step_depends_on_seed_and_number_alone():
    dropout = {"layer_inputs": 0.3, "output": 0.2, "recurrent": 0.2, "variational": True}
    first, again, other = (trainer_of(ranks=GPU, seed=seed, dropout=dropout) for seed in (3, 3, 4))
    losses = train(first, 6)
    assert train(again, 6) == pytest.approx(losses, rel=1e-5)
    assert train(other, 6) != pytest.approx(losses, rel=1e-3)


def test_words_that_fill_a_window_up_change_nothing():
    trainer = trainer_of(state_reset="sentences", dropout={"words": 0.2})
    window, _ = trainer.reader.read(trainer.reader.start())
    prepared = trainer.prepare(0, window)
    ((rows, given, dropout),) = prepared.parts
    filled = filled_up(given)
    assert len(filled.char_ids) == len(filled.word_scale) == WORDS_STEP > len(given.char_ids)
    assert filled.resets.shape == window.begins.shape
    fuller = PreparedWindow(prepared.drawn, [Part(rows, filled._replace(resets=given.resets), dropout)])
    other = trainer_of(state_reset="sentences", dropout={"words": 0.2})
    expected = step_of(trainer, 0, 9, window, trainer.zero_state())
    rate = expected.learning_rate
    assert train_step(other, 0, rate, fuller, other.zero_state()).loss_nats == pytest.approx(expected.loss_nats)
    for a, b in zip(weights_of(trainer), weights_of(other), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


def first_loss(state_reset, hidden, begins=(), document_begins=()):
    """The loss of the first step of a new model from a state that is not zero; positions of every row where something begins."""
    trainer = trainer_of(state_reset=state_reset, softmax="full", dropout=0.0)
    window, _ = trainer.reader.read(trainer.reader.start())
    marks = [np.isin(np.arange(7), starts) & np.ones((6, 1), dtype=bool) for starts in (begins, document_begins)]
    state = BiLMState(*(LSTMState(half.hidden + hidden, half.cell - hidden) for half in trainer.zero_state()))
    return step_of(trainer, 0, 9, window._replace(begins=marks[0], document_begins=marks[1]), state).loss_nats


@pytest.mark.parametrize("what", ["sentences", "documents"])
def test_a_state_that_starts_anew_knows_nothing_of_what_was_before(what):
    keyword = "begins" if what == "sentences" else "document_begins"
    other = "document_begins" if what == "sentences" else "begins"
    assert first_loss(what, 0.7, **{keyword: [0]}) == first_loss(what, 0.0, **{keyword: [0]})
    assert first_loss(what, 0.7, **{other: [0]}) != first_loss(what, 0.0, **{other: [0]})
    assert first_loss("never", 0.7, **{keyword: [0]}) == first_loss("never", 0.7)
    assert first_loss(what, 0.0, **{keyword: [3]}) != first_loss(what, 0.0)


@pytest.mark.parametrize("softmax", ["sampled", "adaptive"])
def test_products_in_bfloat16_train_nearly_as_well(softmax):
    settings = {"scale": 0.5, "dropout": 0.0, "softmax": softmax}
    exact, low = (train(trainer_of(**settings, precision=p), 60) for p in ("float32", "bfloat16"))
    assert (low != exact) == (known_precision(torch.bfloat16, torch.device("cpu")) is not None)
    assert np.mean(low[-10:]) == pytest.approx(np.mean(exact[-10:]), rel=0.05)


@pytest.mark.parametrize("softmax", ["sampled", "adaptive"])
def test_a_step_that_is_not_finite_moves_nothing_and_keeps_the_state(softmax):
    trainer = trainer_of(softmax=softmax)
    window, _ = trainer.reader.read(trainer.reader.start())
    state = trainer.zero_state()
    with torch.no_grad():
        (trainer.softmax if softmax == "sampled" else trainer.softmax.head).bias[4] = math.nan
    before = [p.clone() for p in weights_of(trainer)]
    result = step_of(trainer, 0, 9, window, state)
    assert not result.moved
    assert result.state is state
    for a, b in zip(before, weights_of(trainer), strict=True):
        assert torch.equal(a.nan_to_num(7), b.nan_to_num(7))


def test_some_steps_that_are_not_finite_are_skipped_and_many_in_a_row_end_the_run(tmp_path):
    model = small_model()
    corpus = encode_corpus(encode_text(SENTENCES), [SENTENCES[0]], model.vocabulary, model.word_encoder)
    settings = {"rows": 6, "window": 7, "n_negatives": 4, "optimizer": {"max_skipped_steps": 3}, "log_every": 1}
    config = pretrain_config({**settings, "bilm": model.bilm.config.model_dump()}, [])
    with torch.no_grad():
        model.softmax.bias[4] = math.nan
    reports = []
    with pytest.raises(TrainingError, match=r"3 steps in a row.*not finite.*lower optimizer\.learning_rate"):
        pretrain(model, corpus, config, tmp_path, report=reports.append)
    assert [line.skipped_steps for line in reports] == [1, 2]
    assert checkpoints_of(tmp_path) == []


def test_the_model_with_the_best_held_out_perplexity_is_kept(tmp_path):
    model = small_model(scale=1.0)
    corpus = encode_corpus(encode_text(SENTENCES), SENTENCES[:3], model.vocabulary, model.word_encoder)
    settings = {"rows": 6, "window": 7, "n_negatives": 4, "evaluate_every": 5}
    config = pretrain_config({**settings, "bilm": model.bilm.config.model_dump()}, [])
    reports = []
    _, log = pretrain(model, corpus, config, tmp_path, max_steps=31, report=reports.append)
    assert log.progress.best == min(line.heldout.mean for line in reports if line.heldout is not None)
    assert (tmp_path / "best" / "model.safetensors").is_file()


@pytest.mark.parametrize("cutoffs", [None, CUTOFFS])
def test_a_model_with_another_kind_of_softmax_than_the_recipes_is_refused(cutoffs):
    model = small_model(cutoffs=cutoffs)
    corpus = encode_corpus(encode_text(SENTENCES), [], model.vocabulary, model.word_encoder)
    asked = "adaptive" if cutoffs is None else "full"
    config = pretrain_config({"softmax": asked, "bilm": model.bilm.config.model_dump()}, [])
    with pytest.raises(TrainingError, match=f"the recipe has softmax={asked}, but the model has an? "):
        Trainer(model, corpus, config)


def test_all_weights_of_an_adaptive_softmax_move_from_the_first_step():
    trainer = trainer_of(softmax="adaptive")
    before = [p.clone() for p in trainer.softmax.parameters()]
    train(trainer, 1)
    assert all(not torch.equal(a, b) for a, b in zip(before, trainer.softmax.parameters(), strict=True))
    assert len(trainer.update.moments()) == 3 * len([*trainer.bilm.parameters(), *before])


def test_each_rank_needs_a_row():
    assert [Ranks(r, 3).own_rows(8) for r in range(3)] == [slice(0, 2), slice(2, 5), slice(5, 8)]
    with pytest.raises(ConfigError, match="2 rows for 3 ranks"):
        Ranks(0, 3).own_rows(2)
