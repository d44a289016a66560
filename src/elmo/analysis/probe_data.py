"""The labelled texts that probes read: their folders and formats."""

import csv
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from elmo.errors import TextError
from elmo.storage.compressed import PACKED
from elmo.tasks.data.labelled_records import json_lines
from elmo.text.sources.lines import read_lines

POS = "pos/ud-english-ewt"
ENTITIES = "ner/conll2003-en"
SENSES = "wsd"  # senseval-WORD-en
WORD_IN_CONTEXT = "pairs/wic-en"
SENTENCES = {"STS-B": "pairs/stsb-en", "SICK": "pairs/sick-en"}
WORDS = "wordsim"
HELD_OUT = 1000  # pairs of WiC

Item = TypeVar("Item")

# Irregular forms of words, for WiC, whose files give only the base form.
_IRREGULAR = """
be is are was were am been 'm 're 's;go went gone;come came;see saw;give gave;break broke;fall fell;run ran;do did
does done;find found;catch caught;know knew;pay paid;leave left;hold held;say said;teach taught;bear bore borne;draw
drew;make made;take took;get got;foot feet;tooth teeth;man men;woman women;mouse mice;child children;tell told;think
thought;bring brought;buy bought; fight fought;seek sought;sell sold;feel felt;keep kept;lose lost;meet met;sit
sat;stand stood;understand understood;win won;write wrote;ride rode;rise rose;drive drove;speak spoke;steal stole;wake
woke;wear wore;tear tore;swear swore;throw threw;grow grew;blow blew;fly flew;begin began begun;drink drank drunk;sing
sang sung;swim swam swum;ring rang rung;sink sank sunk;shrink shrank;stick stuck;strike struck;dig dug;hang hung;swing
swung;spin spun;eat ate;lie lay lain;lead led;feed fed;shoot shot;have has had;slide slid;hide hid;bite bit;light
lit;deal dealt;freeze froze;choose chose;build built;spend spent;send sent;bend bent;lend lent;hear heard;sleep
slept;sweep swept;creep crept;weep wept;bind bound;wind wound;grind ground;shake shook;forget forgot;shine shone; good
better best;bad worse worst;touch touched;cling clung;sling slung;wring wrung;spring sprang sprung;weave wove;forsake
forsook; arise arose;overcome overcame;become became;withdraw withdrew;undergo underwent;mistake mistook;uphold
upheld;leaf leaves; life lives;wolf wolves;knife knives;shelf shelves;half halves;loaf loaves;calf calves;thief
thieves
"""
_FORMS = {forms.split()[0]: set(forms.split()[1:]) for forms in _IRREGULAR.split(";")}


class Occurrence(NamedTuple):
    """A word in its sentence, with its sense."""

    tokens: list[str]
    at: int
    sense: str


class WordPair(NamedTuple):
    """A word in two sentences, and whether it has the same sense in both."""

    word: str
    sentences: tuple[list[str], list[str]]
    positions: tuple[int, int]
    same: bool


class SentencePair(NamedTuple):
    """Two texts and their similarity as judged by people."""

    texts: tuple[str, str]
    score: float


class Similarity(NamedTuple):
    """Two words and their similarity as judged by people."""

    words: tuple[str, str]
    score: float


def file_in(folder: Path, name: str) -> Path | None:
    """`folder/name`, plain or compressed; None if it does not exist."""
    return next((p for p in (folder / f"{name}{end}" for end in ("", *PACKED)) if p.is_file()), None)


def sense_words(data: Path) -> list[str]:
    """Words of `wsd/senseval-WORD-en` that have a train and a test part, in order."""
    folders = sorted((data / SENSES).glob("senseval-*-en"))
    both = [f for f in folders if all(file_in(f, f"{part}.jsonl") for part in ("train", "test"))]
    return [folder.name.split("-")[1] for folder in both]


def read_senses(path: Path) -> list[Occurrence]:
    """A file of `tokens`, `target` and `label`.

    Raises:
        TextError: a line has another form.
    """
    found = []
    for line, record in json_lines(path):
        tokens, at, sense = record.get("tokens"), record.get("target"), record.get("label")
        if not (isinstance(tokens, list) and isinstance(at, int) and 0 <= at < len(tokens) and isinstance(sense, str)):
            raise TextError(
                f"{path}, line {line}: not an occurrence of a word; a line has tokens, target (the index of a token) and label"
            )
        found.append(Occurrence(list(tokens), at, sense))
    return _some(found, path)


