"""The reports of a run for TensorBoard: one scalar per number, by step."""

from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from elmo.errors import ConfigError, OutputError
from elmo.train.run_log import Report

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter


def require_tensorboard() -> None:
    """Refuse at once if TensorBoard is missing.

    Raises:
        ConfigError: TensorBoard is not installed.
    """
    if find_spec("tensorboard") is None:
        raise ConfigError(
            "--tensorboard needs the package tensorboard; install it with pip install 'elmo-lm[tensorboard]'"
        )


class TensorBoardLog:
    """Scalars in a folder that all sessions of a run share.

    Args:
        folder: made if need be.
    Raises:
        ConfigError: TensorBoard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        require_tensorboard()
        self._folder = folder
        self._writer: SummaryWriter | None = None

    def write(self, line: Report) -> None:
        """Write one report.

        Raises:
            OutputError: the disk is full or fails.
        """
        from torch.utils.tensorboard import SummaryWriter

        numbers = {
            name: value for name, value in asdict(line).items() if name not in ("step", "n_steps", "heldout", "terms")
        }
        numbers |= line.terms
        if line.heldout is not None:
            numbers |= {f"heldout/{name}": getattr(line.heldout, name) for name in ("forward", "backward", "mean")}
        try:
            if self._writer is None:
                # A resumed run trains the steps since its checkpoint again: their old values are discarded.
                self._writer = SummaryWriter(str(self._folder), purge_step=line.step)
            for name, value in numbers.items():
                self._writer.add_scalar(name, value, line.step)
            self._writer.flush()
        except OSError as error:
            raise OutputError(f"{self._folder}: cannot be written ({error.strerror})") from error

    def __enter__(self) -> "TensorBoardLog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()
