"""Recommendations before training on a corpus: one rule per problem, the most harmful first."""

from collections.abc import Sequence

from elmo.apps.corpus.cleaning_advice import (
    BOILERPLATE,
    CARRIAGE_RETURNS,
    INVISIBLE,
    LETTERLESS,
    LINKS,
    LOST_LETTERS,
    MARKUP,
    MOJIBAKE,
    Advice,
)
from elmo.apps.corpus.findings import READABLE_BYTES, Findings
from elmo.apps.pretraining.advised import advised_run, pretrain_command, with_larger_vocabulary
from elmo.text.survey.streaming_counts import quantile

ENOUGH_TOKENS = 100_000  # with fewer tokens no model is useful
_MANY_UNKNOWN = 0.05
_WHOLE_DOCUMENT = 8  # sentences; with a lower median, empty lines separate paragraphs or headings


def advise(findings: Findings, patterns: Sequence[str]) -> list[Advice]:
    """Recommendations, the most harmful problem first, the training command last.

    If raw text was read as tokenized text, or the reverse, only that is recommended.

    Args:
        patterns: the files as the user gave them.
    """
    misread = _tokenized(findings)
    if misread is not None:  # the other counts are then meaningless
        return [advice for advice in (_unread(findings), misread) if advice is not None]
    found = (rule(findings) for rule in _RULES)
    return [*(advice for advice in found if advice is not None), _training(findings, patterns)]


def _unread(f: Findings) -> Advice | None:
    if not (n := len(f.survey.unread)):
        return None
    files = "a file" if n == 1 else f"{n} files"
    return Advice(
        f"{files} could not be read completely: {f.survey.unread[0]}",
        "Repair or leave out, then run elmo doctor again.",
    )


def _tokenized(f: Findings) -> Advice | None:
    commas, separated, marks = f.survey.n_commas, f.survey.n_separated_commas, f.survey.n_unknown_marks
    few = commas < f.n_tokens / 1000  # too few to decide by
    tokenized = separated > commas / 2 if not few else marks > max(10, f.n_tokens / 1000)
    if not f.pretokenized and tokenized:
        what = f"{separated:,} of {commas:,} commas follow a blank"
        what += f", {marks:,} words are a literal <unk>" if marks else ""
        return Advice(f"This text is already tokenized: {what}.", "Run elmo doctor again with --pretokenized.")
    if f.pretokenized and not few and separated < commas / 2:
        return Advice(
            f"This text is not tokenized: {commas - separated:,} of {commas:,} commas are part of a word.",
            "Run elmo doctor again without --pretokenized.",
        )
    return None


def _too_small(f: Findings) -> Advice | None:
    if f.n_tokens >= ENOUGH_TOKENS:
        return None
    return Advice(
        f"{f.n_tokens:,} tokens are too few for a useful model; it needs at least {ENOUGH_TOKENS:,}, better ten times as many.",
        "Add more text of the same kind, or embed with an existing model.",
        "elmo embed FILE -o vectors.hdf5",
    )


def _wrapped(f: Findings) -> Advice | None:
    unmarked, inside = f.survey.unmarked_lengths, f.survey.n_inside
    middle = quantile(unmarked, 0.5)
    narrow = quantile(unmarked, 0.75) - quantile(unmarked, 0.25) <= max(2, 0.15 * middle)
    if inside < 20 or unmarked.total() < 0.4 * inside or middle < 20 or not narrow:
        return None
    between = " -v OFS=" if f.scripts.fractions().get("Han", 0) > 0.5 else ""
    glue = 'gsub(/-\\n/, ""); ' if f.survey.n_hyphenated > inside / 100 else ""
    return Advice(
        f"Paragraphs are broken into lines of some {middle} characters: {unmarked.total() / inside:.0%} of the lines "
        "inside a paragraph end in mid-sentence, but each line is read as at least one sentence.",
        "Join the lines between empty lines.",
        f"awk -v RS={between} '{{{glue}$1=$1; print $0 \"\\n\"}}' FILE > joined.txt",
    )


def _repeated(f: Findings) -> Advice | None:
    lines, of_bytes = f.survey.lines.fraction_repeated(), f.survey.lines.fraction_of_bytes_repeated()
    if of_bytes < 0.02:
        return None
    return Advice(
        f"{lines:.1%} of the lines ({of_bytes:.1%} of the text) repeat an earlier line. The model memorizes them, and "
        "repeated lines in the held-out text make its perplexity too low.",
        "Keep only the first of each.",
        "awk '!NF || !seen[$0]++' FILE > unique.txt",
    )


