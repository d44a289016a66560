"""Documents in the format PubTator: what is read, what is refused, where concepts meet, what counts."""

import random

import pytest

from elmo.errors import TextError
from elmo.tasks.data.pubtator import document_example, holds_pubtator, read_documents
from elmo.tasks.examples import Document, Link, Mention
from elmo.tasks.kinds.relation.candidate_pairs import meetings
from elmo.tasks.kinds.relation.document_model import DocumentRelations, best_threshold
from elmo.tasks.kinds.relation.pair_features import grams_of_pairs
from elmo.tasks.predictions import Related, Relation

TEXT = (
    "7|t|Lithium and tremor.\n7|a|Lithium gave pain.  Aspirin did not.\n"
    "7\t0\t7\tLithium\tChemical\tD1\n7\t12\t18\ttremor\tDisease\tD2\n7\t20\t27\tLithium\tChemical\tD1\n"
    "7\t33\t37\tpain\tDisease\tD3|D4\tpain|ache\n7\t40\t47\tAspirin\tChemical\t-1\n7\tCID\tD1\tD3\n7\tCID\tD1\tD3\n"
)


@pytest.mark.parametrize(
    "content",
    [TEXT, TEXT.rstrip("\n"), "\ufeff" + TEXT.replace("\n", "\r\n"), "\n\n" + TEXT + "\n\n"],
    ids=["plain", "no line end", "windows", "blank lines"],
)
def test_a_document_has_mentions_concepts_and_relations(tmp_path, content):
    path = tmp_path / "a.pubtator"
    path.write_bytes((content + "\n" if content.endswith("\n") else content).encode())
    (example,) = read_documents(path)
    document = example.document
    words = [" ".join(t.text for t in example.tokens[m.start : m.end]) for m in document.mentions]
    assert words == ["Lithium", "tremor", "Lithium", "pain", "Aspirin"]
    assert [m.concepts for m in document.mentions] == [("D1",), ("D2",), ("D1",), ("D3", "D4"), ()]
    assert document.links == (Link("D1", "D3", "CID"),)
    assert document.kinds == {"D1": "Chemical", "D2": "Disease", "D3": "Disease", "D4": "Disease"}
    assert [document.sentences[m.start] for m in document.mentions] == [0, 0, 1, 1, 2]
    assert all(example.text[t.start : t.end] == t.text for t in example.tokens)


def test_documents_follow_each_other_with_blank_lines_or_without(tmp_path):
    for between in ("", "\n"):
        second = TEXT.replace("7|", "8|").replace("\n7\t", "\n8\t")
        (tmp_path / "a.pubtator").write_text(TEXT + between + second + "9|t|x")
        first, _, last = read_documents(tmp_path / "a.pubtator")
        assert (first.text[:7], last.text, last.document.mentions) == ("Lithium", "x", ())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "contains no document"),
        ("7\tCID\tD1\tD2\n", "line 1: .* comes before a title"),
        (
            "7|t|a b\n7\t0\t1\tb\tChemical\tD1\n",
            "line 2: the mention 'b' should be at characters 0 to 1, but the text there is 'a'",
        ),
        ("7|t|a b\n7\t0\t1\ta\n", r"line 2: 4 column\(s\); a mention has"),
        ("7|t|a b\n7\t1\t2\t \tChemical\tD1\n", "line 2: the mention at characters 1 to 2 covers no word"),
        ("7|t| \n7|a|\n", "line 1: the document contains no word"),
        ("7|t|a\nno line of it\n", r"line 2: 1 column\(s\)"),
        (b"7|t|\xff\n", "line 1: not UTF-8"),
    ],
)
def test_what_is_no_document_is_named_by_file_and_line(tmp_path, content, message):
    path = tmp_path / "a.pubtator"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(TextError, match=rf"a\.pubtator.*{message}"):
        read_documents(path)


