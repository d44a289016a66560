"""Intended changes since the old commit: the items that may differ, with the reason."""

import re
from typing import NamedTuple

MISSING = "missing"  # the value of an item that a tree does not have


class Change(NamedTuple):
    """Items whose old and new value may differ; all four patterns have to match in full."""

    case: str
    item: str
    old: str
    new: str
    reason: str


INTENDED = (
    Change(
        "pretrain_.*|resume",
        "epochs|ended",
        MISSING,
        r'\d+(\.\d+)?|"all steps done"',
        "pretrain --json also has the number of epochs that a run read and why it ended",
    ),
    Change(
        "embed_files|old_vectors",
        "(split|pooled|whole|resumed) id",
        MISSING,
        "None in each row",
        "a row of a folder of vectors also has the id of its record, None where records have none",
    ),
    Change(
        "perplexity",
        "tokens .*",
        ".*",
        ".*",
        "elmo tokenize splits text with version 2 of the tokenizer; version 1, which models name, is compared through them",
    ),
    Change(
        ".*",
        "(.* )?train warning",
        MISSING,
        '"the task has learned nothing: .*"',
        "a training of a task that learned nothing says so at its end",
    ),
)


def reason_of(case: str, item: str, old: str, new: str, changes: tuple[Change, ...] = INTENDED) -> str | None:
    """Why an item differs, if that is intended."""
    for change in changes:
        given = zip(change[:4], (case, item, old, new), strict=True)
        if all(re.fullmatch(pattern, value, re.DOTALL) for pattern, value in given):
            return change.reason
    return None
