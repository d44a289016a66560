"""Text for the teacher of the English model: names alone and in sentences, and what WordNet says of words.

    python -m benchmarks.texts.made_up_text LISTS TEACHER OUT.txt [--sentences 260000]

LISTS and TEACHER: see `name_lists.py`. Books and textbooks hold few names of today. So names and words of lists stand alone,
in lists, in a few dozen patterns of sentences, and in the places of other names in sentences of the English corpus (../shared). A
quarter of these sentences are in small letters, in capitals or with a capital at each word. The same call writes the same bytes.
"""

import argparse
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.record import SHARED
from benchmarks.texts.name_lists import NameLists, more_often_first, read_name_lists
from benchmarks.texts.sentence_patterns import PATTERNS
from elmo.text.sources.corpus import corpus_words
from elmo.text.tokenizer import NEWEST

N_LISTS, N_PATTERNS, SEED = 20_000, 60_000, 1
SHARES = {
    "textbooks": 0.15,
    "medicine": 0.06,
    "government": 0.2,
    "techdocs": 0.04,
    "books": 0.25,
    "books_older": 0.1,
    "sentences": 0.2,
}
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_MONTHS = "January February March April May June July August September October November December".split()
_TITLES = "Mr. Mrs. Dr. Mr Mrs Dr".split()
_NO_NAMES = {
    "I",
    "I'm",
    "I'll",
    "I've",
    "I'd",
    "St.",
    "A",
    "The",
    "O",
    "Figure",
    "Table",
    "Chapter",
    *_DAYS,
    *_MONTHS,
    *_TITLES,
}


class Inventor:
    """Draws names and puts them into sentences."""

    def __init__(self, lists: NameLists, seed: int) -> None:
        self.lists, self.chance = lists, random.Random(seed)
        self._first = {*lists.first_names, *(person.split()[0] for person in lists.persons)}
        self._places = {*lists.cities, *lists.countries, *lists.states, *lists.regions}

    def person(self) -> str:
        """A known person, or a first and a last name, or one of them."""
        lists, chance, drawn = self.lists, self.chance, self.chance.random()
        if drawn < 0.35:
            return chance.choice(lists.persons)
        first, last = more_often_first(lists.first_names, chance), more_often_first(lists.last_names, chance)
        if drawn < 0.7:
            return f"{first} {last}"
        if drawn < 0.95:
            return first if drawn < 0.85 else last
        return f"{first} {chance.choice('ABCDEFGHJKLMPRSTW')}. {last}"

    def place(self) -> str:
        """A city, country, state, region or airport."""
        lists, chance, drawn = self.lists, self.chance, self.chance.random()
        if drawn < 0.45:
            return more_often_first(lists.cities, chance)
        if drawn < 0.72:
            return chance.choice(lists.countries if drawn < 0.6 else lists.states)
        if drawn < 0.8:
            return f"{more_often_first(lists.cities, chance)}, {chance.choice([*lists.countries, *lists.states])}"
        return chance.choice(lists.regions if drawn < 0.92 else lists.airports)

    def organization(self) -> str:
        """A company or an organization, known or made up."""
        lists, chance, drawn = self.lists, self.chance, self.chance.random()
        if drawn < 0.75:
            return chance.choice(lists.companies if drawn < 0.45 else lists.organizations)
        if drawn < 0.85:
            ends = [
                "Inc.",
                "Ltd",
                "& Sons",
                "Group",
                "Corp.",
                "University",
                "College",
                "Bank",
                "FC",
                "United",
                "Records",
                "Press",
            ]
            return f"{more_often_first(lists.last_names, chance)} {chance.choice(ends)}"
        ends = [
            "University",
            "FC",
            "United",
            "Post",
            "Times",
            "City Council",
            "Police",
            "Airport",
            "Herald",
            "Police Department",
        ]
        return f"{more_often_first(lists.cities, chance)} {chance.choice(ends)}"

    def product(self) -> str:
        """A product, known or made up."""
        lists, chance, drawn = self.lists, self.chance, self.chance.random()
        if drawn < 0.5:
            return chance.choice(lists.products)
        if drawn < 0.75:
            ends = ["Pro", "Mini", "One", "X", "S6", "3", "500", "Plus", "II", "Air", "Galaxy", "Note", "TV", "360"]
            return f"{chance.choice(lists.companies)} {chance.choice(ends)}"
        return chance.choice(lists.pieces).capitalize()

    def work(self) -> str:
        """A film, series, book, game or song; now and then an artist."""
        return self.chance.choice(self.lists.works if self.chance.random() < 0.8 else self.lists.artists)

    def anything(self) -> str:
        """A name of any kind."""
        drawn = self.chance.random()
        for most, kind in (
            (0.3, self.person),
            (0.52, self.place),
            (0.72, self.organization),
            (0.8, self.product),
            (0.87, self.work),
        ):
            if drawn < most:
                return kind()
        return self.chance.choice(self.lists.pieces).capitalize()

    def from_pattern(self) -> str:
        """One of the patterns with names."""
        lists, chance = self.lists, self.chance
        kinds = {
            "p": self.person, "l": self.place, "o": self.organization, "t": self.product, "w": self.work,
            "a": lambda: chance.choice(lists.artists),
            "h": lambda: chance.choice(lists.pieces) + (chance.choice(lists.pieces) if chance.random() < 0.7 else ""),
            "d": lambda: chance.choice(_DAYS),
        }  # fmt: skip
        return re.sub(r"\{(\w)\}", lambda found: kinds[found[1]](), chance.choice(PATTERNS))

    def with_other_names(self, words: Sequence[str]) -> str | None:
        """A sentence with other names in the places of its names and of some pronouns; None: it has neither."""
        chance, out, changed, i = self.chance, [], False, 0
        while i < len(words):
            word = words[i]
            if i > 0 and _is_name(word):
                end = i
                while end < len(words) and _is_name(words[end]) and end - i < 4:
                    end += 1
                out.append(
                    self._instead(words[i:end], words[i - 1]) if chance.random() < 0.9 else " ".join(words[i:end])
                )
                changed, i = True, end
                continue
            instead = self._of_pronoun(word) if chance.random() < 0.35 else None
            out.append(instead or word)
            changed, i = changed or instead is not None, i + 1
        return " ".join(out) if changed else None

    def _instead(self, name: Sequence[str], before: str) -> str:
        """A name of the same kind, as far as it can be told."""
        if name[0] in self._first or before in _TITLES:
            return self.person()
        return (
            self.place()
            if " ".join(name) in self._places or before in ("in", "from", "near", "at")
            else self.anything()
        )

    def _of_pronoun(self, word: str) -> str | None:
        if word.lower() in ("he", "she") or word == "him":
            return self.person()
        if word.lower() == "they":
            return self.chance.choice([self.person, self.organization])()
        if word.lower() == "it":
            return self.chance.choice([self.organization, self.product, self.work, self.place])()
        return f"in {self.place()}" if word in ("here", "there") else None

    def in_some_case(self, sentence: str) -> str:
        """A quarter of the sentences in small letters, in capitals, or with a capital at each word."""
        drawn = self.chance.random()
        if drawn < 0.76:
            return sentence
        if drawn < 0.96:
            return sentence.lower() if drawn < 0.91 else sentence.upper()
        return " ".join(word.capitalize() for word in sentence.split(" "))


