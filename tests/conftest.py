"""What several tests need: the shared material of the project's CI, small models, small corpora."""

import signal
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from hypothesis import settings

from elmo.apps.tasks.predict import predict_lines
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.cli.main import main
from elmo.cli.signals import STOP_SIGNALS
from elmo.embed.embedder import Elmo
from elmo.model.bilm import BiLM
from elmo.model.config import BiLMConfig, CharCNNConfig, WordEmbeddingConfig
from elmo.model.encoders.lstm.settings import LSTMConfig
from elmo.model.encoders.state import BiLMState
from elmo.model.output.adaptive_softmax import output_layer
from elmo.text.shards import EncodedText, write_encoded_text
from elmo.text.windows import Window
from elmo.text.words.alphabet import Alphabet
from elmo.text.words.lexicon import Lexicon
from elmo.text.words.vocabulary import Vocabulary
from elmo.train.config import PretrainConfig
from elmo.train.data.encoded_corpus import encode_corpus
from elmo.train.loop import train_step
from elmo.train.recipe import pretrain_config
from elmo.train.step import learning_rate_at
from elmo.train.trainer import StepResult, Trainer

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")

SHARED = Path(__file__).resolve().parents[2] / "shared"
GOLDEN = Path(__file__).parent / "golden"

# All sizes differ, so that a mixed-up axis cannot pass: E, P, H, F = 3, 7, 11, 9; two layers.
SMALL = BiLMConfig(
    char_cnn=CharCNNConfig(embedding_size=3, filters=((1, 4), (3, 5)), n_highway=1, max_characters=13),
    lstm=LSTMConfig(n_layers=2, cell_size=11, projection_size=7),
)
WORDS = ["<S>", "</S>", "<UNK>", "the", "river", "bank", "lends", "money", "."]
# The same model with other input layers; 16 characters make 23 ids, 4 words 8 ids.
ALPHABET = Alphabet("therivbaky日本海ö\u0301𠀀")
INPUT_WORDS = Vocabulary(["<S>", "</S>", "<UNK>", "the", "river", "bank", "日本"])
_BY_ALPHABET = SMALL.char_cnn.model_copy(update={"alphabet_size": 16})
_WORDS = WordEmbeddingConfig(size=5, n_words=4)
INPUT_LAYERS = {
    "bytes": (SMALL, Lexicon()),
    "alphabet": (BiLMConfig(char_cnn=_BY_ALPHABET, lstm=SMALL.encoder), Lexicon(ALPHABET)),
    "bytes, words": (
        BiLMConfig(char_cnn=SMALL.char_cnn, word_embedding=_WORDS, lstm=SMALL.encoder),
        Lexicon(None, INPUT_WORDS),
    ),
    "alphabet, words": (
        BiLMConfig(char_cnn=_BY_ALPHABET, word_embedding=_WORDS, lstm=SMALL.encoder),
        Lexicon(ALPHABET, INPUT_WORDS),
    ),
    "words": (BiLMConfig(char_cnn=None, word_embedding=_WORDS, lstm=SMALL.encoder), Lexicon(None, INPUT_WORDS)),
}
# A task that learns a toy text in seconds.
SMALL_TASK = {
    "cell_size": 16,
    "batch_size": 8,
    "epochs": 10,
    "patience": 10,
    "dropout": 0.2,
    "inputs": {"word_size": 8, "character_size": 8},
    "optimizer": {"learning_rate": 0.01, "schedule": "constant", "warmup_steps": 20, "clip_norm": 5.0},
}
CUTOFFS = [4, 7]  # of an adaptive softmax over WORDS
TEXT = "The bank of the river was green .\nShe put money in the bank .\nThe river runs by the bank of the town .\n"


def facts_of_lines(*args: Any, **kwargs: Any) -> list[dict[str, Any]]:
    """What `elmo predict --json` prints of each line."""
    return [found.facts() for found in predict_lines(*args, **kwargs)]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The texts, fixtures and tools beside the checkout; absent on a stranger's machine."""
    if not SHARED.is_dir():
        pytest.skip("needs the project's shared material beside the checkout (fixtures, texts)")
    return SHARED


