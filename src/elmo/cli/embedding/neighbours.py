"""`elmo neighbours`: the most similar occurrences of a word in its context, shown as a concordance."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elmo.cli.options import AsJson, ModelArgument, PretokenizedText, SplitSentences, TextField, TextFile, read_layers
from elmo.cli.show import Part, Screen, cell_width, progress_bar, say_in_place, show_facts, visible

if TYPE_CHECKING:
    from elmo.analysis.context_index import Occurrence
    from elmo.analysis.neighbours import Neighbours

_WIDEST = 120  # columns at most


def neighbours(
    model: ModelArgument,
    corpus: TextFile,
    query: Annotated[list[str], typer.Argument(help="Sentences with the word in brackets: 'The [bank] of the river'.")],
    n: Annotated[int, typer.Option("-n", min=1, max=1000, help="Number of occurrences to show.")] = 10,
    layers: Annotated[
        str, typer.Option(help="Layers to compare: top, mean, the index of a layer, or one weight per layer.")
    ] = "top",
    same_word: Annotated[bool, typer.Option("--same-word", help="Search only occurrences of the same word.")] = False,
    index: Annotated[
        Path | None,
        typer.Option(help="Folder of the index, built once and reused (default: CORPUS.index in this folder)."),
    ] = None,
    pretokenized: PretokenizedText = False,
    split: SplitSentences = False,
    text_field: TextField = None,
    force: Annotated[bool, typer.Option("--force", help="Rebuild the index.")] = False,
    json: AsJson = False,
) -> None:
    """Find the occurrences in a text whose vectors are nearest to a word in its sentence (the paper's table 4).

    Example: `elmo neighbours en corpus.txt "The [bank] of the river"`
    """
    from elmo.analysis.neighbours import find_neighbours
    from elmo.text.sources.standard_input import rereadable

    with rereadable(corpus) as source:
        answers = find_neighbours(
            model,
            source,
            query,
            n=n,
            layers=read_layers(layers),  # type: ignore[arg-type]
            same_word=same_word,
            index=index,
            pretokenized=pretokenized,
            split=split,
            text_field=text_field,
            force=force,
            report=_show_progress,
        )
    say_in_place("")
    if json:
        show_facts(_flat(answers), as_json=True)
        return
    _show(answers)


def _show_progress(line: int, n_lines: int, n_vectors: int) -> None:
    done = line / max(1, n_lines)
    say_in_place(f"{progress_bar(done)} {100 * done:3.0f} %  line {line:,}, {n_vectors:,} words indexed")


def _flat(answers: "list[Neighbours]") -> dict[str, str | int | float]:
    """`1.query`, `1.2.similarity` (second occurrence for the first query), ..."""
    facts: dict[str, str | int | float] = {}
    for i, answer in enumerate(answers, 1):
        facts[f"{i}.query"], facts[f"{i}.word"] = answer.asked.text, answer.asked.word
        for k, o in enumerate(answer.found, 1):
            shown: dict[str, str | int | float] = {
                "similarity": round(o.similarity, 4),
                "line": o.line,
                "sentence": o.sentence,
                "word": o.word,
                "start": o.start,
                "end": o.end,
            }
            facts |= {f"{i}.{k}.{name}": value for name, value in shown.items()}
    return facts


def _show(answers: "list[Neighbours]") -> None:
    screen = Screen()
    width = min(screen.width, _WIDEST)
    for answer in answers:
        asked = answer.asked
        screen.line("\n", asked.text[: asked.start], (asked.word, "bold"), asked.text[asked.end :], wrap=True)
        if not answer.found:
            screen.line(f"  {asked.word!r} does not occur in the text", wrap=True)
        digits = max((len(f"{o.line:,}") for o in answer.found), default=1)
        for o in answer.found:
            screen.line(*_parts(o, width - digits - 12, digits))


def _parts(o: "Occurrence", room: int, digits: int) -> list[Part]:
    """Similarity, line, and the word in the middle of its context."""
    word = visible(o.word.replace("\n", " "))
    side = max(8, (room - cell_width(word) - 2) // 2)
    before = _last_cells(visible(o.sentence[: o.start].rstrip()), side)
    after = _last_cells(visible(o.sentence[o.end :].lstrip())[::-1], side)[::-1]
    gap_before = " " * (o.start > 0 and o.sentence[o.start - 1].isspace())
    gap_after = " " * (o.end < len(o.sentence) and o.sentence[o.end].isspace())
    left = " " * (side + 1 - cell_width(before + gap_before)) + before + gap_before
    return [f"{o.similarity:6.3f}  ", (f"{o.line:>{digits},}  ", "dim"), left, (word, "bold"), gap_after, after]


def _last_cells(text: str, n: int) -> str:
    """The end of a text, at most `n` cells of a terminal wide."""
    text = text[-n:]
    while cell_width(text) > n:
        text = text[1:]
    return text
