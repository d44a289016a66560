"""What probes read: no sentence on both sides of WiC, the word at its position, files that are something else refused."""

import gzip
import random

import pytest

from elmo.analysis.probe_data import (
    WordPair,
    hold_out,
    position_of,
    read_senses,
    read_sentence_pairs,
    read_similarities,
    read_word_pairs,
)
from elmo.errors import TextError


def pairs(n=90):
    rng = random.Random(0)
    texts = [["the", f"w{i}"] for i in range(60)]
    drawn = [tuple(rng.sample(texts, 2)) for _ in range(n)]
    return [WordPair("the", sentences, (0, 0), i % 2 == 0) for i, sentences in enumerate(drawn)]


def test_no_sentence_is_learned_from_and_held_out():
    all_pairs = pairs()
    learned, held = hold_out(all_pairs, 12)
    theirs = {" ".join(s) for pair in held for s in pair.sentences}
    assert len(held) == 12
    assert learned
    assert not {" ".join(s) for pair in learned for s in pair.sentences} & theirs
    left_out = [p for p in all_pairs if p not in learned and p not in held]
    assert all({" ".join(s) for s in p.sentences} & theirs for p in left_out)


def test_what_is_held_out_does_not_depend_on_the_order_of_the_file():
    given = pairs()
    assert hold_out(given, 12) == hold_out(given[::-1], 12)


@pytest.mark.parametrize(
    ("word", "sentence", "at"),
    [
        ("bank", "The Bank lends .", 1),
        ("run", "We ran the ad .", 1),
        ("be", "3 times 5 is fifteen .", 3),
        ("make", "in the making of it", 2),
        ("try", "He tried it .", 1),
        ("lend", "The bank lends .", 2),
    ],
)
def test_a_word_is_found_in_the_form_that_it_has(word, sentence, at):
    assert position_of(word, sentence.split()) == at


def test_a_part_of_speech_behind_a_word_is_cut_off_and_a_row_without_a_score_left_out(tmp_path):
    with gzip.open(tmp_path / "men.csv.gz", "wt") as file:
        file.write(",word1,word2,similarity\n0,Sun-n,light-n,50.0\n1,x-ray,dog,2\n2,,,\n")
    found = read_similarities(tmp_path / "men.csv.gz")
    assert [(pair.words, pair.score) for pair in found] == [(("sun", "light"), 50.0), (("x-ray", "dog"), 2.0)]


@pytest.mark.parametrize(
    ("read", "line", "message"),
    [
        (read_senses, '{"tokens": ["a"], "target": 1, "label": "x"}', "line 1: not an occurrence of a word"),
        (read_senses, '{"tokens": "a", "target": 0, "label": "x"}', "line 1: not an occurrence of a word"),
        (read_senses, "", "contains no examples"),
        (read_word_pairs, '{"word": "a", "a": "a b", "b": "", "label": 1}', "line 1: not a word in two sentences"),
        (read_word_pairs, '{"word": "a", "a": "a b", "b": "a", "label": 2}', "line 1: not a word in two sentences"),
        (read_sentence_pairs, '{"a": "x", "b": "y", "score": "high"}', "line 1: not a scored pair of sentences"),
        (read_sentence_pairs, "[1]", "line 1"),
        (read_similarities, "word1,word2,score\na,b,1", "line 2: not a scored pair"),
        (read_similarities, "word1,word2,similarity\na,b,high", "line 2: not a scored pair"),
    ],
)
def test_files_of_another_kind_are_refused(tmp_path, read, line, message):
    (tmp_path / "f").write_text(line + "\n")
    with pytest.raises(TextError, match=message):
        read(tmp_path / "f")
