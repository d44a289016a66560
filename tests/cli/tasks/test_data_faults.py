"""Vectors, questions and documents as users have them: read right, or one sentence."""

import json

import numpy as np
import pytest

from elmo import load_task

SMALL = [x for s in ("epochs=1", "cell_size=4", "inputs.word_size=4", "inputs.character_size=4") for x in ("--set", s)]
FILMS = "text,label\n" + "a fine film,pos\na dull film,neg\n" * 4
CONTEXT = "The river Arn rises in Delta Hills."
QA = "read"  # the old name of the task qa, which older commits know
ANSWER = {"text": "Delta Hills", "answer_start": 23}


@pytest.fixture
def train(run_elmo, tmp_path):
    def trained(task, name, content, *options):
        (tmp_path / name).write_text(content, encoding="utf-8")
        files = ["--train", tmp_path / name, "--dev", tmp_path / name]
        return run_elmo("train", "--task", task, *files, "--baseline", *SMALL, *options, "-o", tmp_path / "t", "--json")

    return trained


def vectors(width, words, blank=" "):
    rng = np.random.default_rng(0)
    return b"".join(
        w + blank.encode() + " ".join(f"{x:.6f}" for x in rng.normal(size=width)).encode() + b"\n" for w in words
    )


@pytest.fixture
def words_of(train, tmp_path):
    def read(content):
        (tmp_path / "v.txt").write_bytes(content)
        done = train("classify", "a.csv", FILMS, "--set", f"inputs.vectors={tmp_path / 'v.txt'}", "--force")
        return done, (tmp_path / "t" / "vectors.txt").read_text().split("\n")[:-1] if done.status == 0 else None

    return read


@pytest.mark.parametrize("width", [1, 3, 100, 600])
def test_text_vectors_in_another_encoding_are_not_read_as_binary(words_of, width):
    words = ["的".encode("gbk"), "电影".encode("gbk"), b"film"]
    done, found = words_of(f"3 {width}\n".encode() + vectors(width, words))
    assert (done.status, found) == (2, None)
    assert "v.txt, line 2: not UTF-8" in done.err
    cut = ["的".encode(), b"film", "电影".encode()[:-1]]
    done, _ = words_of(f"3 {width}\n".encode() + vectors(width, cut))
    assert "v.txt, line 4: not UTF-8" in done.err


@pytest.mark.filterwarnings("default")
def test_tabs_empty_words_and_blank_lines_in_vectors(words_of):
    assert words_of(vectors(4, [b"the", b"film"], "\t"))[1] == ["the", "film"]
    done, found = words_of(b"4 4\n" + vectors(4, [b"the", b"", b"film", b"a"]))
    assert found == ["the", "film", "a"]
    assert "1 vectors of an empty word are left out" in done.err
    assert words_of(b"2 4\n" + vectors(4, [b"the", b"film"]) + b"\n")[1] == ["the", "film"]
    assert words_of(b"2 4\n" + vectors(4, [b". . .", b"film"]))[1] == [". . .", "film"]


def test_a_word_with_a_blank_in_a_binary_file_shifts_nothing(words_of, tmp_path):
    rng = np.random.default_rng(0)
    table = rng.normal(size=(4, 5)).astype("<f4")
    rows = [
        word + b" " + row.tobytes() + b"\n"
        for word, row in zip([b"the", b"New York City", b"film", b"a"], table, strict=True)
    ]
    done, found = words_of(b"4 5\n" + b"".join(rows))
    assert found == ["the", "New York City", "film", "a"], done.err
    kept = load_task(tmp_path / "t").model.encoder.static.rows.weight[2:].detach().numpy()
    assert np.array_equal(kept, table)


def qa(**question):
    return {"context": CONTEXT, "question": "Where?", "id": "1", **question}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (
            "a.json",
            {
                "data": [
                    {
                        "paragraphs": [
                            {"context": CONTEXT, "qas": [qa(answers=[{"text": "Delta Hills", "answer_start": 23}])]}
                        ]
                    }
                ]
            },
        ),
        ("a.json", {"data": [qa(answers={"text": ["Delta Hills"], "answer_start": [23]})]}),  # Hugging Face
        ("a.json", [qa(answers={"text": ["Delta Hills"], "answer_start": [23]})]),
        ("a.jsonl", qa(answers={"text": ["Delta Hills"], "answer_start": [23]})),
        (
            "a.json",
            [{"context_text": CONTEXT, "qas": [{"query_text": "Where?", "query_id": 1, "answers": ["Delta Hills"]}]}],
        ),
    ],
)
def test_questions_in_other_layouts_are_read(train, tmp_path, name, content):
    assert train(QA, name, json.dumps(content)).status == 0
    (example,) = load_task(tmp_path / "t").read(tmp_path / name)
    assert (example.labels, example.answer_spans) == (["Delta Hills"], ((5, 7),))


