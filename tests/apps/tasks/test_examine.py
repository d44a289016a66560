"""`elmo doctor FILE --task` says what `elmo train` would read, and trains nothing."""

import json

import pytest

SMALL = [x for s in ("epochs=1", "cell_size=4", "inputs.word_size=4", "inputs.character_size=4") for x in ("--set", s)]
FILMS = [("a fine film", "pos"), ("great acting", "pos"), ("a dull film", "neg"), ("poor acting", "neg")] * 4
ROWS = [f"{i}_7,{text} {i},{label}" for i, (text, label) in enumerate(FILMS)]


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reviews.csv").write_text("\n".join(["id,review,sentiment", *ROWS]) + "\n")
    return tmp_path


def lines_of(ran):
    assert ran.status == 0, ran.err
    assert ran.err == ""
    return ran.out.splitlines()


def test_columns_examples_labels_and_empty_cells_are_told(place, run_elmo):
    assert lines_of(run_elmo("doctor", "reviews.csv", "--task", "classify")) == [
        "reviews.csv: 16 examples; text: column 'review'; label: column 'sentiment'; no empty cells",
        "labels: 2 (pos 8, neg 8)",
        "example 1: a fine film 0 -> pos",
        "example 2: great acting 1 -> pos",
        "nothing looks odd",
        "elmo train --task classify --train reviews.csv --dev DEV",
    ]
    assert [path.name for path in place.iterdir()] == ["reviews.csv"]


def test_a_training_prints_the_same_lines_before_it(place, run_elmo):
    lines = lines_of(run_elmo("doctor", "reviews.csv", "--task", "classify", "--dev", "reviews.csv"))
    files = ["--train", "reviews.csv", "--dev", "reviews.csv"]
    ran = run_elmo("train", "--task", "classify", *files, "--baseline", *SMALL, "-o", "t")
    assert ran.err.splitlines()[:5] == lines[:5]
    assert lines[4] == "odd: 16 dev examples are in the training file too, 0 with another label"
    assert lines[5] == "dev file: 16 examples"


def test_settings_choose_the_columns(place, run_elmo):
    lines = lines_of(
        run_elmo("doctor", "reviews.csv", "--task", "classify", "--set", "text=id", "--set", "label=review")
    )
    assert "text: column 'id'; label: column 'review'" in lines[0]
    assert any(line.startswith("odd: all texts are numbers") for line in lines)
    assert any(line.startswith("odd: 16 labels for 16 examples") for line in lines)
    assert lines[-1].endswith("--set text=id --set label=review")


def test_json_has_the_same_facts(place, run_elmo):
    rows = [*ROWS, "17,a plot,odd", "18,a fine film 0,neg"]
    (place / "dev.csv").write_text("\n".join(["id,review,sentiment", *rows]) + "\n")
    ran = run_elmo("doctor", "reviews.csv", "--task", "classify", "--dev", "dev.csv", "--json")
    assert ran.err == ""
    facts = json.loads(ran.out)
    assert facts["column_1"] == "text: column 'review'"
    assert (facts["examples"], facts["dev_examples"]) == (16, 18)
    assert (facts["labels"], facts["label.pos"], facts["label.neg"]) == (2, 8, 8)
    assert (facts["example_1.text"], facts["example_1.labels"]) == ("a fine film 0", ["pos"])
    assert facts["odd_1"] == "17 dev examples are in the training file too, 1 with another label"
    assert "1 of 18 labels are not in the training file ('odd')" in facts["odd_2"]
    assert facts["command"].startswith("elmo train --task classify")


def test_empty_cells_are_counted_before_they_are_refused(place, run_elmo):
    rows = [ROWS[0], "x,,pos", "y,a film,", "z,another film,"]
    (place / "holes.csv").write_text("\n".join(["id,review,sentiment", *rows]) + "\n")
    ran = run_elmo("doctor", "holes.csv", "--task", "classify")
    assert ran.status == 2
    assert "empty cells: 1 in text (the first in line 3), 2 in label (the first in line 4)" in ran.out
    assert "line 3" in ran.err
    assert json.loads(run_elmo("doctor", "holes.csv", "--task", "classify", "--json").out or "null") is None


def test_texts_with_several_labels_are_odd(place, run_elmo):
    rows = [*ROWS, "17,a fine film 0,neg", "18,a fine film 0,neg", "19,great acting 1,pos"]
    (place / "twice.csv").write_text("\n".join(["id,review,sentiment", *rows]) + "\n")
    lines = lines_of(run_elmo("doctor", "twice.csv", "--task", "classify"))
    assert "odd: texts with different labels in different examples: 1" in lines


def test_words_that_look_like_tags_are_odd(place, run_elmo):
    (place / "a.conll").write_text("B-PER Ann\nO sleeps\n\nB-PER Bob\nO runs\n")
    lines = lines_of(run_elmo("doctor", "a.conll", "--task", "tag"))
    assert "odd: the words look like tags (B-PER, O); the tag belongs in the last column" in lines
    (place / "a.conll").write_text("I PRP\nsaw VBD\n\nB NN\n")
    assert "nothing looks odd" in lines_of(run_elmo("doctor", "a.conll", "--task", "tag"))


@pytest.mark.parametrize(
    ("task", "name", "content", "line"),
    [
        ("tag", "a.conll", "Ann B-PER\nsleeps O\n\nBob B-PER\nruns O\n", "labels: 1 (PER 2)"),
        (
            "pair",
            "a.jsonl",
            '{"premise": "a man", "b": "a tree", "label": 1}\n{"premise": "x", "b": "y", "label": 0}\n',
            "a.jsonl: 2 examples; a: key 'premise'; b: key 'b'; label: key 'label'",
        ),
        (
            "relation",
            "a.tsv",
            "the <e1>child</e1> lay in the <e2>cradle</e2>\tin\n<e1>fire</e1> makes <e2>smoke</e2>\tcause\n",
            "example 2: <e1>fire</e1> makes <e2>smoke</e2> -> cause",
        ),
        (
            "qa",
            "a.json",
            '{"data": [{"paragraphs": [{"context": "The Normans came in 911.", "qas": [{"question": "When?", "id": "1", '
            '"answers": [{"text": "911", "answer_start": 20}]}]}]}]}',
            "a.json: 1 examples",
        ),
    ],
)
def test_every_kind_of_task_is_looked_at(place, run_elmo, task, name, content, line):
    (place / name).write_text(content)
    assert line in lines_of(run_elmo("doctor", name, "--task", task))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reviews.csv", "--set", "text=id"], "--set: only with --task"),
        (["reviews.csv", "--dev", "reviews.csv"], "--dev: only with --task"),
        (["reviews.csv", "--task", "classify", "--pretokenized"], "--pretokenized: not with --task"),
        (["reviews.csv", "reviews.csv", "--task", "classify"], "2 files; --task looks at one"),
        (["reviews.csv", "--task", "classify", "--set", "text=body"], "no column 'body'"),
        (["reviews.csv", "--task", "classify", "--set", "tekst=body"], "tekst"),
        (["none.csv", "--task", "classify"], "none.csv"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(place, run_elmo, arguments, message):
    ran = run_elmo("doctor", *arguments)
    assert (ran.status, ran.out) == (2, "")
    assert message in ran.err
    assert len(ran.err.splitlines()) == 1
