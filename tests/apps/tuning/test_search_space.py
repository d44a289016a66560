"""Search spaces: what the options say, the types of ranges, the first trial, and every value that cannot work."""

import pytest

from elmo.apps.tasks.task_recipe import task_config_of
from elmo.apps.tuning.search_space import (
    Dimension,
    checked_space,
    own_values,
    read_dimension,
    read_searches,
    value_at,
)
from elmo.errors import ConfigError
from elmo.train.recipe import pretrain_config, with_overrides


def of_task(overrides):
    return task_config_of(with_overrides({"task": "classify", "cell_size": 150}, overrides), "r.toml")


def of_run(overrides):
    return pretrain_config({"size": "tiny"}, list(overrides), "r.toml")


def space(*options):
    return read_searches({}, options, "r.toml")


def test_ranges_and_choices_are_read():
    read = [
        read_dimension("k", given, "s")
        for given in ("1..3", "0.1..1e-0:log", ".5..1", "a, b,a", '["none", [1, 2]]', [1, True])
    ]
    assert [(d.low, d.high, d.log, d.choices) for d in read] == [
        (1, 3, False, []),
        (0.1, 1, True, []),
        (0.5, 1, False, []),
        (None, None, False, ["a", "b"]),
        (None, None, False, ["none", "[1, 2]"]),
        (None, None, False, ["1", "true"]),
    ]  # fmt: skip
    both = read_searches({"a": "1..2", "b": [1, 2]}, ["b=3,4"], "r.toml")
    assert [(d.key, d.choices) for d in both] == [("a", []), ("b", ["3", "4"])]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("k", "write KEY=VALUES"),
        ("=1..2", "write KEY=VALUES"),
        ("k=", "neither a range nor choices"),
        ("k=a,,b", "neither a range nor choices"),
        ("k=3", "needs two values or more"),
        ("k=a,a", "needs two values or more"),
        ("k=3..3", "the low end must be below"),
        ("k=3..1", "the low end must be below"),
        ("k=1..1e999", "both finite"),
        ("k=0..1:log", "a logarithmic range begins above 0"),
        ("k=[1,", "not a list"),
    ],
)
def test_what_is_no_search_is_refused(option, message):
    with pytest.raises(ConfigError, match=message):
        space(option)


def test_nothing_to_search_is_refused():
    with pytest.raises(ConfigError, match=r"r\.toml: nothing to search; give --search"):
        space()


def test_a_range_has_the_type_of_its_setting():
    options = ["cell_size=10..200", "optimizer.clip_norm=1..10", "optimizer.learning_rate=0.001..0.01:log"]
    checked = checked_space(space(*options), of_task)
    assert [d.whole for d in checked] == [True, False, False]
    assert [d.ends for d in checked] == [["10", "200"], ["1.0", "10.0"], ["0.001", "0.01"]]
    assert [d.whole for d in checked_space(space("dropout=0..0.5", "bilm.lstm.n_layers=1..3"), of_run)] == [False, True]


@pytest.mark.parametrize(
    ("config_of", "options", "message"),
    [
        (of_task, ["optimizer.learnin_rate=1..2"], "did you mean optimizer.learning_rate"),
        (of_task, ["dropout=0.1..1.5"], r"r\.toml: dropout: Input should be less than 1 .got '1\.5'"),
        (of_task, ["cell_size=1.5..3"], "cell_size: Input should be a valid integer"),
        (of_task, ["model=1..2"], "a range is for numbers"),
        (of_task, ["elmo.fine_tune=true,maybe"], "elmo.fine_tune: Input should be a valid boolean"),
        (of_task, ["elmo.fine_tune=true,false", "model=en,none"], "a baseline has none"),
        (of_run, ["size=tiny,huge"], "no size 'huge'"),
        (of_run, ["softmax=full,adaptive", "tied=true,false"], "leave out tied"),
        (of_run, ["sise=tiny,small"], "did you mean"),
    ],
)
def test_what_cannot_work_is_refused_before_a_trial(config_of, options, message):
    with pytest.raises(ConfigError, match=message):
        checked_space(space(*options), config_of)


def test_of_too_many_combinations_each_value_is_tried_with_two_sets_of_the_others():
    tried = []
    many = [Dimension(key=f"k{i}", choices=list("abcd")) for i in range(6)]
    checked_space(many, lambda overrides: tried.append(tuple(overrides)) or of_task([]))
    assert len(tried) == 1 + 2 * 6 * 4
    assert {one for each in tried for one in each} == {f"k{i}={c}" for i in range(6) for c in "abcd"}


def test_the_first_trial_has_what_the_recipe_has_and_the_space_holds():
    options = ["cell_size=100..200", "epochs=1..3", "batch_size=16,32", "elmo.fine_tune=true,false", "label=a,b"]
    checked = checked_space(space(*options), of_task)
    assert own_values(checked, of_task) == {"cell_size": 150, "batch_size": "32", "elmo.fine_tune": "false"}
    assert own_values(space("cell_size=1..2"), lambda overrides: task_config_of({}, "r")) == {}


def test_values_are_overrides_that_give_them_back():
    (rate,) = checked_space(space("optimizer.learning_rate=0.001..0.01:log"), of_task)
    value = 0.0012345678901234567
    assert value_at(of_task([rate.override(value)]), rate.key) == value
    assert value_at(of_run([]), "bilm.encoder.n_layers") == value_at(of_run([]), "bilm.lstm.n_layers") == 2
    assert value_at(of_run([]), "size") is None
