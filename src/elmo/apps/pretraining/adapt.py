"""Options of a command line -> a run that adapts a model, ready to be trained."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from elmo.checkpoints.formats.native import StorageType
from elmo.errors import ConfigError
from elmo.train.adaptation.adapted_recipe import adaptation_settings
from elmo.train.recipe import merged_settings, pretrain_config, read_recipe
from elmo.train.runs.begin import start_run


def begin_adaptation(
    model: str,
    corpus: Sequence[str],
    out: Path,
    *,
    recipe: Path | None = None,
    overrides: Sequence[str] = (),
    chosen: dict[str, Any] | None = None,
    mix: Sequence[str] = (),
    vocabulary: Path | None = None,
    heldout: Path | None = None,
    pretokenized: bool = False,
    text_field: str | None = None,
    max_steps: int | None = None,
    storage: StorageType = "float32",
    say: Callable[[str], None] = lambda line: None,
) -> None:
    """Read the texts and lay out the folder of the run.

    Args:
        recipe: TOML file. overrides: `key=value`, over all else. chosen: settings with options of their own, over the recipe.
        mix: files or globs of old text, one of them with `:FRACTION`.
        vocabulary, heldout: files. Else as `elmo.train.adapt`.
    Raises:
        As `elmo.train.adapt`.
    """
    globs, fraction = read_mix(mix)
    settings = adaptation_settings({} if recipe is None else read_recipe(recipe))
    settings = merged_settings(settings, chosen or {})
    if fraction is not None:
        settings = merged_settings(settings, {"adaptation": {"mix": fraction}})
    config = pretrain_config(settings, list(overrides), str(recipe or "settings"))
    if config.adaptation is None:
        raise ConfigError(
            "--set adaptation=none: a model is not adapted so; leave it out, or use `elmo pretrain --start`"
        )
    start_run(
        corpus,
        out,
        config,
        vocabulary_file=vocabulary,
        heldout_file=heldout,
        pretokenized=pretokenized,
        text_field=text_field,
        max_steps=max_steps,
        storage=storage,
        start=model,
        mix=globs,
        say=say,
    )


def read_mix(given: Sequence[str]) -> tuple[list[str], str | None]:
    """The values of `--mix` -> files or globs, and the fraction; None: no fraction is named.

    A value that ends in a colon and a number is a glob and the fraction; what no number ends is a glob.

    Raises:
        ConfigError: two fractions.
    """
    globs, fractions = [], set()
    for value in given:
        glob, colon, end = value.rpartition(":")
        if colon and glob and _is_number(end):
            globs.append(glob)
            fractions.add(end)
        else:
            globs.append(value)
    if len(fractions) > 1:
        raise ConfigError(
            f"--mix: the fractions {', '.join(sorted(fractions))}; all old text has one fraction together, give it once"
        )
    return globs, next(iter(fractions), None)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
