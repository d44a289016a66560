"""`elmo probe`: each probe on a toy of its data, the rivals beside it, what is written, skipped and refused."""

import json
import sys

import numpy as np
import pytest

from conftest import small_model
from elmo.analysis import linear_probe
from elmo.analysis.probe_scores import (
    ProbeSettings,
    Score,
    best_views,
)
from elmo.apps.embedding.to_static import write_word2vec
from elmo.apps.pages.empty_figure import empty_figure
from elmo.apps.studies import probe_picture
from elmo.apps.studies.probe import PROBES, probe_model
from elmo.apps.studies.probe_picture import draw_probes
from elmo.checkpoints.formats.native import save_native
from elmo.errors import ConfigError, OutputError, TextError

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")

QUICK = ProbeSettings(seeds=2, typed=0.5)
TAGS = {"the": "DET", "river": "NOUN", "bank": "NOUN", "lends": "VERB", "money": "NOUN", ".": "PUNCT"}
SENTENCES = ["the bank lends money .", "the river .", "the bank .", "money lends the river ."] * 6


def conllu():
    line = "{}\t{}\t_\t{}\t_\t_\t_\t_\t_\t_"
    blocks = ([line.format(i + 1, w, TAGS[w]) for i, w in enumerate(s.split())] for s in SENTENCES)
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


def conll():
    blocks = ("\n".join(f"{w}\t{'I-ORG' if w == 'bank' else 'O'}" for w in s.split()) for s in SENTENCES)
    return "\n\n".join(blocks) + "\n"


def lines(records):
    return "".join(json.dumps(record) + "\n" for record in records)


@pytest.fixture(autouse=True)
def short_fits(monkeypatch):
    monkeypatch.setattr(linear_probe, "_ITERATIONS", 12)
    monkeypatch.setattr(linear_probe, "STRENGTHS_OF_FEW", (0.1, 0.001))


@pytest.fixture
def data(tmp_path):
    senses = [
        {"tokens": s.split(), "target": 1, "label": "money" if "lends" in s else "water"}
        for s in ["the bank lends money .", "the bank the river ."] * 10
    ]
    pairs = [
        {"word": "bank", "a": f"the bank {'lends' if i % 3 else 'river'} w{i}", "b": f"bank of w{i}", "label": i % 2}
        for i in range(30)
    ]
    alike = [
        {"a": "the river bank", "b": other, "score": i} for i, other in enumerate(["money", "the bank", "the river"])
    ]
    files = {
        "pos/ud-english-ewt/train.conllu": conllu(), "pos/ud-english-ewt/test.conllu": conllu(),
        "ner/conll2003-en/train.conll": conll(), "ner/conll2003-en/test.conll": conll(),
        "wsd/senseval-bank-en/train.jsonl": lines(senses), "wsd/senseval-bank-en/test.jsonl": lines(senses[:6]),
        "pairs/wic-en/train.jsonl": lines(pairs), "pairs/stsb-en/test.jsonl": lines(alike),
        "wordsim/toy.csv": ",word1,word2,similarity\n0,river,bank,3\n1,bank,money,2\n2,money,the,1\n3,sea,the,1\n",
    }  # fmt: skip
    for name, content in files.items():
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    (tmp_path / "corpus.txt").write_text("The bank lends money. The river, the bank.\n" * 5)
    save_native(small_model(scale=1.5), tmp_path / "model")
    with (tmp_path / "static.txt").open("wb") as file:
        write_word2vec(file, ["the", "bank", "river", "money"], np.eye(4, 3, dtype=np.float32))
    return tmp_path


def run(data, **options):
    return probe_model(str(data / "model"), data / "data", QUICK, **options)


def test_every_probe_tells_every_view_of_every_system(data):
    found = run(data, corpus=[data / "corpus.txt"], static=[data / "static.txt"], output=data / "out")
    assert found.skipped == {}
    by_probe = {name: [score for score in found.scores if score.probe == name] for name in PROBES}
    layers = {"layer 0", "layer 1", "layer 2", "mean"}
    for name, scores in by_probe.items():
        for system in ("model", "random ELMo"):
            around = {f"{layer}{end}" for layer in layers for end in (", context", " and context") if name == "wic"}
            assert {s.view for s in scores if s.system == system} == layers | around, name
        views = {"word"} if name in ("sentences", "words") else {"word", "context", "word and context"}
        assert {s.view for s in scores if s.system == "static"} == views
    assert {s.system for s in by_probe["sense"]} > {"majority", "model, token layer averaged"}
    assert {s.text for s in by_probe["wic"]} == {"clean", "typed"}
    best = {(s.probe, s.measure): s for s in best_views(found.scores) if s.system == "model" and s.text == "clean"}
    assert best["pos", "accuracy"].value == best["entities", "f1"].value == 100
    assert best["sense", "first neighbour"].value == 100
    pos = next(s for s in by_probe["pos"] if (s.system, s.view, s.text) == ("model", "layer 0", "typed"))
    assert pos.value < 100
    assert len(pos.values) == len(pos.dev) == 2


