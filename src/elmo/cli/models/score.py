"""`elmo score`: what each token of a text costs, in bits; `elmo fill`: the words that fit a masked position."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elmo.cli.options import TEXT_FILES, AsJson, ModelArgument, PretokenizedLines, TextField, VocabularyFile
from elmo.cli.show import show_json, show_line, visible

if TYPE_CHECKING:
    from elmo.apps.models.score import Anomaly, ScoredSentence


def score(
    model: ModelArgument,
    text: Annotated[Path, typer.Argument(help=f"Text file, or - for standard input: {TEXT_FILES}.")],
    anomalies: Annotated[
        int, typer.Option(metavar="N", min=0, help="Only print the N tokens of the text that were least expected.")
    ] = 0,
    pretokenized: PretokenizedLines = False,
    text_field: TextField = None,
    vocabulary: VocabularyFile = None,
    json: AsJson = False,
) -> None:
    """Print how well a model predicts each sentence: bits, pseudo-perplexity, and with --json the bits of every token.

    A token costs -log2 of its probability, from the left and from the right; a sentence costs the mean of both directions, one
    boundary included. Over a whole text this is the mean that `elmo perplexity` prints. Raw text is first split into sentences.

    Example: `elmo score en heldout.txt`

    Example: `elmo score en heldout.txt --anomalies 5`
    """
    from elmo.apps.models.score import least_expected, score_file

    scored = score_file(model, text, pretokenized, text_field, vocabulary)
    if anomalies:
        for found in least_expected(scored, anomalies):
            _show_anomaly(found, json)
        return
    for one in scored:
        _show_sentence(one, json)


def _show_sentence(one: "ScoredSentence", as_json: bool) -> None:
    if as_json:
        show_json(one.facts())
    else:
        found = one.score
        show_line(f"{found.bits:8.1f} bits  {found.pseudo_perplexity:10.1f}  {visible(' '.join(found.tokens))}")


def _show_anomaly(found: "Anomaly", as_json: bool) -> None:
    word, before, after = found.tokens[found.at], found.tokens[: found.at], found.tokens[found.at + 1 :]
    if as_json:
        facts = {"line": found.line, "token": word, "index": found.at, "bits": found.bits, "tokens": found.tokens}
        show_json(facts)
    else:
        show_line(f"{found.bits:6.1f} bits  line {found.line}: {visible(' '.join([*before, f'[{word}]', *after]))}")


def fill(
    model: ModelArgument,
    sentence: Annotated[str, typer.Argument(help="A sentence with one word in brackets: 'The [MASK] of the river'.")],
    top: Annotated[int, typer.Option("--top", metavar="K", min=1, max=10_000, help="Number of words to print.")] = 10,
    vocabulary: VocabularyFile = None,
    json: AsJson = False,
) -> None:
    """Print the likeliest words at a masked position, given the words before it and after it.

    The probability of a word is the product of those of both directions, renormalised over the vocabulary. With a word in the
    brackets instead of [MASK], these are its substitutes: the word itself is not read.

    Example: `elmo fill en "The [MASK] of the river was green ."`
    """
    from elmo.checkpoints.load import load_model
    from elmo.embed.language_model.fill import context_warning, fill_masked, read_masked

    loaded = load_model(model, vocabulary=vocabulary)
    masked = read_masked(sentence, loaded.tokenizer)
    found = fill_masked(loaded, masked, top)
    if json:
        warning = context_warning(loaded, masked)
        show_json([{"word": word, "probability": probability, "warning": warning} for word, probability in found])
        return
    for word, probability in found:
        show_line(f"{probability:8.4f}  {visible(word)}")
