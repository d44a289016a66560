"""The facts of a run as names and readable values, for its report page and its model card."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from pydantic import ValidationError

from elmo.checkpoints.saved_model import ModelConfig
from elmo.errors import ConfigError
from elmo.train.cost import ParameterCounts, count_parameters
from elmo.train.runs.durations import duration_text
from elmo.train.runs.record import RunRecord

Facts = dict[str, str]


def text_facts(run: RunRecord) -> Facts:
    """The text of the run."""
    settings, training = run.settings, run.training
    facts = {
        "corpus": ", ".join(map(str, settings.get("corpus", []))),
        "tokens": _count(settings.get("tokens")),
        "sentences": _count(settings.get("sentences")),
        "tokenized by": _tokenizer_text(settings),
        "vocabulary": _count(run.n_words, " words") + _given(settings.get("vocabulary_file")),
        "held out": "" if "heldout_file" not in settings else settings["heldout_file"] or "sentences of the corpus",
        "held-out tokens": _count(training.get("heldout_tokens")),
        "OOV rate of the held-out text": _percent(training.get("heldout_oov_rate")),
    }
    return _with_value(facts)


def _tokenizer_text(settings: Mapping[str, Any]) -> str:
    if settings.get("pretokenized"):
        return "white space (pretokenized)"
    version = settings.get("tokenizer", 1)
    return "the tokenizer of elmo" + (f", version {version}" if version != 1 else "")


def model_facts(bilm: Mapping[str, Any], n_words: int | None, cutoffs: Sequence[int] | None) -> Facts:
    """The model.

    Args:
        bilm: the settings of a `BiLMConfig`, as JSON has them. n_words: V of the softmax; None: not known, or no softmax.
        cutoffs: of an adaptive softmax.
    """
    cnn, words, lstm, encoder = (_table(bilm, name) for name in ("char_cnn", "word_embedding", "lstm", "encoder"))
    filters = cnn.get("filters", [])
    counts = _counts_of(bilm, n_words, cutoffs)
    facts = {
        "characters": _joined(
            cnn, "vectors of {embedding_size}, up to {max_characters} per word with both boundary marks"
        ),
        "filters": " ".join(f"{width}:{number}" for width, number in filters) if _are_pairs(filters) else "",
        "highway layers": _count(cnn.get("n_highway")),
        "word vectors": _joined(words, "{n_words} of {size}"),
        "LSTM": _joined(lstm, "{n_layers} layers of {cell_size} cells each way, projection {projection_size}"),
        "encoder": ", ".join(f"{name} {value}" for name, value in encoder.items()),
        "parameters of the biLM": "" if counts is None else _count(counts.bilm),
        "adaptive softmax": clusters_text(cutoffs, n_words) if cutoffs and n_words and counts is not None else "",
        "parameters of the softmax": "" if counts is None or counts.softmax == 0 else _count(counts.softmax),
    }
    return _with_value(facts)


def training_run_facts(run: RunRecord) -> Facts:
    """The training settings and the progress."""
    recipe, optimizer = run.recipe, _table(run.recipe, "optimizer")
    seconds, step, n_steps = (run.last(name) for name in ("seconds", "step", "n_steps"))
    speed = run.curve("tokens_per_s")[1]
    devices = {f"{s.get('threads', '?')} threads, {s.get('device', 'device not logged')}": None for s in run.sessions}
    versions = {f"elmo {s.get('elmo', '?')}, torch {s.get('torch', '?')}": None for s in run.sessions}
    facts = {
        "steps": ""
        if step is None or n_steps is None
        else f"{step:,.0f} of {n_steps:,.0f} ({100 * step // max(n_steps, 1):.0f} %)",
        "batch": _joined(recipe, "{rows} rows x {window} positions"),
        "softmax": _joined(recipe, "{softmax}")
        + (f", {_count(recipe.get('n_negatives'))} negatives" if recipe.get("softmax") == "sampled" else ""),
        "optimizer": _joined(optimizer, "{name}, learning rate {learning_rate}, gradient clipped to {clip_norm}"),
        "schedule": _joined(
            optimizer,
            "{schedule}, {warmup_steps} steps of warm-up"
            if "schedule" in optimizer
            else "{warmup_steps} steps of warm-up, then down to {final_share} times the learning rate",
        ),
        "seed": str(recipe.get("seed", "")),
        "time": "" if seconds is None else duration_text(seconds),
        "tokens per second, median": "" if not speed else f"{sorted(speed)[len(speed) // 2]:,.0f}",
        "steps skipped (not finite)": _count(run.last("skipped_steps")),
        "machine": "; ".join(devices),
        "versions": "; ".join(versions),
    }
    return _with_value(facts)


def final_perplexity_facts(run: RunRecord) -> Facts:
    """Perplexity of the model in the folder on all held-out text."""
    found = {name: perplexity_text(run.training.get(f"heldout_{name}")) for name in ("forward", "backward", "mean")}
    return _with_value(found)


def session_texts(run: RunRecord) -> list[str]:
    """One sentence per session: when it started, from which checkpoint, how it ended."""
    texts = []
    for number, session in enumerate(run.sessions, start=1):
        if "ended" in session:
            why, step = session.get("why", "reason unknown"), _count(session.get("step")) or "?"
            end = f"ended {_when(session['ended'])} at step {step}: {why}"
        elif number < len(run.sessions):
            end = "did not end orderly (killed, or an error)"
        else:
            end = "still running, or killed"
        texts.append(f"began {_when(session['began'])} from {session.get('checkpoint') or 'the start'}; {end}")
    return texts


def _counts_of(bilm: Mapping[str, Any], n_words: int | None, cutoffs: Sequence[int] | None) -> ParameterCounts | None:
    """Parameters of a model; None: settings that this version does not know."""
    try:
        shape = ModelConfig.model_validate({"bilm": bilm, "n_words": n_words or None, "adaptive_cutoffs": cutoffs})
    except (ValidationError, ConfigError):
        return None
    return count_parameters(shape.bilm, shape.n_words, shape.adaptive_cutoffs)


def clusters_text(cutoffs: Sequence[int], n_words: int) -> str:
    """The clusters of an adaptive softmax: `the first 2,345 words, then clusters of 5,678 and 21,980`."""
    sizes = [f"{end - begin:,}" for begin, end in pairwise([*cutoffs, n_words])]
    return f"the first {cutoffs[0]:,} words, then {'a cluster' if len(sizes) == 1 else 'clusters'} of {' and '.join(sizes)}"


def perplexity_text(value: Any) -> str:
    """A perplexity or a loss with four significant digits; empty if unknown."""
    if not isinstance(value, int | float):
        return ""
    return f"{value:,.0f}" if 1000 <= value < 1e9 else f"{value:#.4g}"


def _when(iso: Any) -> str:
    """`2026-11-25T01:00:57+00:00` -> `2026-11-25 01:00 UTC`; all records are in UTC."""
    return f"{str(iso)[:16].replace('T', ' ')} UTC"


def _table(settings: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A nested table; empty if it is missing."""
    inner = settings.get(name)
    return inner if isinstance(inner, Mapping) else {}


def _joined(settings: Mapping[str, Any], text: str) -> str:
    """The text with settings in its braces; empty if one of them is missing."""
    try:
        return text.format_map(settings)
    except (KeyError, ValueError, TypeError):
        return ""


def _are_pairs(filters: Any) -> bool:
    return isinstance(filters, list) and all(isinstance(pair, list) and len(pair) == 2 for pair in filters)


def _count(value: Any, unit: str = "") -> str:
    return f"{value:,.0f}{unit}" if isinstance(value, int | float) else ""


def _percent(fraction: Any) -> str:
    return f"{100 * fraction:.2f} %" if isinstance(fraction, int | float) else ""


def _given(file: Any) -> str:
    return f", given in {file}" if file else ""


def _with_value(facts: Facts) -> Facts:
    """The facts with a value."""
    return {name: value for name, value in facts.items() if value}
