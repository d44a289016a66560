"""Made-up text: names take the places of names, the same seed draws the same sentences."""

from dataclasses import fields

import pytest

from benchmarks.texts.made_up_text import Inventor, names_alone, wordnet_text
from benchmarks.texts.name_lists import NameLists, more_often_first, tidy
from benchmarks.texts.sentence_patterns import PATTERNS

LISTS = NameLists(
    **{field.name: [f"{field.name.title()}{letter}" for letter in "ABCDE"] for field in fields(NameLists)}
)
NAMES = {name for names in vars(LISTS).values() for name in names}


def test_names_are_tidied():
    given = ["Paris (France)", "Paris", "  New   York ", "x", "1234", "a b c d e f", "http://x.y", "y" * 41, "É"]
    assert tidy(given) == ["Paris", "New York"]


def test_first_names_come_more_often():
    import random

    drawn = [more_often_first([str(i) for i in range(100)], random.Random(seed)) for seed in range(3000)]
    assert sum(int(name) < 10 for name in drawn) > sum(int(name) >= 90 for name in drawn)
    assert set(map(int, drawn)) <= set(range(100))


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_has_known_kinds_of_names(pattern):
    inventor = Inventor(LISTS, 0)
    inventor.chance.choice = lambda items, choice=inventor.chance.choice: (
        pattern if items is PATTERNS else choice(items)
    )
    assert "{" not in inventor.from_pattern()


def test_names_in_a_sentence_are_replaced():
    words = "The firm of Mr. Smith Jones in Paris was sold by Acme on Monday .".split()
    inventor = Inventor(LISTS, 0)
    for _ in range(50):
        found = inventor.with_other_names(words)
        assert found.startswith("The firm of Mr. ")
        assert found.endswith(" on Monday .")
    assert "Acme" not in found or "Smith" not in found
    assert inventor.with_other_names("nothing to see ,".split()) is None


def test_the_same_seed_draws_the_same():
    first, again, other = (list(names_alone(Inventor(LISTS, seed))) for seed in (3, 3, 4))
    assert first == again != other
    assert {line for line in first if " " not in line and line in NAMES} == NAMES


def test_wordnet_gives_definitions_and_examples(tmp_path):
    import random

    for kind in ("noun", "verb", "adj", "adv"):
        (tmp_path / f"data.{kind}").write_text("  1 header\n", encoding="latin-1")
    line = '09 15 n 02 Elbe 0 Elbe_River(p) 0 002 @i 0923 n 0000 | a river in Germany; flows north; "the Elbe is wide"'
    (tmp_path / "data.noun").write_text(f"  1 header\n{line}\n", encoding="latin-1")
    found = list(wordnet_text(tmp_path, random.Random(0)))
    assert len(found) == 3
    assert found[0].startswith("Elbe ")
    assert found[1].startswith("Elbe River ")
    assert all("a river in Germany; flows north" in line for line in found[:2])
    assert found[2] == "the Elbe is wide"
