"""One recommendation for one text."""

import shlex

from elmo.apps.pretraining.advised import advised_run, pretrain_command, with_larger_vocabulary


def test_a_vocabulary_is_asked_for_only_where_the_default_is_too_small():
    assert [with_larger_vocabulary(n) for n in (0, 17_000, 30_000)] == [""] * 3
    assert with_larger_vocabulary(100_000) == " (add --vocabulary-size 100000)"


def test_a_command_is_quoted_for_a_shell():
    command = pretrain_command(["my *.txt"], *advised_run(10**7)[:1], epochs=5, pretokenized=True, max_steps=9)
    assert shlex.split(command) == [
        *("elmo", "pretrain", "--corpus", "my *.txt", "--pretokenized", "--size", "small", "--set", "epochs=5"),
        *("--max-steps", "9", "-o", "my-model"),
    ]
