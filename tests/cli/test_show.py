"""Words, labels and names of files reach the terminal as text, whatever is in them; commands know the command line alone."""

import ast
import io
import json
import shutil
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")

SOURCE = Path(__file__).resolve().parents[2] / "src" / "elmo"
ESC = "\x1b]0;title\x07\x1b[31m"
ODD = f"[/red]{ESC}[bold]\x9b2J\u202e:smile:"  # markup, escape sequences of 7 and 8 bits, an override, an emoji's name
NAME = ODD.replace("/", "")  # of a file
FORBIDDEN = set("\x1b\x07\x9b\u202e\x08\r")
SIZES = ["cell_size=4", "inputs.word_size=4", "inputs.character_size=4", "batch_size=4", "epochs=1"]
SET = [part for setting in SIZES for part in ("--set", setting)]
FAST = ["--set", "bilm.lstm.cell_size=16", "--set", "bilm.lstm.projection_size=8", "--set", "rows=2", "--max-steps", 2]
WORD = "w[/red]\x1b[31m\u202e"
LINES = (
    f"The bank {WORD} of the river was green .\nShe put {WORD} in the bank .\nThe river {WORD} runs by the bank .\n" * 4
)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ELMO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def run(run_elmo):
    """Run a command that may be refused, but not crash, nor command the terminal."""

    def checked(*arguments, status=0):
        crash = None
        try:
            ran = run_elmo(*arguments)
        except Exception as error:
            crash = error
        assert crash is None, arguments
        assert ran.status == status, ran.err
        for text in (ran.out, ran.err):
            assert not FORBIDDEN & set(text), (arguments, text)
        return ran

    return checked


@pytest.fixture
def model(place, run_elmo):
    (place / f"t{NAME}.txt").write_text(LINES, encoding="utf-8")
    shutil.copy(f"t{NAME}.txt", "plain.txt")
    assert run_elmo("pretrain", "--corpus", "plain.txt", "-o", "plain", *FAST).status == 0
    return (place / "plain").rename(place / f"m{NAME}")


def examples(n=4):
    texts = [f"money {ESC} lends", f"the {ESC} river [/red]"] * n
    return [{"text": text, "label": f"{'money' if i % 2 else 'river'}{ODD}"} for i, text in enumerate(texts)]


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_commands_of_models_and_texts_show_names_as_text(place, run, model):
    """B11."""
    text = f"t{NAME}.txt"
    assert r"\x1b" in run("info", model).out
    run("convert", model, f"a{NAME}", "--to", "allennlp")
    run("perplexity", model, text)
    run("embed", text, "-m", model, "-o", f"v{NAME}.npz")
    run("embed", text, "-m", model, "-o", f"v{NAME}")
    run("doctor", text)
    run("plan", "--corpus", text, "--size", "tiny", "--seconds", "0.01")
    run("report", model, "-o", f"r{NAME}.html")
    run("to-static", model, text, "--min-count", 2, "-o", f"s{NAME}.txt")
    run("tokenize", text, "-o", f"k{NAME}.txt")
    run("pretrain", "--corpus", text, "-o", f"p{NAME}", *FAST)
    run("demo", "-m", model, "-o", f"d{NAME}")


def test_commands_of_words_show_them_as_text(place, run, model):
    """B11."""
    text = f"t{NAME}.txt"
    table = run("change", model, text, text, "--min-count", 2, "--permutations", 10, "--case", "--pretokenized").out
    assert r"w[/red]\x1b[31m\u202e" in table
    run(
        "change", model, text, text, "--min-count", 2, "--words", WORD, "--permutations", 10, "--case", "--pretokenized"
    )
    run("change", model, text, text, "--words", f"none{ODD}", status=2)
    (place / "formulas.txt").write_text(LINES.replace(WORD, r"$\frac$"), encoding="utf-8")
    formulas = ["formulas.txt", "formulas.txt", "--min-count", 2, "--permutations", 10, "--case", "--pretokenized"]
    run("change", model, *formulas, "--words", r"$\frac$", "-o", "out")
    pytest.importorskip("usearch", reason="usearch is not installed (pip install 'elmo-lm[index]')")
    assert r"\x1b" in run("neighbours", model, text, f"The {ESC} [bank] of", "--pretokenized", "--index", "i").out
    run("neighbours", model, text, "[none\x1b\u202e]", "--same-word", "--pretokenized", "--index", "i")


