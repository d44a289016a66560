"""Cases of pretraining: each objective, layer and setting; a resume, and models that the old commit wrote."""

from pathlib import Path

from benchmarks.measure.house.cases.case import Room, case
from benchmarks.measure.house.cases.commands import elmo, settings, stopped
from benchmarks.measure.house.cases.digests import Items, facts, log_lines, model_folder
from benchmarks.measure.house.cases.texts import sentences, write_wikitext
from benchmarks.measure.house.cases.vectors import vectors

SMALL = ["--set", "rows=8", "--set", "window=8", "--set", "n_negatives=256", "--set", "log_every=10"]


def pretrain(room: Room, *more: str, n_steps: int = 200, n_bytes: int = 1_500_000, start: str | None = None) -> Items:
    """The model and the log of a run of size tiny, or of one that begins with a model, which reads raw text."""
    train, heldout = write_wikitext(room, n_bytes)
    fresh = ["--size", "tiny", "--vocabulary-size", "3000", "--pretokenized"]
    own = fresh if start is None else ["--start", start]
    often = settings("evaluate_every=100", "evaluate_sentences=10")
    texts = ["--corpus", train, "--heldout", heldout]
    printed = elmo("pretrain", *texts, *own, "-o", "run", *SMALL, *often, "--max-steps", str(n_steps), *more, "--json")
    run = room.folder / "run"
    return model_folder(run) | log_lines(run) | facts(printed)


@case()
def pretrain_sampled(room: Room) -> Items:
    """float32, sampled softmax, the defaults."""
    return pretrain(room)


@case()
def pretrain_full(room: Room) -> Items:
    """Full softmax."""
    return pretrain(room, *settings("softmax=full"))


@case()
def pretrain_adaptive(room: Room) -> Items:
    """Adaptive softmax, the paper's optimizer."""
    adagrad = ("optimizer.name=adagrad", "optimizer.learning_rate=0.2", "optimizer.schedule=constant")
    return pretrain(room, *settings("softmax=adaptive", *adagrad))


@case()
def pretrain_bfloat16(room: Room) -> Items:
    """Products in bfloat16, all kinds of dropout."""
    table = ("layer_inputs=0.2", "output=0.2", "words=0.05", "recurrent=0.1", "variational=true")
    return pretrain(room, *settings("precision=bfloat16", *(f"dropout.{pair}" for pair in table)))


@case()
def pretrain_tied(room: Room) -> Items:
    """The softmax reads the token layer."""
    return pretrain(room, *settings("tied=true"))


@case()
def pretrain_typing_errors(room: Room) -> Items:
    """Words are read with typing errors, rows in two parts."""
    return pretrain(room, *settings("typing_errors=0.15", "accumulate=2", "optimizer.name=adamw"))


@case()
def pretrain_distillation(room: Room) -> Items:
    """Going on from the English model, past typing errors, close to what it said."""
    more = settings("typing_errors=0.15", "distillation=0.5", "dropout=0", "optimizer.learning_rate=0.0005")
    return pretrain(room, *more, start="en")


@case()
def pretrain_word_vectors(room: Room) -> Items:
    """Words have vectors beside their characters, which have an alphabet."""
    layers = ("bilm.word_embedding.size=20", "bilm.word_embedding.n_words=1000", "bilm.char_cnn.alphabet_size=60")
    return pretrain(room, *settings(*layers))


def pretrain_some(room: Room, *pairs: str) -> Items:
    """Forty steps on a text that is shorter than they are."""
    return pretrain(room, *settings(*pairs), n_steps=40, n_bytes=9000)


@case()
def pretrain_words_alone(room: Room) -> Items:
    """No characters."""
    return pretrain_some(room, "bilm.char_cnn=none", "bilm.word_embedding.size=20", "optimizer.name=sgd")


@case()
def pretrain_reset_never(room: Room) -> Items:
    """The state goes on, sentences keep their order; settings of a recipe."""
    recipe = room.folder / "recipe.toml"
    recipe.write_text('state_reset = "never"\nshuffle = "none"\n', encoding="utf-8")
    return pretrain(room, "--recipe", str(recipe), n_steps=40, n_bytes=9000)


@case(quick=True)
def pretrain_reset_sentences(room: Room) -> Items:
    """The state starts anew at each sentence."""
    return pretrain_some(room, "state_reset=sentences", "optimizer.schedule=cosine")


@case()
def pretrain_reset_documents(room: Room) -> Items:
    """The state starts anew at each document."""
    return pretrain_some(room, "state_reset=documents", "shuffle=documents", "optimizer.schedule=inverse_sqrt")


def log_has_step(folder: Path, step: int) -> bool:
    """Whether the log of a run has come to a step."""
    path = folder / "log.jsonl"
    return path.exists() and f'"step": {step},' in path.read_text(encoding="utf-8")


def make_stopped_run(room: Room) -> None:
    """A run that is stopped halfway, in a new epoch."""
    train, heldout = write_wikitext(room, 30_000)
    options = ("rows=8", "window=8", "n_negatives=256", "log_every=10", "typing_errors=0.1", "evaluate_sentences=10")
    stopped(
        lambda: log_has_step(room.folder / "run", 100),
        "pretrain",
        "--corpus",
        train,
        "--heldout",
        heldout,
        "--pretokenized",
        "--size",
        "tiny",
        "-o",
        "run",
        "--vocabulary-size",
        "1500",
        "--max-steps",
        "200",
        *settings(*options),
    )


@case(make=make_stopped_run)
def resume(room: Room) -> Items:
    """Going on from a checkpoint of the old commit."""
    checkpoints = sorted(path.name for path in (room.folder / "run" / "checkpoints").iterdir())
    if not checkpoints or (room.folder / "run" / "model.safetensors").exists():
        raise RuntimeError("the run was not stopped halfway")
    printed = elmo("pretrain", "--resume", "-o", "run", "--json")
    run = room.folder / "run"
    elmo("report", "run")
    return {"checkpoints": repr(checkpoints)} | model_folder(run) | log_lines(run) | facts(printed)


def make_models(room: Room) -> None:
    """Small models of each kind of storage, input and output layer."""
    kinds = {
        "float16": ("--storage", "float16", *settings("softmax=adaptive")),
        "int8": ("--storage", "int8", *settings("bilm.char_cnn.alphabet_size=60", "bilm.word_embedding.size=20")),
        "float32": settings("tied=true", "softmax=full"),
    }
    for name, more in kinds.items():
        pretrain(room, *more, n_steps=20)
        (room.folder / "run").rename(room.folder / name)


@case(make=make_models)
def old_models(room: Room) -> Items:
    """Models that the old commit wrote."""
    items = {}
    _, text = write_wikitext(room)
    for name in ("float16", "int8", "float32"):
        items |= vectors(name, sentences(room)[:40], room.folder / name, dtypes=["float32", "int8"])
        items |= facts(elmo("perplexity", name, text, "--pretokenized", "--json"), f"{name} ")
    return items
