"""Exact match and F1 of answers, worked out by hand from the definition of SQuAD."""

import pytest

from elmo.tasks.scoring.answer_scores import exact_match, f1, normal_tokens


@pytest.mark.parametrize(
    ("answer", "tokens"),
    [
        ("The Eiffel Tower!", ["eiffel", "tower"]),
        ("  an   apple, a day ", ["apple", "day"]),
        ("theory of the", ["theory", "of"]),
        ("10th–11th", ["10th–11th"]),  # only ASCII punctuation goes
        ("U.S.", ["us"]),
        ("a", []),
        ("凤冠雉科。", list("凤冠雉科")),
        ("“1912年” 的 Titanic", ["1912", "年", "的", "titanic"]),
        ("", []),
    ],
)
def test_what_counts_of_an_answer(answer, tokens):
    assert normal_tokens(answer) == tokens


@pytest.mark.parametrize(
    ("predicted", "answers", "match", "score"),
    [
        ("the tower", ["Tower"], True, 1),
        ("Denver Broncos", ["The Denver Broncos of 2015", "Broncos"], False, 2 / 3),
        ("cat cat", ["cat"], False, 2 * 1 / 3),
        ("cat", ["dog"], False, 0),
        ("", ["dog"], False, 0),
        ("dog", [], False, 0),
        ("", [], True, 1),
        ("雉科", ["凤冠雉科"], False, 2 * 2 / 6),
    ],
)
def test_scores_of_an_answer(predicted, answers, match, score):
    assert exact_match(predicted, answers) is match
    assert f1(predicted, answers) == pytest.approx(score)