@pytest.mark.parametrize(
    "none",
    [
        {"answers": [{"text": "", "answer_start": 0}]},
        {"answers": {"text": [], "answer_start": []}},
        {"answers": [{"text": "Arn", "answer_start": 10}], "is_impossible": "True"},
        {"answers": [], "is_impossible": "false"},
    ],
)
def test_no_answer_is_read_however_it_is_written(train, tmp_path, none):
    answered = qa(answers=[{"text": "Arn", "answer_start": "10"}], is_impossible="false")
    content = json.dumps({"data": [answered, qa(**none)] * 3})
    assert train(QA, "a.json", content, "--set", "no_answer=true").status == 0
    task = load_task(tmp_path / "t")
    assert task.file.training["examples"] == 6
    assert [e.labels for e in task.read(tmp_path / "a.json")[:2]] == [["Arn"], []]


def document(mention="p|SUB|V|158|M", relation=None, other=("D1", "D1")):
    relation = relation or mention
    return (
        "1|t|Zora and V158M\n1|a|Pain.\n"
        f"1\t9\t14\tV158M\tVariant\t{mention}\n1\t15\t19\tPain\tDisease\t{other[0]}\n"
        f"1\tCauses\t{relation}\t{other[1]}\tNovel\n\n"
    )


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    ("content", "concept", "warned"),
    [
        (document(), "p|SUB|V|158|M", False),
        (document("tmVar:p|SUB|V|158|M"), "tmVar:p|SUB|V|158|M", False),
        (document(" C1"), "C1", False),
        (document("MESH:C1", "Variant|MESH:C1"), "MESH:C1", True),
        (document("MESH:C1", "C1"), "MESH:C1", True),
        (document("C1", "MESH:C1"), "C1", True),
        (document("C1", other=("MESH:D1", "Disease|MESH:D1")), "C1", True),
    ],
)
def test_ids_with_bars_kinds_and_prefixes_are_one_concept(train, tmp_path, content, concept, warned):
    done = train("relation", "a.pubtator", content * 3)
    assert done.status == 0, done.err
    task = load_task(tmp_path / "t")
    assert task.file.labels == ["Causes(Variant,Disease)"]
    examples = task.read(tmp_path / "a.pubtator")
    assert all(next(iter(e.document.kinds)) == concept for e in examples)
    (found, *_) = task.predict(examples)
    assert [(r.head, r.tail) in {(x.head, x.tail) for x in examples[0].document.links} for r in found.candidates] == [
        True
    ]
    assert ("written differently in the mentions" in done.err) == warned


def test_composite_mentions_still_have_several_concepts(train, tmp_path):
    content = document("D001|D002", "D001") + document("MESH:D001|MESH:D002", "MESH:D002")
    assert train("relation", "a.pubtator", content).status == 0
    first, second = load_task(tmp_path / "t").read(tmp_path / "a.pubtator")
    assert [list(e.document.kinds) for e in (first, second)] == [
        ["D001", "D002", "D1"],
        ["MESH:D001", "MESH:D002", "D1"],
    ]


@pytest.mark.filterwarnings("default")
def test_answers_inside_a_word_are_counted(train):
    questions = [
        {"id": "1", "question": "Which?", "answers": [{"text": text, "answer_start": CONTEXT.index(text)}]}
        for text in ("elta", "river", "Delta Hills")
    ]
    done = train(QA, "a.json", json.dumps({"data": [{"paragraphs": [{"context": CONTEXT, "qas": questions}]}]}))
    assert done.status == 0
    assert "a.json: 1 answers begin or end inside a token; the whole token belongs to them" in done.err


@pytest.mark.filterwarnings("default")
def test_answers_that_begin_elsewhere_are_counted(train):
    def file_with(start):
        question = {"id": "1", "question": "Where?", "answers": [{"text": "Delta Hills"} | start]}
        return json.dumps({"data": [{"paragraphs": [{"context": CONTEXT, "qas": [question] * 3}]}]})

    done = train(QA, "a.json", file_with({"answer_start": 22}))
    assert done.status == 0
    assert "3 answers do not begin where answer_start says (the first in question 1)" in done.err
    for start in ({"answer_start": 23}, {"answer_start": "23"}, {"answer_start": None}, {}):
        done = train(QA, "a.json", file_with(start), "--force")
        assert (done.status, "answer_start" in done.err) == (0, False)
