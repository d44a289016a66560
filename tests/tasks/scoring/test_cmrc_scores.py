"""Exact match and F1 of CMRC 2018, worked out by hand from its definition."""

import pytest

from elmo.tasks.scoring.cmrc_scores import exact_match, f1, is_chinese, segments


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("凤冠雉科。", list("凤冠雉科")),
        (" 《Titanic》于1912年 ", ["titanic", "于", "1912", "年"]),
        ("New York，纽约", ["new", "york", "纽", "约"]),
        ("1912-1913", ["19121913"]),  # the dash goes before words are cut
        ("。", []),
        ("", []),
    ],
)
def test_segments_are_han_characters_and_words(answer, expected):
    assert segments(answer) == expected


@pytest.mark.parametrize(
    ("predicted", "answers", "match", "score"),
    [
        ("古希腊", ["古希腊"], True, 1),
        ("古希腊。", ["「古希腊」"], True, 1),
        ("希腊", ["古希腊"], False, 2 * 2 / 5),
        ("古代希腊", ["古希腊"], False, 2 * 2 / 7),  # the longest run is 希腊, the bag would share three
        ("腊希古", ["古希腊"], False, 2 * 1 / 6),
        ("希腊", ["雅典", "古希腊", "希腊"], True, 1),
        ("雅典", ["古希腊"], False, 0),
        ("New York", ["new york"], True, 1),
        ("the tower", ["tower"], False, 2 * 1 / 3),  # articles count, as they do not in SQuAD
        ("", ["古希腊"], False, 0),
        ("古希腊", [], False, 0),
        ("", [], True, 1),
    ],
)
def test_scores_of_an_answer(predicted, answers, match, score):
    assert exact_match(predicted, answers) is match
    assert f1(predicted, answers) == pytest.approx(score)


def test_a_text_is_chinese_by_most_of_its_letters():
    assert is_chinese("黑彩陶器 (melanomorpha) 是古希腊陶器，在红底色上绘画黑色的轮廓")
    assert not is_chinese("The word 陶器 means pottery")
    assert not is_chinese("1912 !")