def _mixed_scripts(f: Findings) -> Advice | None:
    if f.scripts.mixed_tokens < 0.0005 * f.n_tokens:
        return None
    return Advice(
        f"{f.scripts.mixed_tokens / f.n_tokens:.2%} of the tokens mix scripts ({', '.join(f.scripts.mixed_examples)}), "
        "often letters that only look alike (homoglyphs, OCR errors).",
        "Check these words, and correct them in the source.",
    )


def _long_sentences(f: Findings) -> Advice | None:
    longest, middle = quantile(f.survey.sentence_lengths, 0.99), quantile(f.survey.sentence_lengths, 0.5)
    if middle < 60:
        return None
    step, command = (
        (
            "To embed single sentences later, split the text into sentences first.",
            "sed 's/ \\([.!?]\\) / \\1\\n/g' FILE > sentences.txt",
        )
        if f.pretokenized
        else ("Check where the tokenizer ends sentences.", "elmo tokenize FILE | head")
    )
    return Advice(
        f"Lines are not single sentences: half have over {middle - 1} tokens, one in a hundred over {longest}.",
        step,
        command,
    )


def _overlong(f: Findings) -> Advice | None:
    if (fraction := f.overlong.tokens / f.n_tokens) < 0.001:
        return None
    return Advice(
        f"{fraction:.2%} of the tokens have over {READABLE_BYTES} bytes ({f.overlong.examples[0][:40]}); "
        "the char CNN cuts them off there.",
        "If they are words, raise the limit.",
        "elmo pretrain ... --set bilm.char_cnn.max_characters=100",
    )


def _three_bytes(f: Findings) -> Advice | None:
    if (size := f.scripts.bytes_per_letter()) < 2.5:
        return None
    script = next(iter(f.scripts.fractions()))
    if f.characters_per_token < 2:
        why = "and most tokens are one letter, whose bytes carry little information for the char CNN"
    else:
        why = f"so a filter over seven bytes covers two letters, and words are cut off after {READABLE_BYTES // 3} letters"
    return Advice(
        f"A letter takes {size:.1f} bytes ({script}), {why}.",
        "Consider an input layer over Unicode characters (bilm.char_cnn.alphabet_size).",
    )


def _given_vocabulary(f: Findings) -> Advice | None:
    if f.given is None or f.given.oov < 0.1:
        return None
    return Advice(
        f"The given vocabulary does not contain {f.given.oov:.1%} of the tokens.",
        "Count a vocabulary in this text.",
        f"elmo pretrain ... --vocabulary-size {f.suggested.size}",
    )


def _documents(f: Findings) -> Advice | None:
    n, middle = f.survey.n_documents, quantile(f.survey.document_lengths, 0.5)
    if n >= 10 and middle >= _WHOLE_DOCUMENT:
        return Advice(
            f"There are {n:,} documents (separated by empty lines). Sentences held out at random come from the documents "
            "that are trained on, which makes the held-out perplexity too low.",
            "Hold out whole documents: move some into a file of their own.",
            "elmo pretrain ... --heldout FILE",
        )
    return None


def _training(f: Findings, patterns: Sequence[str]) -> Advice:
    size, epochs = advised_run(f.n_tokens)
    n_words, _, unknown = f.suggested
    words = f"{n_words:,} words{with_larger_vocabulary(n_words)}"
    if unknown is not None:
        words += f" (OOV rate {unknown:.1%} on new text"
        words += "; the model reads unknown words, but cannot predict them" * (unknown > _MANY_UNKNOWN) + ")"
    return Advice(
        f"{f.n_tokens:,} tokens suit the size {size}, at most {epochs} epochs (fewer if the held-out perplexity stops falling), "
        f"and a vocabulary of {words}.",
        "Train the model; elmo plan estimates the hours.",
        pretrain_command(
            patterns,
            size,
            epochs=epochs,
            pretokenized=f.pretokenized,
        ),
    )


_RULES = (
    _unread,
    MOJIBAKE,
    LOST_LETTERS,
    _too_small,
    CARRIAGE_RETURNS,
    _wrapped,
    _repeated,
    MARKUP,
    _long_sentences,
    BOILERPLATE,
    INVISIBLE,
    _mixed_scripts,
    LETTERLESS,
    _overlong,
    _three_bytes,
    LINKS,
    _given_vocabulary,
    _documents,
)
