"""The training facts in the config of a model, and its model card."""

import re
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from elmo.checkpoints.saved_model import ModelConfig
from elmo.train.adaptation.adapted_recipe import NAMED
from elmo.train.adaptation.facts import adaptation_section
from elmo.train.config import PretrainConfig
from elmo.train.perplexity import Perplexity
from elmo.train.recipe import changed_settings, recipe_text
from elmo.train.run_state import RunProgress
from elmo.train.runs.durations import duration_text
from elmo.train.runs.record import RunRecord
from elmo.train.runs.summary import model_facts, perplexity_text
from elmo.train.teachers.distilled_recipe import NAMED_WITH_TEACHER

POINTS = 5  # points of the learning curve in numbers

# The header is read by the Hugging Face hub; `unknown` is its word for a licence that is not given.
_HEADER = """\
---
library_name: elmo-lm
pipeline_tag: feature-extraction
license: unknown
tags:
- elmo
- bilm
- contextual-embeddings
---
<!-- Before you publish this model, give its `license`. It depends on the texts that the model was trained on, which
this program cannot judge. Accepted names:
https://huggingface.co/docs/hub/repositories-licenses. Add `language:` too. -->
"""


def training_facts(
    recipe: PretrainConfig,
    corpus: Sequence[str],
    tokens: int,
    sentences: int,
    progress: RunProgress,
    heldout: Perplexity,
) -> dict[str, Any]:
    """Facts of a run for `ModelConfig.training`.

    Args:
        corpus: names of the files read. tokens, sentences: without held-out sentences.
        progress: where the run ended. heldout: of the final model.
    """
    n_positions = tokens + sentences  # sentence boundaries are predicted too
    return {
        "corpus": list(corpus),
        "tokens": tokens,
        "sentences": sentences,
        "steps": progress.step,
        "epochs": round(progress.step * recipe.rows * recipe.window / n_positions, 2),
        "rows": recipe.rows,
        "window": recipe.window,
        "seconds": round(progress.seconds),
        "seed": recipe.seed,
        "optimizer": recipe.optimizer.model_dump(),
        "dropout": recipe.dropout.model_dump(),
        "heldout_forward": round(heldout.forward, 3),
        "heldout_backward": round(heldout.backward, 3),
        "heldout_mean": round(heldout.mean, 3),
        "heldout_tokens": heldout.tokens,
        "heldout_oov_rate": round(heldout.oov_rate, 5),
    }