def read_word_pairs(path: Path) -> list[WordPair]:
    """A file of `word`, `a`, `b` (tokens with blanks between) and `label` (1 or 0).

    Raises:
        TextError: a line has another form.
    """
    found = []
    for line, record in json_lines(path):
        word, a, b, label = (record.get(name) for name in ("word", "a", "b", "label"))
        sentences = (a.split(), b.split()) if isinstance(a, str) and isinstance(b, str) else ([], [])
        if not isinstance(word, str) or not all(sentences) or label not in (0, 1):
            raise TextError(
                f"{path}, line {line}: not a word in two sentences; a line has word, a, b and label (0 or 1)"
            )
        positions = (position_of(word, sentences[0]), position_of(word, sentences[1]))
        found.append(WordPair(word, sentences, positions, bool(label)))
    return _some(found, path)


def position_of(word: str, sentence: Sequence[str]) -> int:
    """The index of a word in a sentence: the word, a known irregular form, or the token with the longest common prefix."""
    lower = [token.lower() for token in sentence]
    forms = _FORMS.get(word, set())
    own = next((i for i, token in enumerate(lower) if token == word), None)
    if own is None:
        own = next((i for i, token in enumerate(lower) if token in forms), None)
    if own is not None:
        return own
    alike = [_common(word, token) - 0.1 * abs(len(token) - len(word)) for token in lower]
    return max(range(len(alike)), key=alike.__getitem__)


def _common(a: str, b: str) -> int:
    """The length of the common prefix."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def hold_out(pairs: Sequence[WordPair], n: int = HELD_OUT) -> tuple[list[WordPair], list[WordPair]]:
    """Split pairs into training pairs and n held-out pairs, those with the lowest SHA-1 of word and sentences.

    No sentence is in both parts: pairs that share a sentence with a held-out pair are left out of training.
    """

    def key(pair: WordPair) -> tuple[str, bool]:
        text = "\t".join((pair.word, *map(" ".join, pair.sentences)))
        return hashlib.sha1(text.encode("utf-8", "surrogatepass")).hexdigest(), pair.same

    ordered = sorted(pairs, key=key)
    held = ordered[:n]
    theirs = {" ".join(sentence) for pair in held for sentence in pair.sentences}
    rest = [pair for pair in ordered[n:] if not any(" ".join(s) in theirs for s in pair.sentences)]
    return rest, held


def read_sentence_pairs(path: Path) -> list[SentencePair]:
    """A file of `a`, `b` and `score`.

    Raises:
        TextError: a line has another form.
    """
    found = []
    for line, record in json_lines(path):
        a, b, score = (record.get(name) for name in ("a", "b", "score"))
        if not (isinstance(a, str) and isinstance(b, str) and isinstance(score, int | float)):
            raise TextError(f"{path}, line {line}: not a scored pair of sentences; a line has a, b and score")
        found.append(SentencePair((a, b), float(score)))
    return _some(found, path)


def similarity_lists(data: Path) -> list[Path]:
    """The lists of scored pairs of words, in order."""
    return sorted(p for p in (data / WORDS).glob("*") if ".csv" in p.suffixes)


def read_similarities(path: Path) -> list[Similarity]:
    """A list with the columns word1, word2 and similarity; a part-of-speech suffix (`sun-n`) is removed.

    Raises:
        TextError: a column is missing, or a score is not a number.
    """
    found = []
    for number, row in enumerate(csv.DictReader(read_lines(path)), start=2):
        try:
            if row["similarity"] == "":
                continue  # the last line of wordsim353-rel
            words = (_bare(row["word1"]), _bare(row["word2"]))
            found.append(Similarity(words, float(row["similarity"])))
        except (KeyError, TypeError, ValueError) as error:
            raise TextError(
                f"{path}, line {number}: not a scored pair; the columns are word1, word2, similarity"
            ) from error
    return _some(found, path)


def _bare(word: str) -> str:
    return (word[:-2] if word[-2:] in ("-n", "-v", "-j") else word).lower()


def _some(found: list[Item], path: Path) -> list[Item]:
    if not found:
        raise TextError(f"{path}: contains no examples; a probe needs some")
    return found
