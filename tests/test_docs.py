"""What README and docs say is so: code, output, commands, links, the tree."""

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest
import typer

from elmo.cli.main import app

ROOT = Path(__file__).resolve().parents[1]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("src/elmo/bundled/*/README.md")]
READMES = ["README.md", "README.zh.md"]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("name", [*READMES, "docs/elmo-vs-static.md", "docs/elmo-vs-static.zh.md", "docs/training.md"])
def test_the_code_prints_what_the_page_shows(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = r"((?:(?!```).*\n)*)```\n"  # up to the end of a block
    page = (ROOT / name).read_text(encoding="utf-8")
    shown = re.findall(rf"^```python\n{lines}\n```text\n{lines}", page, re.MULTILINE)
    assert shown
    names: dict[str, object] = {}  # later blocks know those of earlier ones
    for code, output in shown:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(code, name, "exec"), names)
        assert printed.getvalue() == output


@pytest.mark.parametrize("name", READMES)
def test_the_demo_prints_what_the_readme_shows(run_elmo, tmp_path, name):
    shown = blocks(ROOT / name, "text")[0].splitlines()
    printed = run_elmo("demo", "-o", tmp_path / "demo").out.splitlines()
    assert len(shown) > 8
    assert [line for line in shown if line not in printed] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_command_of_the_docs_exists_with_its_options(page):
    commands = typer.main.get_command(app).commands
    for line in "".join(blocks(page, "bash")).replace("\\\n", "").splitlines():
        name, *arguments = shlex.split(line, comments=True)[1:] if line.startswith("elmo ") else [""]
        if name:
            commands[name].make_context(name, arguments)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


def test_the_tree_of_the_architecture_is_the_tree_of_the_source():
    tree = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^(src/elmo/\S+\.py) ", tree, re.MULTILINE))
    there = {str(p.relative_to(ROOT)) for p in ROOT.glob("src/elmo/**/*.py")}
    left_out = {p for p in there if re.search(r"/\w+/__init__\.py|__main__", p.removeprefix("src/elmo"))}
    assert named == there - left_out