def write_card(config: ModelConfig, run: RunRecord | None = None) -> str:
    """The README.md of a model folder.

    Args:
        config: of the model; the card lists the facts in its `training`.
        run: the record of the run; None (imported weights): the card has no recipe and no learning curve.
    """
    facts = config.training
    parts = [
        f"{_HEADER}\n# A bidirectional language model (ELMo)",
        "It turns each word of a sentence into vectors that depend on the sentence (Peters et al. 2018).",
        _model(config),
        _texts(facts),
        "" if run is None else _recipe(run),
        "" if run is None else _curve(run),
        _figures(config),
        adaptation_section(facts),
        _use(config),
        _limits(config),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _model(config: ModelConfig) -> str:
    vectors = f"- vectors: {config.bilm.n_layers} layers of {config.bilm.width:,} numbers per word"
    facts = model_facts(config.bilm.model_dump(mode="json"), config.n_words, config.adaptive_cutoffs)
    return "## Model\n\n" + "\n".join([*(f"- {name}: {value}" for name, value in facts.items()), vectors])


def _texts(facts: Mapping[str, Any]) -> str:
    if "corpus" not in facts:
        return "## Texts\n\nThe files do not record what the model was trained on."
    text = (
        f"## Texts\n\n{facts['tokens']:,} tokens in {facts['sentences']:,} sentences, without held-out sentences:\n\n"
        + "\n".join(f"- {_code(name)}" for name in facts["corpus"])
    )
    if "teacher" not in facts:
        return text
    only = ", ".join(_code(name) for name in facts.get("teacher_text", []))
    return (
        f"{text}\n\n## Teacher\n\nBeside its language models it has learned the layers of {_code(str(facts['teacher']))}, as far "
        "as linear maps find them in its own; the licence and the texts of that model are its author's to state."
        + (f" Text that it read for this teacher only: {only}." if only else "")
    )


def _recipe(run: RunRecord) -> str:
    settings, changes = run.settings, changed_settings(run.recipe)
    adapts, teacher, start = "adaptation" in run.recipe, settings.get("teacher"), settings.get("start")
    command, second, folder = ["elmo", "pretrain"], "--mix", "model"
    if adapts:
        command, folder = ["elmo", "adapt", _one_line(str(start))], "adapted"
        changes |= {key: _setting(run.recipe, key) for key in NAMED}
    elif teacher is not None:
        command, second, folder = ["elmo", "distil", _one_line(str(teacher))], "--teacher-text", "distilled"
        changes |= {key: _setting(run.recipe, key) for key in NAMED_WITH_TEACHER}
    if adapts or (teacher is not None and start is not None):  # the layers are those of the initial model
        changes = {key: value for key, value in changes.items() if key != "size" and not key.startswith("bilm.")}
    command += ["--recipe", "recipe.toml"]
    for name in settings.get("corpus", []):
        command += ["--corpus", _one_line(str(name))]
    for name in (settings.get("mix") or {}).get("files", []):
        command += [second, _one_line(str(name))]
    for option, value in (
        ("--start", None if adapts else start),
        ("--vocabulary", settings.get("vocabulary_file")),
        ("--heldout", settings.get("heldout_file")),
        ("--max-steps", settings.get("max_steps")),
    ):
        command += [] if value is None else [option, _one_line(str(value))]
    command += ["--pretokenized"] if settings.get("pretokenized") else []
    storage = settings.get("storage", "float32")
    command += [] if storage == "float32" else ["--storage", storage]
    for key in (key for key, value in changes.items() if value is None):
        command += ["--set", f"{key}=none"]
    step, n_steps = run.last("step") or 0, run.last("n_steps") or 0
    early = f"\n\nTraining was stopped at step {step:,} of {n_steps:,}." if step < n_steps else ""
    return (
        "## Training\n\n`recipe.toml`, all settings that differ from the defaults:\n\n"
        f"```toml\n{recipe_text(changes)}```\n\n"
        f"```bash\n{shlex.join([*command, '-o', folder])}\n```{early}"
    )


def _setting(recipe: Mapping[str, Any], key: str) -> Any:
    """A setting by its dotted name."""
    value: Any = recipe
    for name in key.split("."):
        value = value[name]
    return value


def _curve(run: RunRecord) -> str:
    """Some points of the held-out curve, evenly spaced, with the first and the last."""
    rows = [
        line
        for line in run.reports
        if all(perplexity_text(line.get(f"heldout_{way}")) for way in ("forward", "backward"))
    ]
    if not rows:
        return ""
    last = len(rows) - 1
    chosen = [rows[i] for i in sorted({round(last * point / (POINTS - 1)) for point in range(POINTS)})]
    columns = [[f"{line['step']:,}" for line in chosen]]
    columns += [[perplexity_text(line[f"heldout_{way}"]) for line in chosen] for way in ("forward", "backward")]
    steps, forward, backward = (" | ".join(cells) for cells in columns)
    return (
        "Held-out perplexity during training (over the whole vocabulary, on a sample of the held-out text):\n\n"
        f"| step | {steps} |\n|---|{'---|' * len(chosen)}\n| forward | {forward} |\n| backward | {backward} |"
    )


def _figures(config: ModelConfig) -> str:
    facts = config.training
    if "heldout_forward" not in facts:
        return ""
    return (
        f"## Figures\n\n{facts['steps']:,} steps of {facts['rows']} x {facts['window']} positions, "
        f"{facts['epochs']:g} epochs, {duration_text(facts['seconds'])}, seed {facts['seed']}.\n\n"
        f"Held-out perplexity (over the whole vocabulary, {facts['heldout_tokens']:,} tokens): "
        f"forward {facts['heldout_forward']}, backward {facts['heldout_backward']}, mean {facts['heldout_mean']}; "
        f"{100 * facts['heldout_oov_rate']:.2f} % outside the vocabulary of {config.n_words or 0:,} words."
    )


def _use(config: ModelConfig) -> str:
    option = " --pretokenized" if config.tokenizer is not None and config.tokenizer.name == "none" else ""
    sentence = '[["A", "sentence", "of", "yours", "."]]' if option else '["A sentence of yours."]'
    measure = f"\nelmo perplexity . heldout.txt{option}" if config.n_words else ""
    return (
        "## Use\n\n"
        f"```python\nfrom elmo import Elmo\n\n"
        f'vectors = Elmo.from_pretrained("this folder").embed({sentence})\n```\n\n'
        f"```bash\nelmo embed sentences.txt -m . -o vectors.hdf5{option}{measure}\n```"
    )


def _limits(config: ModelConfig) -> str:
    tokenizer = config.tokenizer
    if tokenizer is None:
        cut = "The tokenization of its texts is unknown: give sentences that are tokenized like them."
    elif tokenizer.name == "none":
        cut = (
            "Its texts were tokenized beforehand: give sentences that are tokenized in the same way (`--pretokenized`)."
        )
    else:
        cut = f"Its texts were tokenized by {tokenizer.name} {tokenizer.version}, which is also applied to raw text given to it."
    return (
        f"## Limits\n\n{cut} It reflects the language and the kinds of text that it was trained on, with their biases and gaps. "
        "Its behaviour on other languages and scripts, and its social biases, have not been measured."
    )


def _one_line(name: str) -> str:
    """A file name without control characters: `?` matches any one character in a shell."""
    return "".join(character if character.isprintable() else "?" for character in name)


def _code(name: str) -> str:
    """A file name as code in Markdown; the fence is longer than any row of backticks in it."""
    shown = _one_line(name)
    rows = re.findall("`+", shown)
    fence, room = "`" * (1 + max(map(len, rows), default=0)), " " if rows else ""
    return f"{fence}{room}{shown}{room}{fence}"