def test_a_folder_holds_scores_a_table_and_a_picture(data):
    found = run(data, probes=["pos", "sense"], with_random=False, output=data / "out")
    kept = json.loads((data / "out" / "probes.json").read_text("utf-8"))
    assert [Score(**score) for score in kept["scores"]] == found.scores
    table = (data / "out" / "README.md").read_text("utf-8")
    assert "| part of speech | UD-EWT |" in table
    assert "## With typing errors" in table
    assert (data / "out" / "probes.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(OutputError, match="exists already"):
        run(data, output=data / "out")


def test_a_system_looks_alike_in_every_panel_and_like_no_other(monkeypatch, tmp_path):
    drawn = []
    monkeypatch.setattr(probe_picture, "empty_figure", lambda *size: drawn.append(empty_figure(*size)) or drawn[-1])
    height = {"m": 90.0, "majority": 10.0, "a": 20.0, "b": 30.0}  # by which a line is known
    panels = {"pos": ("m", "majority", "a", "b"), "wic": ("b", "m", "a"), "words": ("m", "b")}
    measure = {"pos": "accuracy", "wic": "accuracy", "words": "spearman"}
    scores = [
        Score(probe, "x", measure[probe], s, "layer 0", "clean", [height[s]], [])
        for probe in panels
        for s in panels[probe]
    ]
    assert draw_probes(scores, "m", tmp_path / "probes.png")
    looks = {}
    for axes in drawn[0].axes:
        for line in axes.get_lines():
            looks.setdefault(float(line.get_ydata()[0]), set()).add((line.get_color(), line.get_linestyle()))
    assert {value: len(look) for value, look in looks.items()} == dict.fromkeys(height.values(), 1)
    assert len(set.union(*looks.values())) == len(height)
    assert len(drawn[0].axes) == len(panels)


def test_the_same_comes_out_again(data):
    assert run(data, probes=["wic", "pos"]) == run(data, probes=["wic", "pos"])


def test_what_is_not_there_is_skipped_with_a_reason(data):
    (data / "data" / "pairs" / "wic-en" / "train.jsonl").unlink()
    found = run(data, probes=["wic", "words", "sense"], with_random=False)
    assert found.skipped == {
        "wic": "wic: no pairs/wic-en/train.jsonl",
        "words": "words: no corpus to find words in; give --corpus",
    }
    assert {s.probe for s in found.scores} == {"sense"}


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"probes": ["pos", "colour"]}, ConfigError, "no probe 'colour'; choose from pos, sense"),
        ({"probes": []}, ConfigError, "choose from pos"),
        ({"corpus": ["none.txt"]}, TextError, "none.txt: no such file"),
        ({"static": ["none.bin"]}, TextError, "none.bin: no such file"),
        ({"probes": ["words"]}, TextError, "no probe can run .words: no corpus"),
        ({"vectors": "v"}, ConfigError, "contains no word2vec.bin, and no corpus"),
        (
            {"vectors": "v", "corpus": ["corpus.txt"]},
            ConfigError,
            r"needs gensim; install it with pip install 'elmo-lm",
        ),
    ],
)
def test_what_cannot_be_probed_is_refused(data, monkeypatch, options, kind, message):
    monkeypatch.setitem(sys.modules, "gensim.models.fasttext", None)
    paths = {name: [data / p for p in options[name]] for name in ("corpus", "static") if name in options}
    if "vectors" in options:
        paths["vectors"] = data / "v"
    with pytest.raises(kind, match=message):
        run(data, **options | paths)


def test_a_folder_of_other_things_is_refused(data):
    with pytest.raises(TextError, match="no probe can run"):
        probe_model("en", data / "model", QUICK)
    with pytest.raises(TextError, match="no such folder"):
        probe_model("en", data / "none", QUICK)


def test_vectors_that_were_trained_are_used_again(data):
    (data / "v").mkdir()
    for name in ("word2vec.bin", "fasttext.bin"):
        (data / "v" / name).write_bytes((data / "static.txt").read_bytes())
    found = run(data, probes=["sense"], vectors=data / "v", with_random=False)
    assert {"word2vec", "fasttext"} < {score.system for score in found.scores}


def test_gensim_trains_what_is_probed(data):
    pytest.importorskip("gensim", reason="needs the extra gensim")
    found = run(data, probes=["sense"], corpus=[data / "corpus.txt"], vectors=data / "v", with_random=False)
    assert {"word2vec", "fasttext"} < {score.system for score in found.scores}


def test_the_command_prints_a_table_or_json(data, run_elmo):
    arguments = ["probe", data / "model", data / "data", "--probes", "pos,words", "--seeds", 2, "--no-random"]
    done = run_elmo(*arguments)
    assert done.status == 0
    assert "part of speech" in done.out
    assert "skipped: words: no corpus" in done.out
    facts = json.loads(run_elmo(*arguments, "--json").out)
    assert facts["pos.UD-EWT.accuracy.model.layer 1"] > 90
    assert facts["pos.UD-EWT.accuracy.model.layer 1.typed"] <= 100
    assert facts["skipped.words"].startswith("words: no corpus")
    assert run_elmo("probe", data / "model", data / "model").status == 2
