"""What `elmo doctor` advises: each fault is reported, repaired by the advised command, and not reported for a sound text."""

import gzip
import random
import re
import subprocess
import textwrap
from zlib import crc32

import pytest

from elmo.apps.corpus.doctor import examine_corpus
from elmo.apps.corpus.findings import flat_facts
from elmo.errors import TextError
from elmo.text.words.vocabulary import SPECIALS, Vocabulary, write_vocabulary

WORDS = [f"{a}{b}{c}" for a in ("ta", "ro", "mi", "su") for b in ("len", "kor", "vis", "pad") for c in ("", "a", "is")]


def sentences(n: int, seed: int = 0) -> list[str]:
    """Sentences of a made-up language, 4 to 16 words with a comma now and then."""
    draw = random.Random(seed)
    lines = []
    for _ in range(n):
        words = [draw.choice(WORDS) for _ in range(draw.randint(4, 16))]
        lines.append(f"{', '.join(' '.join(w) for w in (words[:3], words[3:]))}.".capitalize())
    return lines


SOUND = "\n".join(sentences(1_200)) + "\n"


@pytest.fixture(autouse=True)
def less_is_enough(monkeypatch):
    """So that the tests can be quick."""
    monkeypatch.setattr("elmo.apps.corpus.advice.ENOUGH_TOKENS", 5_000)


def advice_on(tmp_path, text: str, **options) -> list[str]:
    """The sentences and commands of each piece of advice on a text in the file a.txt."""
    (tmp_path / "a.txt").write_text(text, encoding="utf-8", newline="")
    _, advice = examine_corpus([str(tmp_path / "a.txt")], **options)
    return [str(a) for a in advice]


def test_a_sound_text_gets_the_command_that_trains_and_nothing_else(tmp_path):
    (advice,) = advice_on(tmp_path, SOUND)
    assert "tokens suit the size tiny, at most 10 epochs" in advice
    assert advice.endswith(f"elmo pretrain --corpus {tmp_path}/a.txt --size tiny --set epochs=10 -o my-model")


def every(n: int, damage) -> str:
    """The sound text with every n-th line changed."""
    return "\n".join(damage(line) if i % n == 0 else line for i, line in enumerate(SOUND.splitlines())) + "\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (every(50, lambda line: line.replace("a", "Ã©")), "24 lines contain UTF-8 that was decoded as Latin-1"),
        (every(50, lambda line: line.replace("a", "\ufffd")), "24 lines contain U+FFFD or private"),
        (every(50, lambda line: line.replace(" ", "\r", 1)), "24 lines contain a carriage return inside"),
        (every(50, lambda line: line.replace(" ", "<br>", 1)), "24 lines contain HTML"),
        (every(50, lambda line: line + " All rights reserved."), "24 lines contain boilerplate"),
        (every(50, lambda line: line.replace("a", "a\xad")), "24 lines contain invisible"),
        (every(5, lambda line: line.replace("a", "а")), "% of the tokens mix scripts"),
        (every(5, lambda line: f"- {crc32(line.encode())} -"), "240 lines have no letter"),
        (every(50, lambda line: line + " " + 25 * "xy" + "."), "% of the tokens have over 48 bytes"),
        (every(10, lambda line: line + " See https://example.org/a"), "120 lines contain a URL"),
        (every(3, lambda line: line + "\n" + SOUND.split("\n")[7]), "25.0% of the lines ("),
        ("猫" * 6_000 + "。犬が好きです。" * 3_000, "A letter takes 3.0 bytes (Han), and most tokens are one letter"),
        (SOUND.replace(".\n", " "), "Lines are not single sentences"),
        (
            "\n\n".join("\n".join(SOUND.split("\n")[i : i + 20]) for i in range(0, 1_200, 20)),
            "There are 60 documents",
        ),
        ("\n".join(sentences(90)), "tokens are too few for a useful model"),
    ],
    ids=lambda case: case[:30] if len(case) < 90 else "",
)
def test_a_fault_is_reported_before_the_command_that_trains(tmp_path, text, message):
    advice = advice_on(tmp_path, text)
    assert len(advice) >= 2
    assert message in advice[0], advice
    assert "elmo pretrain" in advice[-1]


@pytest.mark.parametrize("hyphens", [False, True])
def test_wrapped_paragraphs_are_reported_and_the_command_joins_them(tmp_path, hyphens):
    paragraphs = [" ".join(sentences(9, seed)) for seed in range(30)]
    wrapped = "\n\n".join("\n".join(textwrap.wrap(p, 60)) for p in paragraphs) + "\n"
    if hyphens:
        wrapped = re.sub(r"([a-z])\n(ta|ro|mi|su)(?=[a-z]{3})", r"\1 \2-\n", wrapped)
    advice = advice_on(tmp_path, wrapped)
    (recommendation,) = [a for a in advice if "Paragraphs are broken into lines" in a]
    command = (
        recommendation.partition("Join the lines between empty lines. ")[2]
        .replace("FILE", str(tmp_path / "a.txt"))
        .partition(" > ")[0]
    )
    joined = subprocess.run(command, shell=True, check=True, capture_output=True, text=True).stdout
    assert joined.split("\n\n")[:-1] == paragraphs
    assert not any("Paragraphs are broken" in a for a in advice_on(tmp_path, joined))


