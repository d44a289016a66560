"""The settings of a run that adapts a model to new text; each default in this file and nowhere else."""

import math

from pydantic import BaseModel, Field, NonNegativeInt, PositiveInt

from elmo.errors import ConfigError

MOST_SOFTMAX_STEPS = 2000  # of the first phase, unless the recipe says otherwise
SOFTMAX_FRACTION = 4  # the first phase is a quarter of a shorter run


class AdaptationConfig(BaseModel, frozen=True, extra="forbid", allow_inf_nan=False):
    """How a model is adapted (`elmo adapt`)."""

    # First phase: steps that train the softmax alone, the biLM stays as it is. None: 0 for a model with a softmax; for a new
    # softmax a quarter of the run, at most MOST_SOFTMAX_STEPS.
    softmax_steps: NonNegativeInt | None = None
    # Learning rate of the first phase / that of the second: a new softmax learns from nothing, the biLM only a little.
    softmax_rate: float = Field(5.0, gt=0)
    # Learning rate of a layer / that of the layer above it (Howard & Ruder 2018, section 3.1; they take 1 / 2.6). The softmax
    # has the full rate, the top layer this fraction of it, and so on down to the token layer.
    layer_rate: float = Field(0.7, gt=0, le=1)
    new_words: NonNegativeInt = 2000  # words of the new text that the vocabulary of the model gains, at most
    new_word_count: PositiveInt = 3  # a new word occurs at least this often

    mix: float = Field(
        0.2, ge=0, lt=1
    )  # fraction of the rows that read the old text, if one is given; 0: it is measured only

    # The run ends after this many evaluations (`evaluate_every`) without a lower held-out perplexity; None: it does not.
    patience: PositiveInt | None = 3

    def mixed_rows(self, n_rows: int) -> int:
        """The number of rows that read the old text.

        Raises:
            ConfigError: the fraction leaves one of the texts without a row.
        """
        return rows_of_fraction(self.mix, n_rows)

    def settled(self, n_steps: int, new_softmax: bool) -> "AdaptationConfig":
        """The settings with the length of the first phase.

        Args:
            n_steps: of the run. new_softmax: the model had none.
        """
        if self.softmax_steps is not None:
            return self
        steps = min(MOST_SOFTMAX_STEPS, n_steps // SOFTMAX_FRACTION) if new_softmax else 0
        return self.model_copy(update={"softmax_steps": steps})


def rows_of_fraction(fraction: float, n_rows: int) -> int:
    """The number of rows that read a second text.

    Raises:
        ConfigError: the fraction leaves one of the texts without a row.
    """
    n_second = round(fraction * n_rows)
    if fraction > 0 and not 0 < n_second < n_rows:
        fewest = math.ceil(1 / (2 * min(fraction, 1 - fraction))) + 1
        raise ConfigError(
            f"{fraction:g} of {n_rows} rows is {n_second} rows of the text to mix in, but each text needs a row; "
            f"give at least {fewest} rows, or another fraction"
        )
    return n_second
