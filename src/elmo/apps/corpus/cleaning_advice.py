"""Recommendations for the defects of lines (`text.survey.text_defects`): one rule per kind, with a command that repairs it."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from elmo.apps.corpus.findings import Findings


class Advice(NamedTuple):
    """A reason, and what to do."""

    reason: str
    step: str
    command: str = ""  # if there is one; FILE is a placeholder for a file

    def __str__(self) -> str:
        return " ".join(part for part in self if part)


Rule = Callable[[Findings], Advice | None]


def _defect(names: list[str], min_fraction: float, what: str, step: str, command: str = "") -> Rule:
    """The rule of a defect in at least `min_fraction` of the lines and in three; of several names the most frequent."""

    def rule(f: Findings) -> Advice | None:
        worst = max(names, key=lambda name: f.survey.defective[name])
        n = f.survey.defective[worst]
        if n < 3 or f.fraction_of_lines(worst) < min_fraction:
            return None
        file, number, excerpt = f.survey.examples[worst]
        return Advice(f"{n:,} lines {what}; the first is {Path(file).name}:{number}, '{excerpt}'.", step, command)

    return rule


MOJIBAKE = _defect(
    ["mojibake"],
    0.001,
    "contain UTF-8 that was decoded as Latin-1 (é as Ã©)",
    "Get the text from its source again, or undo the decoding if the whole file is affected.",
    "iconv -f utf-8 -t windows-1252 FILE > repaired.txt",
)
LOST_LETTERS = _defect(
    ["replacement", "private_use"],
    0.0005,
    "contain U+FFFD or private-use characters: letters lost in an earlier conversion",
    "They cannot be recovered; get the text from its source again, in its original encoding.",
)
CARRIAGE_RETURNS = _defect(
    ["carriage_return"],
    0.001,
    "contain a carriage return inside: several lines are read as one",
    "Convert carriage returns to line feeds.",
    r"tr '\r' '\n' < FILE > lines.txt",
)
MARKUP = _defect(
    ["html", "entity"],
    0.001,
    "contain HTML tags or entities",
    "Extract the text of the pages first; a few tags can be removed.",
    r"sed 's/<[^>]*>//g; s/&amp;/\&/g' FILE > plain.txt",
)
BOILERPLATE = _defect(
    ["boilerplate"],
    0.005,
    "contain boilerplate (rights, cookies, terms of use)",
    "Remove what surrounds the text itself.",
)
INVISIBLE = _defect(
    ["control", "zero_width", "byte_order_mark"],
    0.001,
    "contain invisible characters, which give a word several spellings",
    "Remove them.",
    r"LC_ALL=C sed 's/\xc2[\x80-\x84\x86-\x9f\xad]//g; s/\xe2\x80\x8b\|\xe2\x81\xa0\|\xef\xbb\xbf//g' FILE | "
    r"tr -d '\000-\010\016-\033\177' > clean.txt",
)
LETTERLESS = _defect(
    ["no_letters"],
    0.1,
    "have no letter: rules, page numbers, tables",
    "Remove them.",
    r"grep -P '\p{L}|^$' FILE > text.txt",
)
LINKS = _defect(
    ["url", "email"], 0.05, "contain a URL or an e-mail address", "Replace them by one word, or remove them."
)
