"""What docs/security.md promises is held by tests that exist, in both languages, and its limits are those of the code."""

import ast
import re
from pathlib import Path

import pytest

from elmo.checkpoints import archive
from elmo.model.config import CharCNNConfig
from elmo.model.encoders.lstm.settings import LSTMConfig
from elmo.storage.compressed import DECODER_BYTES
from elmo.tasks.config import MOST_UNITS, TaskConfig
from elmo.tasks.kinds.tag import kind as tag_kind
from elmo.tasks.layer_cache import CACHE_BYTES
from elmo.text.sources.lines import LONGEST_LINE_BYTES
from elmo.text.words.word_vectors import MOST_NUMBERS

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["docs/security.md", "docs/security.zh.md"]


def named(page):
    """The tests that a page names: files, with a function or without."""
    return re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (ROOT / page).read_text(encoding="utf-8"))


def functions(path):
    return {
        node.name for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.FunctionDef)
    }


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_the_page_names_exists(page):
    tests = named(page)
    assert len(tests) > 40
    gone = [
        (file, name)
        for file, name in tests
        if not (ROOT / file).is_file() or (name and name not in functions(ROOT / file))
    ]
    assert gone == []


def test_both_languages_name_the_same_tests_in_the_same_order():
    assert named(PAGES[0]) == named(PAGES[1])


@pytest.mark.parametrize("page", PAGES)
def test_every_promise_names_a_test(page):
    """A promise is a point of the first part, with its first words in bold."""
    text = (ROOT / page).read_text(encoding="utf-8")
    promises = re.findall(r"^- \*\*.*?(?=^- |^#|\Z)", text[: text.index("\n| ")], re.MULTILINE | re.DOTALL)
    assert len(promises) > 15
    assert [promise for promise in promises if "`tests/" not in promise] == []


def most(model, field):
    """The upper bound of a setting."""
    return next(bound.le for bound in model.model_fields[field].metadata if hasattr(bound, "le"))


@pytest.mark.parametrize("page", PAGES)
def test_the_limits_of_the_page_are_those_of_the_code(page):
    gib, mib = 2**30, 2**20
    limits = [
        (f"{LONGEST_LINE_BYTES // mib} MiB", f"{LONGEST_LINE_BYTES:,}"),
        (f"{DECODER_BYTES // mib} MiB",),
        (f"{archive.MAX_FILES:,}",),
        (f"{archive.MAX_DEPTH}",),
        (f"{archive.MAX_BYTES // gib} GiB", f"{archive.FREE_BYTES // mib} MiB", f"{archive.MAX_RATIO}"),
        (f"{archive.MAX_HEADER_BYTES:,}",),
        (f"{most(LSTMConfig, 'n_layers')}",),
        (f"{most(CharCNNConfig, 'max_characters'):,}",),
        (f"{2**20:,}",),
        (f"{2**28:,}",),
        (f"{MOST_UNITS:,}",),
        (f"{most(TaskConfig, 'n_layers')}",),
        (f"{tag_kind._MOST_TAGS:,}",),
        (f"{MOST_NUMBERS:,}", f"{MOST_NUMBERS * 4 // gib} GiB"),
        (f"{CACHE_BYTES // gib} GiB",),
    ]
    text = (ROOT / page).read_text(encoding="utf-8")
    rows = re.findall(r"^\| .*\|$", text, re.MULTILINE)[1:]
    assert len(rows) == len(limits)
    assert [
        row for row, numbers in zip(rows, limits, strict=True) if not all(number in row for number in numbers)
    ] == []


def test_the_root_tells_how_to_report_and_leads_to_the_page():
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "docs/security.md" in text
    assert "private report" in text
    assert "@" not in text