def test_lines_of_many_lengths_without_marks_are_not_taken_for_wrapped_paragraphs(tmp_path):
    titles = SOUND.replace(".", "").replace(",", "")
    assert not any("Paragraphs are broken" in a for a in advice_on(tmp_path, titles))


@pytest.mark.parametrize(
    ("faulty", "name"),
    [
        (SOUND + "\n\n" + SOUND, "repeat an earlier line"),
        (every(20, lambda line: line.replace(" ", "\r", 1)), "a carriage return inside"),
        (every(20, lambda line: line.replace("a", "a\xad").replace("t", "\x07\x9f\u2060t")), "invisible"),
        (every(20, lambda line: line.replace(" ", " &amp; ", 1)), "HTML tags or entities"),
        (every(5, lambda line: f"{crc32(line.encode())} ***"), "have no letter"),
    ],
)
def test_the_advised_command_repairs_the_text(tmp_path, faulty, name):
    assert any(name in a for a in advice_on(tmp_path, faulty))
    _, advice = examine_corpus([str(tmp_path / "a.txt")])
    (command,) = [a.command for a in advice if name in a.reason]
    command = command.rpartition(" > ")[0].replace("FILE", str(tmp_path / "a.txt"))
    repaired = subprocess.run(command, shell=True, check=True, capture_output=True).stdout.decode("utf-8")
    assert not any(name in a for a in advice_on(tmp_path, repaired))
    assert len(repaired) > 0.4 * len(faulty)


def tokenized(text: str) -> str:
    return text.replace(",", " ,").replace(".", " .")


def test_text_read_as_the_other_kind_gets_that_advice_alone(tmp_path):
    (recommendation,) = advice_on(tmp_path, tokenized(SOUND))
    assert recommendation.startswith("This text is already tokenized: 1,200 of 1,200 commas follow a blank.")
    (recommendation,) = advice_on(tmp_path, SOUND, pretokenized=True)
    assert recommendation.startswith("This text is not tokenized: 1,200 of 1,200 commas")
    (recommendation,) = advice_on(tmp_path, tokenized(SOUND).replace(" ,", "").replace("talen", "<unk>"))
    assert " words are a literal <unk>. Run elmo doctor again with --pretokenized." in recommendation
    (right,) = advice_on(tmp_path, SOUND.replace("talen", "<unk>", 5))  # it may speak of them
    assert "elmo pretrain" in right
    (right,) = advice_on(tmp_path, tokenized(SOUND), pretokenized=True)
    assert "--pretokenized --size tiny" in right


def test_a_vocabulary_of_another_text_is_reported(tmp_path):
    write_vocabulary(Vocabulary([*SPECIALS, ",", ".", *WORDS[:20]]), tmp_path / "v.txt")
    recommendation, _ = advice_on(tmp_path, SOUND, vocabulary=tmp_path / "v.txt")
    assert recommendation.startswith("The given vocabulary does not contain ")
    write_vocabulary(Vocabulary([*SPECIALS, ",", ".", *WORDS, *map(str.capitalize, WORDS)]), tmp_path / "v.txt")
    assert len(advice_on(tmp_path, SOUND, vocabulary=tmp_path / "v.txt")) == 1


def test_a_file_that_cannot_be_read_comes_first_and_the_others_are_read(tmp_path):
    (tmp_path / "b.txt").write_bytes(b"na\xefve\n")
    (tmp_path / "a.txt").write_text(SOUND.replace(" ", "<br>"))
    findings, advice = examine_corpus([str(tmp_path / "*.txt")])
    assert f"{tmp_path}/b.txt, line 1: not UTF-8" in advice[0].reason
    assert "HTML" in advice[1].reason
    assert flat_facts(findings)["files_unread"] == 1


def test_files_without_any_text_are_an_error(tmp_path):
    (tmp_path / "empty.txt").write_text("\n \n")
    with pytest.raises(TextError, match="no text in these files"):
        examine_corpus([str(tmp_path / "empty.txt")])
    (tmp_path / "latin.txt").write_bytes(b"na\xefve\n")
    with pytest.raises(TextError, match=r"latin\.txt, line 1: not UTF-8"):
        examine_corpus([str(tmp_path / "latin.txt")])


def test_the_facts_are_flat_and_those_of_a_small_text_right(tmp_path):
    with gzip.open(tmp_path / "t.gz", "wt", encoding="utf-8") as file:
        file.write("The cat sat.\nThe cat sat.\n\nДа, 猫 " + "x" * 49 + " " + "y" * 48 + "\n")
    findings, _ = examine_corpus([str(tmp_path / "t.gz")])
    facts = flat_facts(findings)
    assert all(value is None or isinstance(value, str | int | float) for value in facts.values())
    expected = {
        "files": 1,
        "lines": 4,
        "empty_lines": 1,
        "documents": 2,
        "sentences": 3,
        "tokens": 13,
        "types": 9,
        "sentence_length_median": 4,
        "overlong_tokens": 1 / 13,
        "overlong_types": 1 / 9,
        "overlong_1": "x" * 49,
        "repeated_lines": pytest.approx(1 / 3),
        "repeated_1": "The cat sat.",
        "repeated_1_count": 2,
        "script_cyrillic": 2 / 118,
        "bytes_per_letter_han": 3,
        "longest_line_1": f"{tmp_path}/t.gz:4",
    }
    assert {name: facts[name] for name in expected} == expected
