"""The option `--mix`: globs and one fraction."""

import pytest

from elmo.apps.pretraining.adapt import read_mix
from elmo.errors import ConfigError


@pytest.mark.parametrize(
    ("given", "globs", "fraction"),
    [
        ([], [], None),
        (["old.txt"], ["old.txt"], None),
        (["old*.txt:0.3"], ["old*.txt"], "0.3"),
        (["a:0.3", "b", "c:0.3"], ["a", "b", "c"], "0.3"),
        (["C:\\texts\\a.txt"], ["C:\\texts\\a.txt"], None),
        (["a:b.txt:0"], ["a:b.txt"], "0"),
        ([":0.3"], [":0.3"], None),
    ],
)
def test_a_number_after_the_last_colon_is_the_fraction(given, globs, fraction):
    assert read_mix(given) == (globs, fraction)


def test_two_fractions_are_refused():
    with pytest.raises(ConfigError, match=r"the fractions 0\.2, 0\.3; all old text has one fraction together"):
        read_mix(["a:0.2", "b:0.3"])
