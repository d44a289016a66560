"""What `benchmarks/measure/tasks/tasks.py` does to the files of a set before it learns from them."""

import json

from benchmarks.measure.tasks.tasks import not_in

_REVIEWS = ["The room, was GOOD.", "Never again!"]


def test_what_was_learned_from_is_no_test():
    train = "".join(json.dumps({"text": text, "label": 1}) + "\n" for text in _REVIEWS)
    test = [{"text": "the room was good", "label": 0}, {"text": "never again and again", "label": 0}]
    kept = not_in(train, "".join(json.dumps(one) + "\n" for one in test), "\n")
    assert [json.loads(line) for line in kept.splitlines()] == test[1:]


def test_tags_do_not_set_a_text_apart():
    train, other = "武\tB-GPE\n汉\tI-GPE\n。\tO\n\n", "上\tO\n海\tO\n\n"
    assert not_in(train, "武\tO\n汉\tO\n\n" + other, "\n\n") == other
