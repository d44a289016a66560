import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from conftest import small_model
from elmo.checkpoints.saved_model import TokenizerFacts
from elmo.embed.embedder import Elmo
from elmo.errors import CheckpointError, ConfigError, OutputError, TextError
from elmo.train.warm_state import settle_state

SENTENCE = ["the", "bank", "of", "the", "river"]


def test_the_same_sentence_alone_in_a_batch_shuffled_and_padded_has_the_same_vectors(elmo):
    rng = np.random.default_rng(0)
    others = [[f"w{rng.integers(99)}" for _ in range(rng.integers(0, 60))] for _ in range(63)]
    (alone,) = elmo.embed([SENTENCE], layers="all")
    batch = [*others, SENTENCE]
    for order in (range(64), rng.permutation(64)):
        vectors = elmo.embed([batch[i] for i in order], layers="all", batch_size=64)
        assert np.abs(vectors[list(order).index(63)] - alone).max() <= 1e-5
    again = elmo.embed([SENTENCE], layers="all")[0]
    assert np.array_equal(again, alone)  # nothing is remembered


def test_layers_are_choices_from_all_of_them(elmo):
    (every,) = elmo.embed([SENTENCE], layers="all")
    assert every.shape == (3, 5, 14)
    assert every.dtype == np.float32
    for layers, expected in (
        ("mean", every.mean(0)),
        ("top", every[2]),
        (0, every[0]),
        (-1, every[2]),
        ([0.5, 0.25, 2], 0.5 * every[0] + 0.25 * every[1] + 2 * every[2]),
    ):
        assert np.allclose(elmo.embed([SENTENCE], layers=layers)[0], expected, atol=1e-5)
    assert np.allclose(elmo.embed([SENTENCE])[0], every.mean(0), atol=1e-6)
    assert np.array_equal(elmo.embed([SENTENCE], layers=np.int64(1))[0], every[1])
    assert np.allclose(elmo.embed([SENTENCE], layers=np.array([0.0, 1, 0]))[0], every[1], atol=1e-6)


def test_pooling_never_counts_padding(elmo):
    sentences = [SENTENCE, ["river"], []]
    plain = elmo.embed(sentences, layers="all")
    for pooling, how in (("mean", np.mean), ("max", np.max)):
        pooled = elmo.embed(sentences, layers="all", pooling=pooling)
        assert np.allclose(pooled[0], how(plain[0], axis=1), atol=1e-6)
        assert np.allclose(pooled[1], plain[1][:, 0], atol=1e-6)
        assert pooled[2].shape == (3, 14)
        assert not pooled[2].any()


@pytest.mark.parametrize(
    "sentences",
    [
        [],
        [""],
        [[]],
        [[], "the bank", []],
        ["x" * 100_000],
        [["\ud800", "\x00", "", " ", "a\tb"]],
        ["مرحبا بالعالم 👩‍🔬"],
        ["<S> </S>"],
    ],
)
def test_odd_input_has_a_vector_for_each_token(elmo, sentences):
    vectors = elmo.embed(sentences)
    assert len(vectors) == len(sentences)
    for sentence, v in zip(sentences, vectors, strict=True):
        n_tokens = len(elmo.tokenize(sentence)) if isinstance(sentence, str) else len(sentence)
        assert v.shape == (n_tokens, 14)
        assert np.isfinite(v).all()


@pytest.mark.filterwarnings("ignore:.*of this text")  # what is drawn may be foreign to the model
@given(
    st.lists(
        st.text(alphabet=st.characters(exclude_categories=[]), max_size=20) | st.lists(st.text(max_size=5), max_size=5),
        max_size=4,
    )
)
def test_any_strings_and_any_tokens_are_embedded(sentences):
    elmo = Elmo(MODEL)
    for sentence, v in zip(sentences, elmo.embed(sentences), strict=True):
        assert len(v) == len(elmo.tokenize(sentence) if isinstance(sentence, str) else sentence)


MODEL = small_model()


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        ("one string", "a list of sentences, not one string"),
        (3, "not int"),
        (b"bytes", "not bytes"),
        ([["fine"], 3], "sentence 1 is 3"),
        ([["fine", None]], r"sentence 0 is \['fine', None\]"),
        ([b"bytes"], "sentence 0 is b'bytes'"),
    ],
)
def test_what_is_no_list_of_sentences_is_refused(elmo, sentences, message):
    with pytest.raises(TextError, match=message):
        elmo.embed(sentences)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"layers": 3}, "this model has 3 layers"),
        ({"layers": "median"}, "layers='median'"),
        ({"layers": [1, 2]}, "2 weights for 3 layers"),
        ({"layers": [1, float("nan"), 0]}, "weights must be finite"),
        ({"layers": None}, "layers=None"),
        ({"layers": True}, "layers=True"),
        ({"layers": ["a", "b", "c"]}, "give a name, an index, or one weight per layer"),
        ({"pooling": "sum"}, "pooling='sum'"),
        ({"state": "cold"}, "state='cold'"),
        ({"state": "warm"}, "without a settled start state"),
    ],
)
def test_settings_that_cannot_work_are_refused(elmo, settings, message):
    with pytest.raises(ConfigError, match=message):
        elmo.embed([SENTENCE], **settings)


