"""What a newcomer meets: examples of help pages, tables, the live line, pages; for older commits too."""

import json
import re
import shlex
from pathlib import Path

import pytest
from rich.cells import cell_len

import elmo

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text", "ignore:.*learned nothing")

CHECKOUT = Path(elmo.__file__).resolve().parents[2]  # the one whose source is tested
LINES = "The bank of the river was green .\nShe put money in the bank .\nThe river runs by the bank .\n" * 8
FAST = ["--set", "bilm.lstm.cell_size=16", "--set", "bilm.lstm.projection_size=8", "--set", "rows=2"]
SMALL = [x for s in ("epochs=1", "cell_size=4", "inputs.word_size=4", "inputs.character_size=4") for x in ("--set", s)]
# Commands whose examples did not run, in an order in which each finds what it needs, and the options that make them short.
EXAMPLES = {
    "pretrain": ["--max-steps", 2, *FAST],
    "report": [],
    "train": SMALL,
    "evaluate": [],
    "compare": [],
    "predict": [],
    "probe": ["--seeds", 1],
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ELMO_CACHE", str(tmp_path / "cache"))
    (tmp_path / "t.txt").write_text(LINES)
    return tmp_path


@pytest.fixture
def model(place, run_elmo):
    ran = run_elmo("pretrain", "--corpus", "t.txt", "-o", "m", "--max-steps", 2, *FAST)
    assert ran.status == 0, ran.err
    return "m"


def in_one_line(text):
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|[│┃]", " ", text).split())


@pytest.mark.slow
def test_the_examples_of_help_pages_run_as_pasted(place, run_elmo, monkeypatch):
    """C6."""
    monkeypatch.setenv("COLUMNS", "200")
    run_elmo("examples", "files")  # on an older commit no files ship
    (place / "files").mkdir(exist_ok=True)
    monkeypatch.chdir(place / "files")
    refused = []
    for name, shorter in EXAMPLES.items():
        lines = re.findall(r"Example[^:]*: elmo (.*)", run_elmo(name, "--help").out)
        assert lines, name
        for line in lines:
            ran = run_elmo(*shlex.split(line), *shorter)
            if ran.status:
                refused.append(f"elmo {line.strip()}: {ran.err.strip()}")
    assert not refused, "; ".join(refused)


@pytest.mark.parametrize("name", ["embed", "train", "change"])
def test_a_flag_is_shown_without_a_type(run_elmo, monkeypatch, name):
    """C8."""
    monkeypatch.setenv("COLUMNS", "100")
    page = run_elmo(name, "--help").out
    assert "--force" in page
    assert "bool" not in page


def test_the_columns_of_a_change_are_explained(model, run_elmo, monkeypatch):
    """C8."""
    monkeypatch.setenv("COLUMNS", "80")
    ran = run_elmo("change", model, "t.txt", "t.txt", "--min-count", 2, "--permutations", 10, "--pretokenized")
    assert ran.status == 0, ran.err
    shown = in_one_line(ran.out)
    for column in ("prt: cosine distance of the mean", "apd: mean cosine distance", "jsd: Jensen-Shannon", "q: false"):
        assert column in shown


def test_a_comparison_names_both_tasks(place, run_elmo):
    """C8."""
    rows = [{"text": f"{a} {b}", "label": a} for a in ("money", "river") for b in ("the bank", "lends") * 4]
    (place / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name in ("with-elmo", "without-elmo"):
        how = ["--task", "classify", "--train", "a.jsonl", "--dev", "a.jsonl", "--baseline", *SMALL, "-o", name]
        assert run_elmo("train", *how).status == 0
    ran = run_elmo("compare", "with-elmo", "without-elmo", "a.jsonl")
    assert ran.status == 0, ran.err
    assert [line.split()[1] for line in ran.out.splitlines()[:2]] == ["with-elmo", "without-elmo"]
    facts = json.loads(run_elmo("compare", "with-elmo", "without-elmo", "a.jsonl", "--json").out)
    assert (facts["a"], facts["b"]) == ("with-elmo", "without-elmo")


def test_the_table_of_a_probe_fits_80_columns(model, place, run_elmo, monkeypatch):
    """C8."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    monkeypatch.setenv("NO_COLOR", "1")
    words = [("the", "DET"), ("bank", "NOUN"), ("lends", "VERB"), ("money", "NOUN"), (".", "PUNCT")]
    rows = "".join(f"{i}\t{word}\t_\t{tag}\t_\t_\t0\t_\t_\t_\n" for i, (word, tag) in enumerate(words, start=1))
    folder = place / "data" / "pos" / "ud-english-ewt"
    folder.mkdir(parents=True)
    for part in ("train", "test"):
        (folder / f"{part}.conllu").write_text((rows + "\n") * 20)
    for name in ("word2vec", "fasttext"):
        (place / f"{name}.txt").write_text("2 3\nbank 0.1 0.2 0.3\nmoney 0.3 0.2 0.1\n")
    static = ["--static", "word2vec.txt", "--static", "fasttext.txt"]
    ran = run_elmo("probe", model, "data", "--probes", "pos", "--seeds", 2, "--noise", 0, *static)
    assert ran.status == 0, ran.err
    lines = re.sub(r"\x1b\[[0-9;]*m", "", ran.out).splitlines()
    assert max(map(cell_len, lines)) <= 80
    # majority, three layers of two models at their best, two files of vectors: none over two lines
    assert len(re.findall(r"\d ± \d+\.\d \([\w ]+\)", "\n".join(lines))) >= 4


def test_the_line_of_a_training_fits_80_columns(place, run_elmo, monkeypatch):
    """C8."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    often = ["--set", "log_every=1", "--set", "evaluate_every=1", "--set", "window=5"]
    ran = run_elmo("pretrain", "--corpus", "t.txt", "--heldout", "t.txt", "-o", "m", "--max-steps", 4, *FAST, *often)
    assert ran.status == 0, ran.err
    shown = [line for line in re.split(r"\r\x1b\[2K|\n", ran.err) if line.startswith("step ")]
    assert len(shown) >= 4
    assert max(map(len, shown)) < 80
    assert [line for line in shown if not line.endswith((" left", " to go"))] == []  # nothing is cut off


def test_embedding_shows_how_far_it_is(model, place, run_elmo, monkeypatch):
    """C9."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    (place / "long.txt").write_text(LINES * 1500)
    ran = run_elmo("embed", "long.txt", "-m", model, "--pretokenized", "-o", "v.npz")
    assert ran.status == 0, ran.err
    assert "tokens/s" in ran.err


def test_pages_say_what_is_true_and_every_setting_has_a_page():
    """C11."""
    lessons = [
        (CHECKOUT / "docs" / f"elmo-vs-static{ending}").read_text(encoding="utf-8") for ending in (".md", ".zh.md")
    ]
    assert [re.findall(r"[^.]*first line with[^.]*\.|[^。]*第一行[^。]*。", text) for text in lessons] == [[], []]
    tasks = (CHECKOUT / "docs" / "tasks.md").read_text(encoding="utf-8")
    assert [name for name in ("at_output", "mix_l2", "layer_norm") if name not in tasks] == []
    for name in ("README.md", "README.zh.md"):
        text = (CHECKOUT / name).read_text(encoding="utf-8")
        assert [page for page in ("docs/performance.md", "docs/layers.md") if page not in text] == []
        assert "URL-OF-THIS-REPOSITORY" not in text


def test_vectors_of_glove_need_no_first_line(model, place, run_elmo):
    """What the lessons say since: files of GloVe are read as they were published."""
    (place / "glove.txt").write_text("bank 0.1 0.2 0.3\nmoney 0.3 0.2 0.1\n")
    (place / "a.csv").write_text("text,label\n" + "money lends,a\nthe bank,b\n" * 4)
    files = ["--train", "a.csv", "--dev", "a.csv", "--set", "inputs.vectors=glove.txt"]
    ran = run_elmo("train", "--task", "classify", *files, "--baseline", *SMALL, "-o", "t")
    assert ran.status == 0, ran.err
