"""The settings of a classification task."""

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from elmo.tasks.config import TaskConfig
from elmo.tasks.scope.settings import ScopeConfig


class ClassifyConfig(TaskConfig, frozen=True):
    """The settings of a classification task."""

    unless_set: ClassVar[tuple[str, ...]] = ("language", "out_of_scope", "scope", "thresholds")

    task: Literal["classify"] = "classify"
    text: str | None = None  # the name of the text in the files, or the number of its column; None: a known name
    language: str | None = None  # of a Dialogflow agent with several; None: its default
    out_of_scope: str | None = (
        None  # the label of texts in the files that have none of the task's labels; it is not learned
    )
    scope: ScopeConfig | None = (
        None  # decides whether a text has one of the labels, see docs/scope.md; None: it is not decided
    )
    multi_label: bool = False  # an example has any number of labels
    thresholds: Literal["each", "one"] | None = None  # of several labels, chosen on the dev file; None: one half
    network: Literal["biattentive"] | None = None  # above the LSTM; None: its tokens are pooled
    ngrams: bool = False  # combined with a bag of n-grams, see `layers/ngrams.py`

    @property
    def may_abstain(self) -> bool:
        """True for tasks with one label per text."""
        return not self.multi_label

    @property
    def own_scope(self) -> ScopeConfig | None:
        """The setting `scope`."""
        return self.scope

    @model_validator(mode="after")
    def _thresholds_have_several_labels(self) -> Self:
        if self.thresholds is not None and not self.multi_label:
            raise ValueError("thresholds are for texts with any number of labels (multi_label); leave thresholds out")
        return self

    @model_validator(mode="after")
    def _a_scope_has_one_label(self) -> Self:
        if self.scope is not None and self.multi_label:
            raise ValueError("scope is for texts with one label each; leave out scope or multi_label")
        return self

    @model_validator(mode="after")
    def _out_of_scope_has_no_other_label(self) -> Self:
        if self.out_of_scope is not None and self.multi_label:
            raise ValueError(
                "out_of_scope is for texts with one label each; with multi_label such a text has an empty list"
            )
        return self

    @model_validator(mode="after")
    def _ngrams_have_one_label(self) -> Self:
        if self.ngrams and self.multi_label:
            raise ValueError("ngrams are for texts with one label each; leave out ngrams or multi_label")
        return self
