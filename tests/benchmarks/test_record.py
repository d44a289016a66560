"""Every program of benchmarks/ starts by its module; commands that were kept are shown as they are given now."""

import importlib
import re
from pathlib import Path

import pytest

from benchmarks.record import ROOT, command_today

PROGRAMS = sorted((ROOT / "benchmarks").glob("**/*.py"))
NEEDS_MORE = {"jieba": "chinese_tokens", "sklearn": "embed_quality"}


@pytest.mark.parametrize(
    ("kept", "today"),
    [
        (
            "python benchmarks/embed.py --model small --save",
            "python -m benchmarks.measure.embedding.embed --model small --save",
        ),
        ("python -W ignore benchmarks/tasks.py", "python -W ignore -m benchmarks.measure.tasks.tasks"),
        ("python benchmarks/gone.py --save", "python benchmarks/gone.py --save"),
        ("python -m benchmarks.measure.tasks.tasks", "python -m benchmarks.measure.tasks.tasks"),
    ],
)
def test_a_kept_command_is_shown_as_it_is_given_now(kept, today):
    assert command_today(kept) == today


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: str(path.relative_to(ROOT / "benchmarks")))
def test_every_module_can_be_imported(path):
    module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for extra, name in NEEDS_MORE.items():
        if path.stem == name:
            pytest.importorskip(extra)
    if path.stem not in {"embed_simple_elmo", "embed_rivals"}:  # run in environments of their own
        importlib.import_module(module)


def test_the_makefile_and_the_pages_name_programs_that_are_there():
    texts = [ROOT / "Makefile", *ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("recipes/**/*.toml"), *PROGRAMS]
    for page in texts:
        if page.name in ("CHANGELOG.md", "LOG.md"):
            continue
        text = page.read_text(encoding="utf-8")
        for module in re.findall(r"-m (benchmarks\.[\w.]+)", text):
            assert (ROOT / Path(*module.split("."))).with_suffix(".py").is_file(), (page, module)
        for name in re.findall(r"(?<![\w/])benchmarks/[\w/]+\.py", text):
            assert (ROOT / name).is_file() or page.name == "record.py", (page, name)
