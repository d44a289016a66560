"""Two trees are compared item by item; what differs is named, unless a row of the intended changes has the reason."""

import json
from pathlib import Path

import pytest

from benchmarks.measure.house import intended
from benchmarks.measure.house.bitwise import Outcome, differences, show
from benchmarks.measure.house.cases.case import FILES, definition
from benchmarks.measure.house.cases.digests import tensors
from benchmarks.measure.house.cases.run import CASES
from benchmarks.measure.house.intended import INTENDED, Change, reason_of


def test_an_item_that_differs_or_is_missing_is_named(capsys):
    old, new = Outcome({"a": "1", "b": "2", "c": "3"}, 1.0), Outcome({"a": "1", "b": "5", "d": "4"}, 1.0)
    assert show("tag", old, old)["equal"]
    assert [tuple(found) for found in differences("tag", old, new)] == [
        ("b", "2", "5", None),
        ("c", "3", "missing", None),
        ("d", "missing", "4", None),
    ]
    capsys.readouterr()
    assert not show("tag", old, new)["equal"]
    assert "    b: 2 | 5\n" in capsys.readouterr().out


def test_a_case_that_fails_in_a_tree_is_not_equal():
    failed = Outcome({}, 1.0, 0, "no such option")
    assert not show("tag", failed, failed)["equal"]
    assert not show("tag", Outcome({}, 1.0), failed)["equal"]


def test_an_intended_change_needs_case_item_and_both_values():
    changes = (Change("tag|pair", "train .*", "1", "2", "one more"),)
    assert reason_of("tag", "train rows", "1", "2", changes) == "one more"
    for differing in (("tags", "train rows", "1", "2"), ("tag", "rows", "1", "2"), ("tag", "train rows", "1", "23")):
        assert reason_of(*differing, changes) is None


def test_intended_changes_name_cases_that_are_there_and_a_reason():
    for change in INTENDED:
        assert any(intended.re.fullmatch(change.case, name) for name in CASES), change
        assert len(change.reason.split()) > 3


def test_tensors_are_compared_whatever_their_order_in_the_file(tmp_path):
    def write(name: str, order: list[str], first: bytes) -> Path:
        parts, header, offset = {"a": first, "b": b"5678"}, {}, 0
        for key in order:
            header[key] = {"dtype": "F32", "shape": [1], "data_offsets": [offset, offset + 4]}
            offset += 4
        text = json.dumps(header).encode()
        path = tmp_path / name
        path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(parts[key] for key in order))
        return path

    one = tensors(write("one", ["a", "b"], b"1234"))
    assert one == tensors(write("two", ["b", "a"], b"1234"))
    other = tensors(write("three", ["a", "b"], b"1235"))
    assert (one["b"], one["a"] == other["a"]) == (other["b"], False)


def test_an_outcome_is_kept_until_code_that_its_case_reaches_is_another(tmp_path):
    before = {name: definition(name) for name in CASES}
    assert len(set(before.values())) == len(CASES)
    copies = [tmp_path / path.name for path in FILES]
    for path, copy in zip(FILES, copies, strict=True):
        copy.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    assert {name: definition(name, copies) for name in CASES} == before
    tasks = next(copy for copy in copies if copy.name == "tasks.py")
    tasks.write_text(
        tasks.read_text(encoding="utf-8").replace("n_train=200, epochs=3", "n_train=201"), encoding="utf-8"
    )
    assert [name for name in CASES if definition(name, copies) != before[name]] == ["tag"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_cases_use_only_public_names_of_elmo(path):
    text = path.read_text(encoding="utf-8")
    assert not intended.re.findall(r"(?:from|import) elmo\.(?!compat\b)\w+", text)
