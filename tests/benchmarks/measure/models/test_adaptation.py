"""The texts of the benchmark of adaptation."""

import gzip
import json

from benchmarks.measure.models.adaptation import FIELDS, PARTS, write_headlines


def test_headlines_of_the_test_part_are_left_out(tmp_path):
    days = [
        {"date": "2014-12-31", "label": 0, "headlines": ["Gold\n rose", "Oil fell ."]},
        {"date": "2015-01-01", "label": 1, "headlines": ["Not this one"]},
    ]
    with gzip.open(tmp_path / "days.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(day) + "\n" for day in days)
    assert write_headlines(tmp_path / "days.jsonl.gz", tmp_path / "t.txt").read_text() == "Gold rose\nOil fell .\n"


def test_each_field_is_measured_with_and_without_old_text():
    assert set(PARTS) == {"own", *FIELDS, *(f"{field}-mixed" for field in FIELDS)}
