"""`elmo change`: the word whose contexts were swapped comes first; what it writes, and what it refuses."""

import json
import random

import pytest

from conftest import small_model
from elmo.analysis.usage_change import ChangeSettings
from elmo.apps.studies.change import measure_change
from elmo.checkpoints.formats.native import save_native
from elmo.errors import ConfigError, OutputError, TextError

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")

FRAMES = {
    "bank": ["the {} lends money .", "money of the {} lends ."],
    "boat": ["the river the river {} .", "{} the river the river river ."],
    "town": ["river {} money river .", "the {} river money ."],
    "tree": ["the {} the {} .", "money {} ."],
}
SMALL = ChangeSettings(min_count=5, permutations=99, layers="mean")


def text(seed, swapped=False):
    rng = random.Random(seed)
    other = {"bank": "boat", "boat": "bank"} if swapped else {}
    lines = [rng.choice(FRAMES[word]).replace("{}", other.get(word, word)) for word in FRAMES for _ in range(30)]
    rng.shuffle(lines)
    return "\n".join(lines) + "\n"


@pytest.fixture
def files(tmp_path):
    for name, seed, swapped in (("a", 0, False), ("b", 1, False), ("c", 2, True)):
        (tmp_path / f"{name}.txt").write_text(text(seed, swapped))
    save_native(small_model(scale=1.5), tmp_path / "model")
    return tmp_path


def test_the_word_whose_contexts_changed_comes_first(files):
    changes = measure_change(str(files / "model"), [files / "a.txt", files / "c.txt"], SMALL)
    assert {changes[0].word, changes[1].word} == {"bank", "boat"}
    assert changes[0].change.p == 0.01
    assert changes[0].q <= 0.05
    assert changes[0].counts == [30, 30]
    others = {w.word: w.change.p for w in changes[2:]}
    assert set(others) >= {"town", "tree", "money"}
    assert "[bank]" in "".join(w for word_change in changes for w in word_change.typical[0])


def test_what_is_reported_is_decided_by_the_seed(files):
    slices = [files / "a.txt", files / "b.txt", files / "c.txt"]
    one, same = (measure_change(str(files / "model"), slices, SMALL._replace(most=10)) for _ in range(2))
    assert one == same
    assert one != measure_change(str(files / "model"), slices, SMALL._replace(most=10, seed=1))
    bank = next(w for w in one if w.word == "bank")
    assert len(bank.steps) == 2
    assert bank.steps[1] > bank.steps[0]


def test_a_folder_holds_all_words_and_a_picture(files):
    slices = [files / "a.txt", files / "c.txt"]
    changes = measure_change(str(files / "model"), slices, SMALL, words=["Bank", "tree"], output=files / "out")
    rows = [json.loads(line) for line in (files / "out" / "change.jsonl").read_text("utf-8").splitlines()]
    assert [row["word"] for row in rows] == [w.word for w in changes] == ["bank", "tree"]
    assert rows[0]["rank"] == 1
    assert (files / "out" / "change.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(OutputError, match="exists already"):
        measure_change(str(files / "model"), slices, SMALL, output=files / "out")
    measure_change(str(files / "model"), slices, SMALL, output=files / "out", force=True)


@pytest.mark.parametrize(
    ("names", "changes", "words", "kind", "message"),
    [
        (["a.txt"], {}, None, ConfigError, r"1 slice\(s\)"),
        (["a.txt", "none.txt"], {}, None, TextError, "no such file"),
        (["a.txt", "c.txt"], {"min_count": 9999}, None, TextError, "lower --min-count"),
        (
            ["a.txt", "c.txt"],
            {},
            ["bank", "zebra"],
            TextError,
            "'zebra': a word must occur at least twice in each slice",
        ),
        (["a.txt", "c.txt"], {}, [], TextError, "'no word'"),
        (["a.txt", "c.txt"], {"layers": "all"}, None, ConfigError, 'layers="all"'),
        (["a.txt", "c.txt"], {"layers": 9}, None, ConfigError, "layer"),
        (["a.txt", "c.txt"], {"split": True, "pretokenized": True}, None, ConfigError, "choose one"),
        (["a.txt", "c.txt"], {"measure": "cosine"}, None, ConfigError, "measure 'cosine'"),
        (["a.txt", "empty.txt"], {}, None, TextError, "lower --min-count"),
    ],
)
def test_what_cannot_be_measured_is_refused(files, names, changes, words, kind, message):
    (files / "empty.txt").write_text("")
    with pytest.raises(kind, match=message):
        measure_change(str(files / "model"), [files / n for n in names], SMALL._replace(**changes), words=words)


def test_the_command_prints_a_table_or_json(files, run_elmo):
    arguments = ["change", files / "model", files / "a.txt", files / "c.txt", "--min-count", 5, "--permutations", 9]
    done = run_elmo(*arguments)
    assert done.status == 0
    assert "bank" in done.out
    facts = json.loads(run_elmo(*arguments, "--json", "--show", 2).out)
    assert facts["words"] > 2
    assert {facts["1.word"], facts["2.word"]} == {"bank", "boat"}
    assert run_elmo("change", files / "model", files / "a.txt").status == 2
