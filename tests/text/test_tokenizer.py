import csv
import re
from pathlib import Path

import pytest

from elmo.text import sentences, tokens
from elmo.text.tokenizer import NEWEST, VERSION_1, VERSION_2, VERSIONS
from elmo.text.tokens import Token

CASES = Path(__file__).parent / "cases"
LANGUAGES = {
    *(
        "english",
        "german",
        "french",
        "spanish",
        "turkish",
        "basque",
        "russian",
        "chinese",
        "japanese",
        "thai",
        "hindi",
        "arabic",
    ),
    "hebrew",
}
ENOUGH = 40
NOT_AS_IN_VERSION_1 = {"the 3rd 5kg 3.5mm"}  # 3.5 mm, but 5kg


def rows():
    """Language, text, tokens with blanks between, sentences with ` ‖ ` between."""
    for path in sorted(CASES.glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                yield pytest.param(row["text"], row["tokens"], row["sentences"], id=f"{path.stem}: {row['text']}")


@pytest.mark.parametrize(("text", "expected", "cut"), list(rows()))
def test_the_tables_of_cases_hold(text, expected, cut):
    assert " ‖ ".join(text[a:b] for a, b in VERSION_2.split_sentences(text)) == cut
    assert " ".join(token.text for sentence in VERSION_2.tokenize_sentences(text) for token in sentence) == expected


def test_each_language_has_a_table_of_different_cases():
    found = {path.stem: path.read_text(encoding="utf-8").splitlines()[1:] for path in CASES.glob("*.tsv")}
    assert LANGUAGES <= found.keys()
    assert all(len(set(found[language])) >= ENOUGH for language in LANGUAGES)


@pytest.mark.parametrize("module", ["test_tokens", "test_sentences"])
def test_what_version_1_cuts_rightly_version_2_cuts_so_too(module, request):
    cases = import_of(module).CASES
    for name, case in cases.items():
        if module == "test_tokens":
            text, expected = case
            if text not in NOT_AS_IN_VERSION_1:
                assert [t.text for t in VERSION_2.tokenize(text)] == expected.split(" "), name
        else:
            text, _, rest = case.partition("|")
            assert [text[a:b] for a, b in VERSION_2.split_sentences(text)] == [s for s in rest.split("|") if s], name


def import_of(module):
    import importlib.util

    spec = importlib.util.spec_from_file_location(f"cases_of_{module}", Path(__file__).parent / f"{module}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_version_1_is_the_tokenizer_that_models_were_trained_with():
    text = "The rate rose to 3.5. Bonds fell. DON'T!"
    assert VERSION_1.tokenize(text) == tokens.tokenize(text)
    assert VERSION_1.tokenize_sentences(text) == sentences.tokenize_sentences(text)
    assert list(VERSION_1.sentences_of_words(text)) == list(sentences.sentences_of_words(text))
    assert VERSION_1.split_sentences(text) != VERSION_2.split_sentences(text)


def test_versions_are_found_by_their_number_and_new_models_take_the_newest():
    assert [VERSIONS[n].version for n in (1, 2)] == [1, 2]
    assert NEWEST is VERSIONS[max(VERSIONS)]


def test_sentences_carry_offsets_into_the_whole_text_and_those_without_a_token_are_left_out():
    found = VERSION_2.tokenize_sentences("Hi. \u200f\n Bob left.")
    assert found == [
        [Token("Hi", 0, 2), Token(".", 2, 3)],
        [Token("Bob", 7, 10), Token("left", 11, 15), Token(".", 15, 16)],
    ]
    assert list(VERSION_2.sentences_of_words("Hi. \u200f\n Bob left.")) == [["Hi", "."], ["Bob", "left", "."]]


def test_the_sentences_of_a_text_are_those_of_its_lines():
    text = (CASES / "english.tsv").read_text(encoding="utf-8") + (CASES / "german.tsv").read_text(encoding="utf-8")
    whole = [text[a:b] for a, b in VERSION_2.split_sentences(text)]
    assert whole == [line[a:b] for line in re.split("\n", text) for a, b in VERSION_2.split_sentences(line)]