def test_carry_goes_on_row_by_row_and_reset_forgets(elmo):
    first, second = [["the"], ["river", "bank"]], [["a", "b", "c"], ["d"]]
    zero = elmo.embed(second, layers="all")
    elmo.embed(first, state="carry")
    carried = elmo.embed(second, layers="all", state="carry")
    assert max(np.abs(c - z).max() for c, z in zip(carried, zero, strict=True)) > 1e-3
    for row in range(2):
        one = Elmo(elmo.model)
        one.embed([first[row]], state="carry")
        assert np.allclose(one.embed([second[row]], layers="all", state="carry")[0], carried[row], atol=1e-6)
    elmo.reset()
    assert np.array_equal(elmo.embed(second, layers="all", state="carry")[0], zero[0])


def test_carry_does_not_depend_on_the_batch_size(elmo):
    batches = [[["a"] * n for n in (3, 1, 5)], [["b"] * n for n in (2, 4)], [["c"]] * 4]
    small = Elmo(elmo.model)
    for batch in batches:
        for a, b in zip(elmo.embed(batch, state="carry"), small.embed(batch, state="carry", batch_size=1), strict=True):
            assert np.allclose(a, b, atol=1e-6)


def test_warm_starts_every_sentence_from_the_settled_state(model):
    sentences = [["the", "river", "."], ["the", "bank"]]
    warm = settle_state(model.bilm, model.word_encoder, sentences)
    elmo = Elmo(model.__class__(**{**vars(model), "warm": warm}))
    for sentence in sentences:
        elmo.embed([sentence], state="carry")
    expected = elmo.embed([SENTENCE], state="carry")
    got = elmo.embed([SENTENCE, SENTENCE], state="warm")
    assert np.allclose(got[0], expected[0], atol=1e-6)
    assert np.allclose(got[1], expected[0], atol=1e-6)


def test_a_model_survives_saving(elmo, tmp_path):
    elmo.save_pretrained(tmp_path / "m")
    assert np.array_equal(Elmo.from_pretrained(tmp_path / "m").embed([SENTENCE])[0], elmo.embed([SENTENCE])[0])
    with pytest.raises(OutputError, match="exists already"):
        elmo.save_pretrained(tmp_path / "m")
    for storage in ("float16", "int8"):
        elmo.save_pretrained(tmp_path / "m", force=True, storage=storage)
        again = Elmo.from_pretrained(tmp_path / "m").embed([SENTENCE])[0]
        assert np.allclose(again, elmo.embed([SENTENCE])[0], atol=0.05), storage


def test_float64_agrees_and_an_unknown_dtype_is_refused(elmo):
    exact = Elmo(small_model(), dtype="float64").embed([SENTENCE])[0]
    assert exact.dtype == np.float32
    assert np.allclose(exact, elmo.embed([SENTENCE])[0], atol=1e-5)
    with pytest.raises(ConfigError, match="dtype 'int4'"):
        Elmo(small_model(), dtype="int4")


def test_weights_that_give_no_numbers_are_noticed(model):
    with torch.no_grad():
        model.bilm.char_cnn.projection.bias[0] = torch.nan
    with pytest.raises(CheckpointError, match="not finite"):
        Elmo(model).embed([SENTENCE])


def test_another_tokenizer_is_warned_of(model, tmp_path):
    config = model.config.model_copy(update={"tokenizer": TokenizerFacts(name="elmo-words", version="0")})
    Elmo(model.__class__(**{**vars(model), "config": config})).save_pretrained(tmp_path / "m")
    with pytest.warns(UserWarning, match="tokenizer elmo-words 0, this is elmo-words 1"):
        Elmo.from_pretrained(tmp_path / "m")


def test_tokens_carry_offsets(elmo):
    text = "The  bank isn't open."
    assert [(t.text, text[t.start : t.end]) for t in elmo.tokenize(text)][2:4] == [("is", "is"), ("n't", "n't")]


@pytest.mark.gpu
def test_a_gpu_gives_the_same_vectors():
    cpu = Elmo(small_model()).embed([SENTENCE], layers="all")[0]
    assert np.allclose(Elmo(small_model(), device="cuda").embed([SENTENCE], layers="all")[0], cpu, atol=1e-4)


@pytest.mark.parametrize("device", ["tpu", "cuda:99", ""])
def test_a_device_that_is_not_there_is_refused(model, device):
    with pytest.raises(ConfigError, match=f"device '{device}'"):
        Elmo(model, device=device)


def test_the_callers_model_stays_as_it_is(model):
    Elmo(model, dtype="float64")
    assert model.bilm.char_cnn.embedding.weight.dtype == torch.float32
