"""The columns of a table, or keys of a record, with the texts and the label: by settings, known names, or elimination.

Names are compared without case, blanks, `_`, `-` and `#`. Those of the usual data sets are known (GLUE's, SNLI, SICK, STS-B,
Jigsaw and many more), and the usual ones in Chinese.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from elmo.errors import TextError
from elmo.text.sources.tables import rows_by

K = TypeVar("K")  # of a column or key
SAMPLE = 1000  # rows that are looked at
_TEXT = (
    ("text", "sentence", "tokens"),  # the first of these that is there
    tuple(  # the only one of these
        "review reviewtext reviewbody comment commenttext content tweet tweettext body message utterance query statement "
        "phrase headline post document sms v2 文本 内容 正文 句子 评论 评论内容 评价 评价内容 微博 微博内容 问题".split()
    ),
)
KNOWN: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "text": _TEXT,
    "a": (
        ("a", "premise", "sentence1", "texta"),
        ("sentencea", "question1", "string1", "1string", "text1", "s1", "question", "句子1", "文本1", "问题1", "前提"),
    ),
    "b": (
        ("b", "hypothesis", "sentence2", "textb"),
        ("sentenceb", "question2", "string2", "2string", "text2", "s2", "sentence", "句子2", "文本2", "问题2", "假设"),
    ),
    "label": (
        ("label", "labels", "goldlabel", "标签"),
        tuple(
            "class classindex category sentiment sentimentlabel airlinesentiment target intent polarity rating score stars "
            "isduplicate quality relatednessscore entailmentjudgment entailmentlabel similarity similarityscore emotion topic "
            "stance toxic severetoxic obscene threat insult identityhate spam isspam labeltext v1 "
            "类别 分类 情感 情感倾向 情绪 极性 意图 评分 星级 是否相似 关系".split()
        ),
    ),
}
_NUMBERS_OF_ROWS = {""} | frozenset(
    "id idx index guid pairid qid qid1 qid2 docid promptid row no nr 1id 2id unnamed:0 编号 序号".split()
)
_DELIMITERS = ",;\t|"


class Columns(NamedTuple):
    """The columns or keys of the values of a record."""

    at: dict[str, int]  # our names -> columns
    header: list[str] | None  # None: the first row is a record
    unsure: str | None = None  # what looks odd

    def shown(self, name: str) -> str:
        """The name or number of a column, for messages."""
        return repr(self.header[self.at[name]]) if self.header else f"number {self.at[name] + 1}"


def plain(name: str) -> str:
    """A name normalised for comparison."""
    return re.sub(r"[\s_\-#]", "", name).casefold()


def choose_columns(
    rows: Sequence[Sequence[str]], values: Sequence[str], wanted: Mapping[str, str | None], numbers: bool, where: str
) -> Columns:
    """The column of each value.

    Args:
        rows: the first ones of the table. values: our names of the texts; the label comes on top.
        wanted: the names, or numbers from 1, that the settings give to values; None: not given.
        numbers: labels are numbers.
    Raises:
        TextError: a named column is not there, several could be the label, or none is known; the message has the names there.
    """
    names = [*values, "label"]
    first = [cell.strip() for cell in rows[0]]
    given = {name: column for name in names if (column := wanted.get(name))}
    by_number = {name: int(column) - 1 for name, column in given.items() if column.isdecimal() and column not in first}
    header = _header(rows, names, given)
    if header is None:
        return _without_header(rows, names, given, by_number, where)
    at: dict[str, int] = {}
    for name, column in given.items():
        at[name] = by_number[name] if name in by_number else _named(header, column, name, where)
        if at[name] >= len(header):
            raise TextError(f"{where}: no column {column}; the columns are {_listed(header)}")
    for name in names:
        if name not in at:
            by_name = _known(header, name, set(at.values()), rows, numbers, where)
            if by_name is not None:
                at[name] = by_name
    missing = [name for name in names if name not in at]
    left = [i for i, column in enumerate(header) if i not in at.values() and plain(column) not in _NUMBERS_OF_ROWS]
    if len(missing) == 1 and len(left) == 1:
        at[missing[0]], missing = left[0], []
    if missing:
        sets = " ".join(f"--set {name}=NAME" for name in missing)
        raise TextError(
            f"{where}: which column is the {' and the '.join(missing)}? The columns are {_listed(header)}; {sets}"
        )
    return Columns(at, header)


def _header(rows: Sequence[Sequence[str]], names: Sequence[str], given: Mapping[str, str]) -> list[str] | None:
    """The first row, if it is a header: a cell is a known or requested column name, and no later cell of its column is equal."""
    first = [cell.strip() for cell in rows[0]]
    known = {other for name in names for tier in KNOWN[name] for other in tier} | {
        plain(name) for name in given.values()
    }
    for column, cell in enumerate(first):
        later = (row[column].strip() for row in rows[1:] if column < len(row))
        if plain(cell) in known and cell not in later:
            return first
    return None


def _without_header(
    rows: Sequence[Sequence[str]], names: Sequence[str], given: Mapping[str, str], by_number: dict[str, int], where: str
) -> Columns:
    n = len(rows[0])
    shown = ", ".join(repr(cell.strip()[:30]) for cell in rows[0][:8])
    for name, column in given.items():
        if name not in by_number:
            raise TextError(f"{where}: no column {column!r}; the first row is {shown}")
    if len(by_number) == len(names):
        if max(by_number.values()) >= n:
            raise TextError(f"{where}: {n} column(s), there is no column {max(by_number.values()) + 1}")
        return Columns(by_number, None, _named_by_number(rows, by_number, names))
    if n < len(names):
        raise TextError(f"{where}: {n} column(s), expected {' and '.join(names[:-1])} and a label")
    if n > len(names):
        numbers = " ".join(f"--set {name}=N" for name in names)
        raise TextError(
            f"{where}: {n} columns without a known header ({shown}); if the first line names them, give their names: "
            f"{' '.join(f'--set {name}=NAME' for name in names)}; else give their numbers, counted from 1: {numbers}"
        )
    unsure = None
    label = rows[0][-1].strip()
    whole = [[cell.strip() for cell in row] for row in rows[1:] if len(row) == n]
    of_label = Counter(row[-1] for row in whole)
    in_order = " ".join(f"--set {name}={i}" for i, name in enumerate(names, 1))
    if len(rows) > 4 and label not in of_label and min(of_label.values(), default=0) > 1:
        if all(_names_rather(cell.strip(), [row[i] for row in whole]) for i, cell in enumerate(rows[0][:-1])):
            raise TextError(
                f"{where}: the first line ({shown}) may name the columns or be an example; if it names them, give "
                f"--set label={label}, else {in_order}"
            )
        unsure = f"the first line ({shown}) is read as an example; if it names the columns, give --set label={label}"
    elsewhere = None if len(rows) < 5 else _label_elsewhere([[cell.strip() for cell in rows[0]], *whole])
    if elsewhere is not None:
        others = [i for i in range(1, n + 1) if i != elsewhere]
        turned = " ".join(f"--set {name}={i}" for name, i in zip(names, [*others, elsewhere], strict=True))
        raise TextError(
            f"{where}: column {elsewhere} looks like the label, not the last ({shown}); give {turned}, else {in_order}"
        )
    return Columns({name: i for i, name in enumerate(names)}, None, unsure)


def _named_by_number(rows: Sequence[Sequence[str]], at: Mapping[str, int], names: Sequence[str]) -> str | None:
    """What looks odd in columns that are given by numbers: a first row that may name them."""
    n = max(at.values()) + 1
    first, *others = ([row[at[name]].strip() for name in names] for row in rows if len(row) >= n)
    of_label = Counter(row[-1] for row in others)
    repeated = len(others) > 3 and min(of_label.values()) > 1
    if not repeated or first[-1] in of_label:
        return None
    sets = " ".join(f"--set {name}={cell}" for name, cell in zip(names, first, strict=True))
    return f"the first line is read as an example; if it names the columns, give their names: {sets}"


def _names_rather(cell: str, others: Sequence[str]) -> bool:
    """Whether a cell is the name of a column rather than a text: of at most three words, shorter than nearly all others."""
    shorter = sum(len(cell) >= len(other) for other in others)
    return 0 < len(cell.split()) <= 3 and shorter <= len(others) / 10


def _label_elsewhere(rows: Sequence[Sequence[str]]) -> int | None:
    """The number of the column that repeats few short values, where the last one holds different texts; None: there is none."""
    *others, last = ([row[i] for row in rows] for i in range(len(rows[0])))
    if len(set(last)) <= 0.8 * len(rows) or all(map(_is_number, last)):
        return None
    for number, column in enumerate(others, 1):
        if len(set(column)) <= len(rows) / 2 and max(map(len, column)) <= 40:
            return number
    return None


def _named(header: Sequence[str], column: str, name: str, where: str) -> int:
    for like in (str, plain):
        found = [i for i, other in enumerate(header) if like(other) == like(column)]
        if found:
            return found[0]
    raise TextError(f"{where}: no column {column!r} (--set {name}=); the columns are {_listed(header)}")


def _known(
    header: Sequence[str], name: str, taken: set[int], rows: Sequence[Sequence[str]], numbers: bool, where: str
) -> int | None:
    """The column of a value by its known names; None: there is none."""
    free = {i: column for i, column in enumerate(header) if i not in taken}
    return _by_known_name(
        free,
        name,
        numbers,
        lambda i: all(_is_number(row[i]) for row in rows[1:] if i < len(row)),
        f"{where}: which column",
    )


def known_key(row: Mapping[str, object], name: str, numbers: bool, where: str) -> str | None:
    """The key of a record that holds a value, by its known names; None: there is none.

    Args:
        numbers: labels are numbers.
    Raises:
        TextError: several could be meant.
    """
    keys = {key: key for key in row}
    return _by_known_name(keys, name, numbers, lambda key: _is_number(row[key]), f"{where}: which key", 40)


def _by_known_name(
    names: Mapping[K, str],
    value: str,
    numbers: bool,
    is_numeric: Callable[[K], bool],
    which: str,
    shown: int | None = None,
) -> K | None:
    """The key of the name that a value is known by; None: there is none.

    Args:
        names: candidates, in their order. is_numeric: whether the cells of a candidate are numbers.
        which: the beginning of the message if several could be meant. shown: characters of a name in it; None: all.
    """
    best, others = KNOWN.get(value, ((value,), ()))
    plain_names = {key: plain(name) for key, name in names.items()}
    for other in best:
        for key, name in plain_names.items():
            if name == other:
                return key
    found = [key for key, name in plain_names.items() if name in others]
    if len(found) > 1 and value == "label":
        of_numbers = [key for key in found if is_numeric(key)]
        found = of_numbers if numbers else [key for key in found if key not in of_numbers] or found
    if len(found) > 1:
        could = " or ".join(repr(names[key][:shown]) for key in found[:8])
        raise TextError(f"{which} is the {value}, {could}? --set {value}=NAME")
    return found[0] if found else None


def _is_number(cell: object) -> bool:
    try:
        float(str(cell))
    except ValueError:
        return False
    return True


def _listed(header: Sequence[str]) -> str:
    return ", ".join(repr(column[:40]) for column in header[:20])


def delimiter_of(lines: Sequence[str], names: Sequence[str]) -> str:
    """The delimiter of a .csv file (comma, semicolon, tab or bar): the one with known column names, else with even rows."""
    known = {other for name in names for tier in KNOWN[name] for other in tier}
    best, best_rank = ",", (-1, -1)
    for delimiter in _DELIMITERS:
        rows = rows_by(delimiter, lines)
        if not rows or len(rows[0]) < 2:
            continue
        n_known = sum(plain(cell) in known for cell in rows[0])
        even = sum(len(row) == len(rows[0]) for row in rows)
        if (n_known, even) > best_rank:
            best, best_rank = delimiter, (n_known, even)
    return best
