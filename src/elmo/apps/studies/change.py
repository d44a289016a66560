"""Measure how the use of words differs between slices of text, and write the table and a picture of it."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from elmo.analysis.usage_change import ChangeSettings, Progress, WordChange, compare_slices, refuse_slices
from elmo.analysis.word_occurrences import Occurrences
from elmo.apps.studies.change_picture import draw_changes
from elmo.storage.atomic import atomic_write, refuse_existing

TABLE_FILE, PICTURE_FILE = "change.jsonl", "change.png"
_OF_A_RESULT = [TABLE_FILE, PICTURE_FILE]


def measure_change(
    model: str,
    slices: Sequence[Path],
    settings: ChangeSettings = ChangeSettings(),
    *,
    words: Sequence[str] | None = None,
    output: Path | None = None,
    force: bool = False,
    report: Progress = lambda what, done, n: None,
) -> list[WordChange]:
    """Rank words by how much their use differs between the first slice and the last, largest change first.

    Args:
        slices: two or more files that `read_rows` can read, in order of time.
        words: words to compare; None: the most frequent words that contain a letter and occur in all slices.
        output: a folder for `change.jsonl`, all words, and `change.png` (extra `plots`).
        force: replace such a folder.
        report: called with the file name, the rows embedded so far and all rows.
    Raises:
        TextError: no such file, or no word that is frequent enough in all slices. ConfigError: less than two slices, or an
            impossible setting. CheckpointError: no such model. OutputError: the folder exists.
    """
    refuse_slices(slices, settings)
    if output is not None:
        refuse_existing(output, force, known_by=_OF_A_RESULT, holds=_OF_A_RESULT, inputs=[*slices, model])
    changes, found = compare_slices(model, slices, settings, words, report)
    if output is not None:
        _write(changes, [(w.word, found[0][w.word], found[-1][w.word]) for w in changes[:6]], slices, output)
    return changes


def _write(
    changes: Sequence[WordChange],
    shown: Sequence[tuple[str, Occurrences, Occurrences]],
    slices: Sequence[Path],
    output: Path,
) -> None:
    with atomic_write(output) as part:
        part.mkdir()
        with (part / TABLE_FILE).open("w", encoding="utf-8") as file:
            for facts in rows_of(changes):
                file.write(json.dumps(facts, ensure_ascii=False) + "\n")
        draw_changes(
            [(word, a.vectors, b.vectors) for word, a, b in shown],
            (slices[0].name, slices[-1].name),
            part / PICTURE_FILE,
        )


def rows_of(changes: Sequence[WordChange]) -> Iterator[dict[str, object]]:
    """The JSON object of each word."""
    for rank, w in enumerate(changes, start=1):
        yield {
            "rank": rank, "word": w.word, **w.change._asdict(), "q": w.q,
            "counts": w.counts, "steps": w.steps, "first": w.typical[0], "last": w.typical[1],
        }  # fmt: skip