@pytest.mark.parametrize(
    "given", ["a text", {"text": "a"}, {"text": 3, "mentions": []}, {"text": "a", "mentions": [{}]}]
)
def test_the_error_says_what_a_document_is(given):
    with pytest.raises(TextError, match="text 1: not a document"):
        document_example(given, 1, "text 1")


def test_the_name_of_a_file_tells_documents(tmp_path):
    names = ["a.pubtator", "a.PubTator", "a.pubtator.gz", "a.txt", "pubtator"]
    assert [holds_pubtator(tmp_path / name) for name in names] == [True, True, True, False, False]


def test_concepts_meet_where_their_mentions_are_nearest():
    located = [("A", "X", 0), ("B", "Y", 3), ("A", "X", 9), ("B", "Y", 10), ("C", "X", 40), ("B", "Z", 41)]
    mentions = tuple(Mention(at, at + 1, kind, (concept,)) for concept, kind, at in located)
    document = Document(mentions, (), tuple(i // 8 for i in range(50)))
    met = meetings(document, {("X", "Y")})
    assert met.pairs == [("A", "B"), ("C", "B")]
    assert [tuple(row) for row in met.mentions] == [(2, 3), (0, 1), (2, 1), (0, 3), (4, 5), (4, 3), (4, 1)]
    assert list(met.of_pair) == [0] * 4 + [1] * 3
    assert met.facts.shape == (2, 13)
    assert met.facts[0, -2] == 1  # in one sentence
    assert meetings(document, {("Y", "V")}).pairs == []


def test_the_threshold_is_the_best_of_all():
    rng = random.Random(0)
    for _ in range(20):
        scored = [(rng.randint(1, 9) / 10, rng.random() < 0.4) for _ in range(15)]
        n_true = sum(true for _, true in scored) + 2

        def f1(least, scored=scored, n_true=n_true):
            predicted = [true for score, true in scored if score >= least]
            return 2 * sum(predicted) / (len(predicted) + n_true)

        every = [f1(score) for score, _ in scored]
        assert f1(best_threshold(scored, n_true)) == pytest.approx(max(every))


def test_relations_are_counted_by_document(tmp_path):
    (tmp_path / "a.pubtator").write_text(
        TEXT + "7\tCID\tD1\tD9\n"
    )  # a concept that is not mentioned: missed, still true
    (example,) = read_documents(tmp_path / "a.pubtator")
    predicted = Related(
        [Relation("D1", "D3", "CID", 0.9), Relation("D1", "D2", "CID", 0.5), Relation("D1", "D4", "CID", 0.2)], 0.5
    )
    counts = DocumentRelations.counts(None, [example], [predicted])
    assert counts.tolist() == [[1, 2, 2]]
    assert predicted.facts(0.6) == {"relations": [{"head": "D1", "tail": "D3", "label": "CID", "score": 0.9}]}


def test_what_a_document_says_of_two_concepts(tmp_path):
    (tmp_path / "a.pubtator").write_text(TEXT)
    (example,) = read_documents(tmp_path / "a.pubtator")
    met = meetings(example.document, {("Chemical", "Disease")})
    assert met.pairs == [("D1", "D2"), ("D1", "D3"), ("D1", "D4")]
    tremor, pain, ache = grams_of_pairs(example, met)
    assert [g for g in tremor if not g.startswith("fact")] == [
        "ids D1 D2",
        "head id D1",
        *2 * ["head name lithium", "head word lithium"],
        "tail id D2",
        "tail name tremor",
        "tail word tremor",
        "head first apart 1 True",
        "head first between and",
        "head first after .",
        "head first after lithium",
        "head first after gave",
        "tail first apart 1 False",
    ]
    assert {"head first between gave", "head first before .", "tail name pain"} <= set(pain)
    assert len([g for g in pain if g.startswith("fact")]) == met.facts.shape[1]
    assert [g.replace("D4", "D3") for g in ache] == pain