def small_model(
    config: BiLMConfig = SMALL,
    seed: int = 0,
    scale: float = 3.0,
    lexicon: Lexicon = Lexicon(),
    cutoffs: Sequence[int] | None = None,
) -> SavedModel:
    """A random model with softmax and vocabulary; the weights are scaled up so that the gates are not all alike.

    Args:
        cutoffs: of an adaptive softmax; None: a row for each word.
    """
    torch.manual_seed(seed)
    bilm, softmax = BiLM(config), output_layer(len(WORDS), config.encoder.projection_size, cutoffs)
    with torch.no_grad():
        for name, p in [*bilm.named_parameters(), *softmax.named_parameters()]:
            p.copy_(torch.randn_like(p) * 0.3 if "bias" in name else p * scale)
        for part in (bilm.char_cnn, bilm.word_embedding):
            if part is not None:
                part.embedding.weight[0] = 0
    shape = ModelConfig(bilm=config, n_words=len(WORDS), adaptive_cutoffs=cutoffs)
    return SavedModel(shape, bilm.eval(), softmax, Vocabulary(WORDS), lexicon=lexicon)


def model_of(layer: str, scale: float = 3.0) -> SavedModel:
    """`small_model` with one of INPUT_LAYERS."""
    config, lexicon = INPUT_LAYERS[layer]
    return small_model(config, scale=scale, lexicon=lexicon)


def loss_of_first_step(model: SavedModel, sentence: list[str]) -> float:
    """Nats that the first step of training loses on one sentence in one row, from state zero, both directions together.

    At inference the backward LM has read `</S>` first, the forward LM `<S>`, as in training: so the sentence loses the same.
    """
    corpus = encode_corpus(encode_text([sentence]), [], model.vocabulary, model.word_encoder)
    n_positions = len(sentence) + 1
    settings = {
        "bilm": model.bilm.config.model_dump(),
        "rows": 1,
        "window": n_positions,
        "dropout": 0.0,
        "softmax": "full" if model.config.adaptive_cutoffs is None else "adaptive",
    }
    trainer = Trainer(model, corpus, pretrain_config(settings, []))
    window, _ = trainer.reader.read(trainer.reader.start())
    return 2 * n_positions * step_of(trainer, 0, 10, window, trainer.zero_state()).loss_nats


def step_of(trainer: Trainer, number: int, n_steps: int, window: Window, state: BiLMState) -> StepResult:
    """One update of a run of `n_steps`."""
    learning_rate = learning_rate_at(number, n_steps, trainer.config.optimizer)
    return train_step(trainer, number, learning_rate, trainer.prepare(number, window), state)


def encode_text(sentences: Sequence[Sequence[str]]) -> EncodedText:
    """Sentences of one document as they are trained on; the files live as long as they are open."""
    with tempfile.TemporaryDirectory() as folder:
        pairs = [(words, number == 0) for number, words in enumerate(sentences)]
        return write_encoded_text(pairs, Path(folder) / "text")


def quick_recipe(**changes: object) -> PretrainConfig:
    """The recipe of a run that takes a moment: thirty lines are seven steps an epoch."""
    settings = {"rows": 4, "window": 7, "n_negatives": 6, "log_every": 1, "dropout": 0.1, "checkpoint_minutes": 1e-9}
    return pretrain_config({"bilm": SMALL.model_dump(), **settings, **changes}, [])


@pytest.fixture
def model() -> SavedModel:
    return small_model()


@pytest.fixture
def elmo(model: SavedModel) -> Elmo:
    return Elmo(model)


@pytest.fixture
def corpus_file(tmp_path: Path) -> Path:
    """Thirty lines of text."""
    path = tmp_path / "corpus.txt"
    path.write_text(TEXT * 10, encoding="utf-8")
    return path


class Ran(NamedTuple):
    """How a command of `elmo` ended."""

    status: int
    out: str
    err: str


@pytest.fixture
def run_elmo(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Ran]]:
    """Run a command of `elmo` in this process: run_elmo("info", folder) -> its status and output."""
    handlers = {number: signal.getsignal(number) for number in STOP_SIGNALS}

    def run(*arguments: object) -> Ran:
        monkeypatch.setattr("sys.argv", ["elmo", *map(str, arguments)])
        capfd.readouterr()
        try:
            main()
            status = 0
        except SystemExit as end:
            status = 0 if end.code is None else int(end.code)
        return Ran(status, *capfd.readouterr())

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)
