"""What `pretrain`, `adapt` and `distil` do with a run that has been begun: train it, show how the session ended."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from elmo.cli.pretraining.live_line import LiveLine
from elmo.cli.show import say, say_in_place, show_facts
from elmo.cli.signals import STOP

if TYPE_CHECKING:
    from elmo.train.ranks import Ranks
    from elmo.train.runs.session import RunResult


def join_training(tensorboard: bool, device: str) -> "Ranks":
    """Prepare this process for a training, and join the others that train with it.

    Raises:
        ConfigError: TensorBoard is asked for and not installed; no such device.
    """
    from elmo.apps.pretraining.tensorboard_log import require_tensorboard
    from elmo.train.memory import keep_freed_memory
    from elmo.train.ranks import join_ranks

    if tensorboard:
        require_tensorboard()
    keep_freed_memory()
    return join_ranks(device)


def require_corpus(corpus: Sequence[str] | None) -> list[str]:
    """The files of a corpus.

    Raises:
        TextError: there are none.
    """
    from elmo.errors import TextError

    if not corpus:
        raise TextError("no corpus; give files with --corpus, or continue a run with --resume -o DIR")
    return list(corpus)


def refuse_with_resume(output: Path, fixed: Mapping[str, object]) -> None:
    """Refuse options that a run has fixed when it began.

    Args:
        fixed: these options and their values; None, False and an empty list are not given.
    Raises:
        ConfigError: one is given.
    """
    from elmo.errors import ConfigError

    given = [name for name, value in fixed.items() if value is not None and value is not False and value != []]
    if given:
        raise ConfigError(f"--resume uses the settings of the run ({output}/run.json); leave out {', '.join(given)}")


def refuse_second_run(output: Path) -> None:
    """Refuse to begin a run where there is one.

    Raises:
        OutputError: there is.
    """
    from elmo.errors import OutputError
    from elmo.train.runs.settings import run_folder

    if run_folder(output).is_begun():
        raise OutputError(f"{output} already contains a run; continue it with --resume, or give another -o")


def train_and_show(output: Path, max_minutes: float | None, tensorboard: bool, json: bool, ranks: "Ranks") -> None:
    """Train the run in a folder and print the result; ends the process with status 130 if it was interrupted."""
    from elmo.apps.pretraining.pretrain import continue_run
    from elmo.train.ranks import end_rank

    ranks.wait()
    STOP.save_first()
    live = LiveLine(max_minutes)
    result = continue_run(
        output,
        max_minutes=max_minutes,
        tensorboard=tensorboard,
        stop=STOP.asked,
        report=live.show,
        ranks=ranks,
    )
    say_in_place("")
    if ranks.is_first:
        _show(result, output, json)
    end_rank(ranks, 0 if result.finished or not ranks.is_first else 130)


def _show(result: "RunResult", output: Path, json: bool) -> None:
    """Print how a session ended."""
    from elmo.apps.pretraining.run_report import REPORT_FILE

    if not result.finished or result.heldout is None:
        say(
            f"elmo: interrupted at step {result.steps:,}; saved in {result.checkpoint}; continue with --resume -o {output}"
        )
        return
    show_facts(result.facts() | {"report": str(output / REPORT_FILE)}, json)
    if result.why == "no longer improving":
        say(
            f"elmo: held-out perplexity no longer falls at step {result.steps:,} of {result.n_steps:,}, so the run has ended; "
            "adaptation.patience is the number of evaluations that it waits"
        )
    elif result.steps < result.n_steps:
        say(
            f"elmo: {result.why} at step {result.steps:,} of {result.n_steps:,} ({result.epochs:.3g} epochs); the learning rate "
            f"has decayed to its end. To train on: --resume -o {output}; for M more minutes add --max-minutes M"
        )
    if result.steps <= result.softmax_steps:
        say(
            f"elmo: only the softmax has been trained; the first {result.softmax_steps:,} steps are its own. Give more time, or "
            "fewer with --set adaptation.softmax_steps=N"
        )
