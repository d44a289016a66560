"""Relations of concepts in documents: learned, calibrated, predicted for a file and for a caller's document, refused."""

import json

import numpy as np
import pytest
import torch

from conftest import SMALL_TASK, facts_of_lines, small_model
from elmo import load_task
from elmo.apps.tasks.evaluate import evaluate_task
from elmo.apps.tasks.train_task import TaskRun, train_task
from elmo.checkpoints.formats.native import save_native
from elmo.errors import ConfigError, TextError
from elmo.tasks.batches import TableSizes
from elmo.tasks.data.pubtator import document_example
from elmo.tasks.kinds.registry import task_config
from elmo.tasks.kinds.relation.candidate_pairs import meetings
from elmo.tasks.kinds.relation.document_model import DocumentRelations
from elmo.tasks.kinds.relation.pair_features import grams_of_pairs
from elmo.tasks.layers.ngrams import bag_of

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")

DRUGS, ILLS = {"river": "C1", "bank": "C2", "boat": "C3"}, {"town": "D1", "money": "D2", "green": "D3"}


def document(number, rng):
    """A drug that `gave` an ill induces it; one that is there `with` an ill does not."""
    lines, text = [f"{number}|t|the", f"{number}|a|"], ""
    mentions, links, seen = [], [], set()
    for _ in range(3):
        drug, ill = (list(names)[rng.integers(3)] for names in (DRUGS, ILLS))
        if (drug, ill) in seen:
            continue
        seen.add((drug, ill))
        verb = ("gave", "with")[rng.integers(2)]
        at = len("the ") + len(text)
        text += f"{drug} {verb} {ill}. "
        mentions.append(f"{number}\t{at}\t{at + len(drug)}\t{drug}\tChemical\t{DRUGS[drug]}")
        start = at + len(f"{drug} {verb} ")
        mentions.append(f"{number}\t{start}\t{start + len(ill)}\t{ill}\tDisease\t{ILLS[ill]}")
        if verb == "gave":
            links.append(f"{number}\tCID\t{DRUGS[drug]}\t{ILLS[ill]}")
    return "\n".join([lines[0], lines[1] + text, *mentions, *links]) + "\n"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for name, seed, n in (("train", 0, 150), ("dev", 1, 30), ("test", 2, 30)):
        rng = np.random.default_rng(seed)
        (folder / f"{name}.pubtator").write_text("\n".join(document(i, rng) for i in range(1, n + 1)))
    save_native(small_model(scale=1.5), folder / "model")
    settings = {**SMALL_TASK, "task": "relation", "model": str(folder / "model"), "epochs": 15}
    paths = {name: folder / f"{name}.pubtator" for name in ("train", "dev")}
    train_task(TaskRun(config=task_config(settings), **paths), folder / "t", cache=folder / "cache")
    return folder


def test_relations_of_documents_are_learned_and_scored_by_pairs(files):
    scores = evaluate_task(files / "t", files / "test.pubtator", report=files / "page.html")
    assert scores["f1"] > 85
    assert scores["f1_low"] <= scores["f1"] <= scores["f1_high"]
    assert {"precision", "recall"} <= set(scores.facts())
    assert "CID" in (files / "page.html").read_text()
    task = load_task(files / "t")
    assert task.file.labels == ["CID(Chemical,Disease)"]
    assert float(task.model.threshold) != pytest.approx(0.3)  # the dev file has decided


def test_a_bag_of_n_grams_speaks_beside_the_network_and_comes_back(files, tmp_path):
    paths = {name: files / f"{name}.pubtator" for name in ("train", "dev")}
    settings = {**SMALL_TASK, "task": "relation", "model": None, "epochs": 1}
    for name, more in (("alone", {}), ("both", {"ngrams": True})):
        train_task(TaskRun(config=task_config(settings | more), **paths), tmp_path / name)
    alone, both = (load_task(tmp_path / name) for name in ("alone", "both"))
    for name, weight in alone.model.state_dict().items():  # the network learns what it learns alone
        assert name == "threshold" or torch.equal(both.model.state_dict()[name], weight), name
    first, second = (evaluate_task(tmp_path / name, files / "test.pubtator")["f1"] for name in ("alone", "both"))
    assert second > first + 8
    kept = both.file.training["dev_f1"]  # three digits of it
    assert kept == pytest.approx(evaluate_task(tmp_path / "both", files / "dev.pubtator")["f1"], abs=1e-3)
    test = both.read(files / "test.pubtator")
    both.model.factors.copy_(torch.tensor([0.0, 1.0]))  # the network falls silent
    predicted = both.predict(test)
    met = meetings(test[0].document, {("Chemical", "Disease")})
    grams = [bag_of({f"CID\t{gram}" for gram in every}) for every in grams_of_pairs(test[0], met)]
    probs = dict(zip(met.pairs, both.model.ngrams(grams).exp()[:, 1].tolist(), strict=True))
    assert {(r.head, r.tail): r.score for r in predicted[0].candidates} == pytest.approx(probs, abs=1e-5)


