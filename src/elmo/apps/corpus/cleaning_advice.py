"""What to do about the defects of lines (`text.survey.text_defects`): a rule for each kind, with the command that mends it."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from elmo.apps.corpus.findings import Findings


class Advice(NamedTuple):
    """Why, and what to do about it."""

    reason: str
    step: str
    command: str = ""  # that does it, where there is one; FILE stands for a file

    def __str__(self) -> str:
        return " ".join(part for part in self if part)


Rule = Callable[[Findings], Advice | None]


def _defect(names: list[str], from_share: float, what: str, step: str, command: str = "") -> Rule:
    """The rule of a defect that `from_share` of the lines have, and at least three; of several the worst is told."""

    def rule(f: Findings) -> Advice | None:
        worst = max(names, key=lambda name: f.survey.defective[name])
        n = f.survey.defective[worst]
        if n < 3 or f.share_of_lines(worst) < from_share:
            return None
        file, number, excerpt = f.survey.examples[worst]
        return Advice(f"{n:,} lines {what}; the first is {Path(file).name}:{number}, '{excerpt}'.", step, command)

    return rule


MOJIBAKE = _defect(
    ["mojibake"],
    0.001,
    "hold UTF-8 that was once read as Latin-1 (é as Ã©)",
    "Take the text from its source anew, or undo it if a file is so throughout.",
    "iconv -f utf-8 -t windows-1252 FILE > mended.txt",
)
LOST_LETTERS = _defect(
    ["replacement", "private_use"],
    0.0005,
    "hold U+FFFD or private characters: letters that an earlier conversion lost",
    "They cannot be brought back here; take the text from its source anew, in the encoding it was written in.",
)
CARRIAGE_RETURNS = _defect(
    ["carriage_return"],
    0.001,
    "hold a CR inside: what should be several lines is read as one",
    "Make them lines.",
    r"tr '\r' '\n' < FILE > lines.txt",
)
MARKUP = _defect(
    ["html", "entity"],
    0.001,
    "hold HTML tags or entities",
    "Extract the text of the pages first; a few tags can simply go.",
    r"sed 's/<[^>]*>//g; s/&amp;/\&/g' FILE > plain.txt",
)
BOILERPLATE = _defect(
    ["boilerplate"],
    0.005,
    "hold boilerplate (rights, cookies, terms of use)",
    "Leave out what surrounds the text itself.",
)
INVISIBLE = _defect(
    ["control", "zero_width", "byte_order_mark"],
    0.001,
    "hold invisible characters, which give a word several spellings",
    "Take them out.",
    r"LC_ALL=C sed 's/\xc2[\x80-\x84\x86-\x9f\xad]//g; s/\xe2\x80\x8b\|\xe2\x81\xa0\|\xef\xbb\xbf//g' FILE | "
    r"tr -d '\000-\010\016-\033\177' > clean.txt",
)
LETTERLESS = _defect(
    ["no_letters"],
    0.1,
    "have no letter: rules, page numbers, tables",
    "Leave them out.",
    r"grep -P '\p{L}|^$' FILE > text.txt",
)
LINKS = _defect(
    ["url", "email"], 0.05, "hold a URL or an e-mail address", "Replace them by one word, or leave them out."
)
