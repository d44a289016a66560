"""Files of labelled texts: jsonl with `text` and `label`, tsv and csv with a text and a label a line.

A label may be a word or a number; in jsonl a list of them, or `labels`, for texts with any number of labels. A text may be a
list of tokens. tsv and csv: with a header that names `text` and `label` (or `sentence`), else the text first and the label last.
Files may be packed, end lines as Windows does and begin with a byte order mark.
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from elmo.errors import TextError
from elmo.tasks.examples import Example, with_blanks
from elmo.text.lines import read_lines
from elmo.text.opening import PACKED
from elmo.text.tokens import tokenize

_TEXTS, _LABELS = ("text", "sentence"), ("label", "labels")


def read_labelled(path: Path) -> list[Example]:
    """All texts of a file.

    Raises:
        TextError: the file is missing or broken, a line is no record, has no text, no token or no label, or there is no text; the
            message names the line.
    """
    inner = Path(path.stem).suffix if path.suffix in PACKED else path.suffix
    if inner not in (".jsonl", ".tsv", ".csv"):
        raise TextError(f"{path}: labelled texts are .jsonl, .tsv or .csv, also packed; give the file such a name")
    rows = _jsonl(path) if inner == ".jsonl" else _table(path, "\t" if inner == ".tsv" else ",")
    examples = [_example(text, label, f"{path}, line {n}", n) for n, text, label in rows]
    if not examples:
        raise TextError(f"{path}: no text in it; a line is a text and its label")
    return examples


def _jsonl(path: Path) -> Iterator[tuple[int, Any, Any]]:
    for number, line in enumerate(read_lines(path), start=1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise TextError(f"{path}, line {number}: no JSON ({error}); each line is one JSON object") from error
        if not isinstance(record, dict):
            raise TextError(f"{path}, line {number}: {line[:40]} is no JSON object; each line is one")
        text = next((record[name] for name in _TEXTS if name in record), None)
        yield number, text, next((record[name] for name in _LABELS if name in record), None)


def _table(path: Path, delimiter: str) -> Iterator[tuple[int, Any, Any]]:
    lines = (line + "\n" for line in read_lines(path))
    reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL)
    text_at, label_at, n_columns = 0, -1, None
    try:
        for row in reader:
            if not any(cell.strip() for cell in row):
                continue
            if n_columns is None:
                n_columns = len(row)
                names = [cell.strip().lower() for cell in row]
                found = [[names.index(name) for name in known if name in names] for known in (_TEXTS, _LABELS)]
                if found[0] and found[1]:
                    text_at, label_at = found[0][0], found[1][0]
                    continue
            if len(row) != n_columns or n_columns < 2:
                raise TextError(
                    f"{path}, line {reader.line_num}: {len(row)} column(s), "
                    + (f"the first line has {n_columns}" if n_columns > 1 else "there must be a text and a label")
                )
            yield reader.line_num, row[text_at], row[label_at].strip()
    except csv.Error as error:
        raise TextError(f"{path}, line {reader.line_num}: not a line of a table ({error})") from error


def _example(text: Any, label: Any, where: str, line: int) -> Example:
    if isinstance(text, list) and all(isinstance(word, str) and word.strip() for word in text):
        whole, tokens = with_blanks(text)
    elif isinstance(text, str):
        whole, tokens = text, tokenize(text)
    else:
        raise TextError(f"{where}: no text (there: {text!r:.40}); give a string or a list of tokens as 'text'")
    if not tokens:
        raise TextError(f"{where}: a text without a word; leave the line out")
    given = label if isinstance(label, list) else [] if label is None or label == "" else [label]
    if not all(isinstance(one, str | int | float) for one in given):
        raise TextError(f"{where}: {label!r:.40} is no label; a label is a word or a number")
    if not given and not isinstance(label, list):
        raise TextError(f"{where}: no label")
    return Example(tokens, [str(one) for one in given], whole, line)