def test_commands_of_tasks_show_labels_and_texts_as_text(place, run):
    """B11."""
    file, texts = write(place / f"a{NAME}.jsonl", examples()), place / f"t{NAME}.txt"
    texts.write_text(f"money {ESC} [/red] lends\n\n")
    task = ["train", "--task", "classify", "--train", file, "--dev", file, "--baseline", *SET]
    assert r"\x1b" in run(*task, "-o", f"o{NAME}").err
    run(*task, "-o", f"o{NAME}", status=2)
    run(*task, "-o", "curve", "--seeds", 1)
    run("evaluate", f"o{NAME}", file)
    run("compare", f"o{NAME}", f"o{NAME}", file)
    assert r"\x1b" in run("predict", f"o{NAME}", texts).out
    tokens = [{"tokens": ["Ann", f"S{ESC}", "lives"], "tags": [f"B-{ODD}", f"I-{ODD}", "O"]}] * 4
    tagged = write(place / "tags.jsonl", tokens)
    run("train", "--task", "tag", "--train", tagged, "--dev", tagged, "--baseline", *SET, "-o", "tagger")
    run("predict", "tagger", texts)
    run("evaluate", "tagger", tagged)
    table = place / "t.csv"
    table.write_text(f"one{ESC},two{ODD},three\na,b,c\nd,e,f\n")
    assert r"\x1b" in run("train", "--task", "classify", "--train", table, "--dev", table, status=2).err


@pytest.mark.parametrize(
    "command", ["info", "perplexity", "evaluate", "predict", "doctor", "report", "convert", "train"]
)
def test_what_a_user_gives_is_quoted_as_text(place, run, command):
    """B11: in messages about files that are not there, and about options."""
    more = {"perplexity": ["t"], "evaluate": ["t"], "convert": ["t", "--to", "native"]}.get(command, [])
    run(command, f"none{ODD}", *more, status=2)
    run(command, f"--none{ODD}", status=2)
    run(command, "x", *more, "--min-score", ODD, status=2)


def test_json_is_exact(place, run):
    """B11."""
    rows = [{**row, "label": row["label"] + "\u2028\x85"} for row in examples()]
    file = write(place / "a.jsonl", rows)
    run("train", "--task", "classify", "--train", file, "--dev", file, "--baseline", *SET, "-o", "o")
    (place / "t.txt").write_text(f"money {ESC} \u202e lends\n", encoding="utf-8")
    out = run("predict", "o", "t.txt", "--json").out
    assert len(out.splitlines()) == 1
    found = json.loads(out)
    assert found["text"] == f"money {ESC} \u202e lends"
    assert found["labels"][0] in {row["label"] for row in rows}


def test_tokens_are_exact_in_a_pipe_and_escaped_on_a_terminal(place, run_elmo, monkeypatch):
    """B11."""
    (place / "t.txt").write_text(LINES, encoding="utf-8")
    piped = run_elmo("tokenize", "t.txt").out
    run_elmo("tokenize", "t.txt", "-o", "k.txt")
    assert piped == (place / "k.txt").read_text(encoding="utf-8")

    class Terminal(io.TextIOWrapper):
        def isatty(self):
            return True

    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", Terminal(shown, encoding="utf-8", write_through=True))
    assert run_elmo("tokenize", "t.txt").status == 0
    assert not FORBIDDEN & set(shown.getvalue().decode())
    assert r"\x1b" in shown.getvalue().decode()


def writes(tree: ast.AST) -> list[str]:
    """Calls that write to the terminal, and imports of what draws on it at run time."""
    typing = [n for n in ast.walk(tree) if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    left_out = {id(n) for block in typing for n in ast.walk(block)}
    found = []
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in {"print", "typer.echo", "sys.stdout.write", "sys.stderr.write", "sys.stdout.buffer.write"}:
                found.append(name)
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "rich":
            found.append(f"from {node.module}")
        if isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "rich" for alias in node.names):
            found.append("import rich")
    return found


def test_one_module_writes_to_the_terminal():
    modules = {path.relative_to(SOURCE).as_posix(): path for path in SOURCE.rglob("*.py")}
    found = {name: writes(ast.parse(path.read_text(encoding="utf-8"))) for name, path in modules.items()}
    assert [name for name, calls in found.items() if calls] == ["cli/show.py"]
    assert writes(ast.parse("def f():\n    from rich.text import Text\n    print(1)")) == ["from rich.text", "print"]
