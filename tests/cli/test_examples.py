"""The examples of the help pages, of README and of docs/ run as pasted, in order, on the files of `elmo examples`.

The commands of one page run one after the other in one folder. Long ones get more options (`SHORTER`), which come last and so
replace their own. What cannot run here is listed with its reason (`NOT_HERE`).
"""

import importlib.util
import io
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from elmo.apps.examples.write_examples import EXAMPLES, write_examples
from elmo.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = typer.main.get_command(app).commands
PAGES = [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]
TRANSLATED = [page for page in PAGES if page.name.endswith(".zh.md")] + [ROOT / "README.zh.md"]
# A pattern of a command, and the options that make it short.
SHORTER = (
    (r"elmo pretrain (?!--resume)", "--max-steps 2 --set rows=2 --set window=5"),
    (r"elmo adapt (?!--resume)", "--max-steps 2 --set rows=10 --set window=5"),
    (r"elmo distil (?!--resume)", "--max-steps 2 --set rows=2 --set window=5"),
    (r"elmo plan ", "--seconds 0"),
    (r"elmo tune --resume", "--trials 3"),
    (r"elmo tune recipes/", "--trials 2 --max-steps 2 --set rows=2 --set window=5 --set precision=float32"),
    (r"elmo tune ", "--trials 2 --set epochs=2"),
    (r"elmo train .*--fractions", "--fractions 50,100 --seeds 2 --set epochs=1"),
    (r"elmo train .*", "--set epochs=2 --set cell_size=8"),
    (r"elmo probe ", "--seeds 1"),
    (r"elmo change ", "--permutations 100"),
    (r"elmo perplexity .*--dynamic", "--set grid.tokens=30 --set grid.learning_rate=[0.0003] --set grid.decay=[0.001]"),
)
# A pattern of a command that cannot run in this test, and why.
NOT_HERE = (
    (r"elmo neighbours ", "needs the extra search" if importlib.util.find_spec("usearch") is None else None),
    (r"--device cuda", "needs a GPU"),
    (r"--vectors vectors", "needs the extra gensim" if importlib.util.find_spec("gensim") is None else None),
    (r"MiniLM|original-model|--resume -o my-student", "needs a teacher that is not in the package"),
    (
        r"elmo_model|lm/checkpoint",
        "needs a model of an older tool; tests/compat/test_migration_page.py loads such models",
    ),
)
# Pages that take longer than the others.
SLOW = {"training.md", "tasks.md", "your-own-language.md", "probes.md", "elmo-vs-static.md"}
HELP = "help pages"
_OTHER = ("printf ", "cd ")  # lines of the pages that prepare a command


def examples_of_help() -> Iterator[str]:
    """The example of each command, in an order in which each finds what it needs."""
    first = ["demo", "examples", "tokenize", "pretrain", "train", "kb"]
    for name in sorted(COMMANDS, key=lambda name: (first.index(name) if name in first else len(first), name)):
        found = re.findall(r"Example[^:`]*: `([^`]+)`", COMMANDS[name].help)
        assert found, f"elmo {name} --help has no example"
        assert max(map(len, found)) < 70, f"elmo {name} --help: a terminal of 80 columns wraps the example"
        yield from found


def commands_of(page: Path) -> list[str]:
    """The lines of the page's bash blocks that are commands of `elmo`, and those that prepare them."""
    found = []
    for block in re.findall(r"^```bash\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
        lines = block.replace("\\\n", "").splitlines()
        if any(line.startswith("elmo ") for line in lines):
            found += [line for line in lines if line.startswith(("elmo ", *_OTHER))]
    return found


SOURCES = {HELP: list(examples_of_help()), "elmo examples": [example.command for example in EXAMPLES]}
SOURCES |= {page.name: found for page in PAGES if page not in TRANSLATED and (found := commands_of(page))}
CASES = [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in SOURCES]


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("source", CASES)
def test_the_examples_run_as_pasted(source, run_elmo, tmp_path, monkeypatch):
    folder = tmp_path / "examples"
    write_examples(folder)
    shutil.copytree(ROOT / "recipes", folder / "recipes")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ELMO_CACHE", str(tmp_path / "cache"))
    n_run = 0
    for line in SOURCES[source]:
        if any(reason and re.search(pattern, line) for pattern, reason in NOT_HERE):
            continue
        if line.startswith("printf "):
            subprocess.run(["bash", "-c", line], check=True)
            continue
        given = re.fullmatch(r"echo (\"[^\"]+\") \| (.*)", line)
        if given is not None:
            monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(shlex.split(given[1])[0].encode())))
        name, *arguments = shlex.split(given[2] if given else line, comments=True)
        if name == "cd":
            os.chdir(arguments[0])
            continue
        shorter = next((options for pattern, options in SHORTER if re.match(pattern, line)), "")
        ran = run_elmo(*arguments, *shlex.split(shorter))
        assert ran.status == 0, f"{line}\n{ran.err}"
        assert ran.out or source != HELP, line
        n_run += 1
    assert n_run or source in ("migrate.md", "distil.md")


def test_every_command_has_an_example_and_every_source_was_found():
    assert len(SOURCES[HELP]) > len(COMMANDS)
    assert {"README.md", "tasks.md", "training.md", "embedding.md", "elmo-vs-static.md"} <= SOURCES.keys()


@pytest.mark.parametrize("page", TRANSLATED, ids=lambda page: page.name)
def test_a_translation_shows_the_commands_of_its_page(page):
    original = page.with_name(page.name.replace(".zh.md", ".md"))
    ours, theirs = ([shlex.split(line, comments=True) for line in commands_of(path)] for path in (page, original))
    assert len(ours) == len(theirs)
    for translated, line in zip(ours, theirs, strict=True):
        assert len(translated) == len(line)
        assert [(a, b) for a, b in zip(translated, line, strict=True) if a != b and a.isascii()] == []


def test_elmo_examples_says_what_it_wrote_and_refuses_a_folder_that_is_not_empty(run_elmo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ran = run_elmo("examples", "mine")
    assert (ran.status, ran.err) == (0, "")
    assert all(example.files in ran.out and example.command in ran.out for example in EXAMPLES)
    before = sorted((tmp_path / "mine").rglob("*"))
    ran = run_elmo("examples", "mine")
    assert ran.status == 2
    assert ran.err.startswith("elmo: mine is not empty (it contains ")
    assert len(ran.err.splitlines()) == 1
    assert sorted((tmp_path / "mine").rglob("*")) == before