def test_n_grams_are_refused_for_two_mentions(files, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "<e1>a</e1> <e2>b</e2>", "label": "x"}\n')
    config = task_config(task="relation", model=None, ngrams=True)
    with pytest.raises(ConfigError, match=r"a\.jsonl: ngrams are for concepts in documents"):
        train_task(TaskRun(config=config, train=tmp_path / "a.jsonl", dev=tmp_path / "a.jsonl"), tmp_path / "t")
    with pytest.raises(ValueError, match="ngrams is a setting of the tasks classify and relation, not of tag"):
        task_config(task="tag", ngrams=True)


def test_a_document_is_predicted_however_it_is_given(files, tmp_path):
    by_file = list(facts_of_lines(files / "t", str(files / "test.pubtator")))
    task = load_task(files / "t")
    (first, *_) = task.read(files / "test.pubtator")
    mentions = [
        {"start": first.tokens[m.start].start, "end": first.tokens[m.end - 1].end, "kind": m.kind, "id": m.concepts[0]}
        for m in first.document.mentions
    ]
    given = {"text": first.text, "mentions": mentions}
    (predicted,) = task([given])
    assert [r["tail"] for r in by_file[0]["relations"]] == [r.tail for r in predicted.relations]
    assert [r["score"] for r in by_file[0]["relations"]] == pytest.approx(
        [r.score for r in predicted.relations], abs=1e-5
    )
    (tmp_path / "t.txt").write_text(json.dumps(given) + "\n")
    (line,) = facts_of_lines(files / "t", str(tmp_path / "t.txt"))
    assert line["relations"] == predicted.facts()["relations"]
    (nothing,) = task([{"text": "the river", "mentions": []}])
    assert nothing.candidates == []


def test_documents_and_marked_texts_are_not_taken_for_each_other(files, tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "<e1>a</e1> <e2>b</e2>", "label": "x"}\n')
    with pytest.raises(
        TextError, match=r"a\.jsonl: the task was trained on documents; give a file in the format PubTator"
    ):
        evaluate_task(files / "t", tmp_path / "a.jsonl")


def test_a_file_without_a_relation_is_refused(files, tmp_path):
    (tmp_path / "a.pubtator").write_text("1|t|the river\n")
    run = TaskRun(
        config=task_config(task="relation", model=None), train=tmp_path / "a.pubtator", dev=files / "dev.pubtator"
    )
    with pytest.raises(TextError, match=r"a\.pubtator: contains no relation between two mentioned concepts"):
        train_task(run, tmp_path / "t")


def test_bags_of_n_grams_have_an_order_that_no_hash_of_a_string_decides():
    mentions = [
        {"start": 0, "end": 5, "kind": "Chemical", "id": "C1"},
        {"start": 11, "end": 15, "kind": "Disease", "id": "D1"},
    ]
    example = document_example({"text": "river gave town a green bank", "mentions": mentions}, 1, "text 1")
    config = task_config(task="relation", model=None, ngrams=True, cell_size=4)
    model = DocumentRelations(config, ["CID(Chemical,Disease)"], TableSizes(5), None)
    met = meetings(example.document, {("Chemical", "Disease")})
    (bag,) = model._bags(example, met, torch.ones(1, 1, dtype=torch.bool))
    (grams,) = grams_of_pairs(example, met)
    assert list(bag) == list(bag_of(dict.fromkeys(f"CID\t{gram}" for gram in grams)))
    assert len(bag) > 10
