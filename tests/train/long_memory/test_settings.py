"""The settings of long memory from options, and what is refused."""

import pytest

from elmo.errors import ConfigError
from elmo.train.long_memory.settings import GridConfig, long_memory_config


def test_what_is_asked_for_has_settings():
    assert long_memory_config(None, False, []) is None
    found = long_memory_config(
        50, True, ["cache.theta=0.7", "dynamic.segment=5", "grid.theta=[0.1, 1]", "grid.tokens=9"]
    )
    assert (found.cache.size, found.cache.theta, found.dynamic.segment) == (50, 0.7, 5)
    assert (found.grid.theta, found.grid.tokens, found.grid.weight) == ((0.1, 1), 9, GridConfig().weight)
    only = long_memory_config(7, False, [])
    assert (only.cache.size, only.dynamic) == (7, None)


@pytest.mark.parametrize(
    ("cache", "dynamic", "override", "message"),
    [
        (None, True, "cache.theta=1", r"--set cache\.\*: there is nothing to set without --cache N; add it"),
        (5, False, "dynamic.decay=1", r"--set dynamic\.\*: there is nothing to set without --dynamic; add it"),
        (None, False, "grid.tokens=5", "--set grid: there is nothing to set without --cache N or --dynamic"),
        (5, False, "cache.tetha=1", "tetha: no such setting; did you mean cache.theta"),
        (5, False, "cache.weight=1", "cache.weight: Input should be less than 1"),
        (5, False, "cache=1", "cache: "),
        (5, True, "grid.theta=[]", "grid.theta: "),
        (5, False, "theta", "write key=value"),
    ],
)
def test_a_setting_that_cannot_work_is_named(cache, dynamic, override, message):
    with pytest.raises(ConfigError, match=message):
        long_memory_config(cache, dynamic, [override])
