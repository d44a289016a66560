"""Help pages that show a flag as `--force`, not as `--force <bool>`; messages about options without a command to the terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from typer.core import TyperCommand, TyperGroup

from elmo.cli.show import visible


class PlainCommand(TyperCommand):
    """A command whose flags are shown without a type."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, flags with an empty type."""
        return _plain(super().get_params(ctx))


class PlainGroup(TyperGroup):
    """A group of commands whose own flags are shown without a type."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, flags with an empty type."""
        return _plain(super().get_params(ctx))

    def make_context(self, *given: Any, **more: Any) -> Any:
        """The options before the command, parsed."""
        with _visible_messages():
            return super().make_context(*given, **more)

    def invoke(self, ctx: Any) -> Any:
        """The command with its options."""
        with _visible_messages():
            return super().invoke(ctx)


def _plain(parameters: list[Any]) -> list[Any]:
    for parameter in parameters:
        if getattr(parameter, "is_flag", False):
            parameter.metavar = ""
    return parameters


@contextmanager
def _visible_messages() -> Iterator[None]:
    """What is wrong with an option, shown by Typer, quotes what the user gave."""
    try:
        yield
    except Exception as error:
        if hasattr(error, "format_message") and isinstance(getattr(error, "message", None), str):
            error.message = visible(error.message)  # type: ignore[attr-defined]
        raise
