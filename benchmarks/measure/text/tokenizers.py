"""Sentence and token F1 of both versions of the tokenizer on UD treebanks, beside well-kept rivals, and their speed.

    python -m benchmarks.measure.text.tokenizers --part dev [--rivals PYTHON] [--save]

`--rivals` is the Python of an environment with the rivals (pip install syntok spacy jieba). Needs ../shared.

Raw text is the `# text` of the sentences with one blank between, and a line break only where `# newpar` or `# newdoc` is. A span
counts if both its ends are right (CoNLL 2018 shared task, Zeman et al.). A multiword token is its words where they make it up
(do + n't), else one token. All rules were chosen on the dev parts; the test parts are read once, for the table. Chinese tokens of
ours are characters by design, so the words of the treebank measure them only where a word is one character.
"""

import gzip
import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.record import SHARED, parser_with_save, record
from elmo.text.tokenizer import VERSION_1, VERSION_2, Tokenizer

TREEBANKS = {"English-EWT": "ud-english-ewt", "Chinese-GSDSimp": "ud-chinese-gsdsimp", "Basque-BDT": "ud-basque-bdt"}
RIVALS = {
    "English-EWT": ("syntok", "spacy-en"),
    "Chinese-GSDSimp": ("jieba", "spacy-zh"),
    "Basque-BDT": ("syntok", "spacy-eu"),
}
ENGLISH = SHARED / "data/lm/english/heldout.txt.gz"
SPEED_CHARACTERS = 1_000_000
REPEATS = 7

Spans = Sequence[tuple[int, int]]


class Treebank(NamedTuple):
    """A part of a treebank as raw text."""

    text: str
    sentences: list[tuple[int, int]]  # in characters, end exclusive
    tokens: list[tuple[int, int]]


def read_treebank(path: Path) -> Treebank:
    """The raw text of a CoNLL-U file, and where its sentences and tokens stand in it."""
    pieces: list[str] = []
    sentences: list[tuple[int, int]] = []
    tokens: list[tuple[int, int]] = []
    begins, at = True, 0
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for block in file.read().strip().split("\n\n"):
            lines = block.split("\n")
            begins = begins or any(line.startswith(("# newpar", "# newdoc")) for line in lines)
            text = next(line[9:] for line in lines if line.startswith("# text = "))
            if pieces:
                pieces.append("\n" if begins else " ")
                at += 1
            begins = False
            pieces.append(text)
            sentences.append((at, at + len(text)))
            place = 0
            for form in _forms([line.split("\t") for line in lines if not line.startswith("#")]):
                place = text.index(form, place)
                tokens.append((at + place, at + place + len(form)))
                place += len(form)
            at += len(text)
    return Treebank("".join(pieces), sentences, tokens)


def _forms(rows: Sequence[Sequence[str]]) -> list[str]:
    """The tokens of a sentence; a multiword token is its words where they make it up."""
    words = {row[0]: row[1] for row in rows if row[0].isdecimal()}
    found: list[str] = []
    behind = 0
    for row in rows:
        if "-" in row[0]:
            first, last = map(int, row[0].split("-"))
            parts = [words[str(i)] for i in range(first, last + 1)]
            found += parts if "".join(parts) == row[1] else [row[1]]
            behind = last
        elif row[0].isdecimal() and int(row[0]) > behind:
            found.append(row[1])
    return found


def f1(gold: Spans, found: Spans) -> float:
    """F1 of spans in percent."""
    n_right = len(set(gold) & set(found))
    return round(200 * n_right / (len(gold) + len(found)), 2)


def cut(tokenizer: Tokenizer, text: str) -> tuple[Spans, Spans]:
    """The sentences and the tokens of a text."""
    sentences = tokenizer.split_sentences(text)
    return sentences, [span for a, b in sentences for span in tokenizer.find_tokens(text, a, b)]


def speed(tokenizer: Tokenizer, lines: Sequence[str]) -> float:
    """Seconds for the sentences and tokens of lines, the shortest of several passes."""
    seconds = []
    for _ in range(REPEATS):
        begun = time.process_time()
        for line in lines:
            for _words in tokenizer.sentences_of_words(line):
                pass
        seconds.append(time.process_time() - begun)
    return min(seconds)


def main() -> None:
    """Print all figures; with --save keep them in results/tokenizers.json."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--part", choices=("dev", "test"), default="dev")
    parser.add_argument("--rivals", help="Python of an environment with the rivals; without it they are left out")
    given = parser.parse_args()
    figures: dict[str, dict[str, dict[str, float]] | float | str] = {"part": given.part}
    for name, folder in TREEBANKS.items():
        bank = read_treebank(SHARED / "data/pos" / folder / f"{given.part}.conllu.gz")
        rows: dict[str, dict[str, float]] = {}
        for tokenizer in (VERSION_1, VERSION_2):
            sentences, tokens = cut(tokenizer, bank.text)
            rows[f"version {tokenizer.version}"] = {
                "sentences": f1(bank.sentences, sentences),
                "tokens": f1(bank.tokens, tokens),
            }
        for rival in RIVALS[name] if given.rivals else ():
            found = _of_rival(given.rivals, rival, bank.text)
            rows[rival] = {
                what: f1(gold, [(a, b) for a, b in found[what]])
                for what, gold in (("sentences", bank.sentences), ("tokens", bank.tokens))
                if what in found
            }
        figures[name] = rows
        for row, values in rows.items():
            print(f"{name:16} {row:10} {'  '.join(f'{what} {value:.2f}' for what, value in values.items())}")
    with gzip.open(ENGLISH, "rt", encoding="utf-8") as file:
        lines = file.read(SPEED_CHARACTERS).split("\n")
    figures["seconds_ratio"] = round(speed(VERSION_2, lines) / speed(VERSION_1, lines), 2)
    print(f"version 2 takes {figures['seconds_ratio']} x the time of version 1 on English")
    if given.save:
        print(
            record(
                "tokenizers", "python -m benchmarks.measure.text.tokenizers --part test --rivals PYTHON --save", figures
            )
        )


def _of_rival(python: str, rival: str, text: str) -> dict[str, list[list[int]]]:
    program = Path(__file__).parent / "rival_tokenizers.py"
    done = subprocess.run([python, program, rival], input=json.dumps(text), capture_output=True, text=True, check=True)
    found: dict[str, list[list[int]]] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