def _is_name(word: str) -> bool:
    return (
        len(word) > 1
        and word[0].isupper()
        and word.replace("-", "").replace(".", "").isalpha()
        and word not in _NO_NAMES
    )


def names_alone(inventor: Inventor) -> Iterator[str]:
    """Every word and name by itself, some in other letters."""
    lists, chance = inventor.lists, inventor.chance
    for piece in lists.pieces:
        yield from (piece, piece.capitalize())
        if len(piece) <= 6 and chance.random() < 0.4:
            yield piece.upper()
    for kind, names in vars(lists).items():
        if kind == "pieces":
            continue
        for name in names:
            yield name
            if chance.random() < 0.3:
                yield name.lower()
    for _ in range(N_LISTS):
        parts = [
            (inventor.anything(), chance.choice([",", ",", ",", ";", "and", "-", "|"]))
            for _ in range(chance.randint(3, 12))
        ]
        yield " ".join(part for pair in parts for part in pair)


def wordnet_text(folder: Path, chance: random.Random) -> Iterator[str]:
    """Words with their definitions, and the examples of WordNet."""
    for kind in ("noun", "verb", "adj", "adv"):
        for line in (folder / f"data.{kind}").read_text(encoding="latin-1").split("\n"):
            if line.startswith("  ") or " | " not in line:
                continue
            head, gloss = line.split(" | ", 1)
            fields = head.split()
            words = [re.sub(r"\(.*\)", "", fields[4 + 2 * i]).replace("_", " ") for i in range(int(fields[3], 16))]
            parts = [part.strip() for part in gloss.strip().split("; ")]
            definition = "; ".join(part for part in parts if not part.startswith('"'))
            is_name = "@i" in head  # an instance: a person, a place
            if definition and (is_name or chance.random() < 0.6):
                for word in words if is_name else [chance.choice(words)]:
                    yield chance.choice(["{} : {}", "{} is {}", "{} , {}", "{} ( {} )"]).format(word, definition)
            yield from (part.strip('"') for part in parts if part.startswith('"'))


def other_names(inventor: Inventor, n_sentences: int) -> Iterator[str]:
    """Sentences of the English corpus with other names."""
    for name, share in SHARES.items():
        path = SHARED / "data" / "lm" / "english" / f"{name}.txt.xz"
        sentences = [words for words in corpus_words([path], False, None, NEWEST) if 4 <= len(words) <= 45]
        inventor.chance.shuffle(sentences)
        n_left = int(n_sentences * share)
        for words in sentences * 8:
            sentence = inventor.with_other_names(words)
            if sentence is not None and n_left > 0:
                n_left -= 1
                yield inventor.in_some_case(sentence)
            if n_left == 0:
                break


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("lists", type=Path)
    parser.add_argument("teacher", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--sentences", type=int, default=260_000, help="of the corpus, with other names")
    given = parser.parse_args()
    inventor = Inventor(read_name_lists(given.lists, given.teacher), SEED)
    patterns = (inventor.in_some_case(inventor.from_pattern()) for _ in range(N_PATTERNS))
    wordnet = wordnet_text(given.lists / "package" / "dict", inventor.chance)
    with given.out.open("w", encoding="utf-8") as file:
        for kind, lines in (
            ("names alone", names_alone(inventor)),
            ("WordNet", wordnet),
            ("patterns", patterns),
            ("other names", other_names(inventor, given.sentences)),
        ):
            n = 0
            for line in lines:
                file.write(" ".join(line.split()) + "\n")
                n += 1
            print(f"{kind}: {n:,} lines")


if __name__ == "__main__":
    main()
