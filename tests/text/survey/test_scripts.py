import pytest

from elmo.text.survey.scripts import mix_scripts, script_of


def test_letters_are_counted_by_script_weighted_by_frequency():
    mix = mix_scripts({"cat": 2, "été": 1, "кот": 3, "猫": 3, "12": 50, ",": 99, "don't": 1})
    assert mix.letters == {"Latin": 3 * 2 + 3 + 4, "Cyrillic": 9, "Han": 3}
    assert mix.bytes == {"Latin": 6 + 5 + 4, "Cyrillic": 18, "Han": 9}
    assert list(mix.fractions()) == ["Latin", "Cyrillic", "Han"]
    assert mix.bytes_per_letter() == pytest.approx(42 / 25)


def test_words_of_two_scripts_are_found_and_those_of_one_writing_system_are_not():
    mix = mix_scripts(
        {"pаypal": 3, "ОК": 5, "Мoscow": 7, "食べる": 9, "Hawaiʻi": 2, "µm": 4, "é1": 1}
    )  # а, М: Cyrillic
    assert (mix.mixed_tokens, mix.mixed_examples) == (10, ["Мoscow", "pаypal"])


def test_signs_and_shared_letters_have_no_script():
    assert [script_of(c) for c in "ä猫ก1,ʻ\u0301ⴰ"] == ["Latin", "Han", "Thai", None, None, None, None, "Other"]


def test_a_text_without_letters_has_no_scripts():
    mix = mix_scripts({"1": 3})
    assert (mix.fractions(), mix.bytes_per_letter(), mix.mixed_examples) == ({}, 0, [])
