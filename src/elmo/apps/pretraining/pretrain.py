"""Train a run that has been begun, as `elmo pretrain` does: with its report page and its log for TensorBoard."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from elmo.apps.pretraining.run_report import report_run
from elmo.apps.pretraining.tensorboard_log import TensorBoardLog
from elmo.train.ranks import ALONE, Ranks
from elmo.train.run_log import Report
from elmo.train.runs.run import Run
from elmo.train.runs.session import RunResult

TENSORBOARD_FOLDER = "tensorboard"


def continue_run(
    out: Path,
    *,
    max_minutes: float | None = None,
    tensorboard: bool = False,
    stop: Callable[[], bool] = lambda: False,
    report: Callable[[Report], None] = lambda line: None,
    ranks: Ranks = ALONE,
) -> RunResult:
    """Train from the last checkpoint of a run, or from the start if there is none; see `Run.train`.

    Args:
        tensorboard: write the reports for TensorBoard too.
    Raises:
        ConfigError: TensorBoard is not installed. Else as `Run.train`.
    """
    run = Run.resume(out)
    with ExitStack() as stack:
        scalars: TensorBoardLog | None = None
        if tensorboard and ranks.is_first:
            scalars = stack.enter_context(TensorBoardLog(out / TENSORBOARD_FOLDER))

        def log(line: Report) -> None:
            if scalars is not None:
                scalars.write(line)
            report(line)

        result = run.train(max_minutes=max_minutes, on_report=log, stop=stop, ranks=ranks)
    if ranks.is_first:
        report_run(out)
    ranks.wait()
    return result
