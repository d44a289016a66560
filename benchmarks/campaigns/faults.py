"""The campaign of faults: mutated folders and files, and commands killed at random moments.

    python -m benchmarks.campaigns.faults [--mutations 20000] [--signals 400] [--kills 200] [--seed 0] [--only GROUP] [--save]

Task folders, model folders, label files, vectors and texts are changed by their structure and read in forked processes: each
is right, or one sentence of an `ElmoError`; none computes over 20 seconds, takes over 2 GB beyond the model, or changes another
file. Every command that writes is killed, by the signals that ask it to end and by SIGKILL: the last good state loads, other
files stay. What is neither is printed with its seed. The exit status is 1 where there is such a fault. `--save` keeps the
mutations and the kills as two rows of `results/faults.json`.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from benchmarks.campaigns.commands import COMMANDS
from benchmarks.campaigns.kills import KillFault, run_kills
from benchmarks.campaigns.mutated_inputs import Fault, run_mutations
from benchmarks.campaigns.subjects import make_subjects
from benchmarks.record import keep_row, parser_with_save

N_KEPT = 50  # faults of each kind in the file of results


def mutations_campaign(n: int, seed: int, only: str = "") -> tuple[dict[str, Any], list[Fault]]:
    """Read mutated inputs; the figures that are kept, and the faults."""
    begun = time.monotonic()
    with TemporaryDirectory() as place:
        subjects = [one for one in make_subjects(Path(place)) if only in f"{one.group} {one.name}"]
        tally = run_mutations(subjects, n, seed, _show)
    figures = {
        "seed": seed,
        "mutations": n,
        "subjects": len(subjects),
        "outcomes": dict(sorted(tally.outcomes.items())),
    }
    return figures | _end(tally.faults, begun), tally.faults


def kills_campaign(signals: int, kills: int, seed: int) -> tuple[dict[str, Any], list[KillFault]]:
    """Kill commands; the figures that are kept, and the faults."""
    begun = time.monotonic()
    counts, faults = run_kills(signals, kills, seed, _show)
    figures = {"seed": seed, "commands": len(COMMANDS), "sent": dict(sorted(counts.items()))}
    return figures | _end(faults, begun), faults


def _end(faults: Sequence[Fault | KillFault], begun: float) -> dict[str, Any]:
    kept = [fault._asdict() for fault in faults[:N_KEPT]]
    return {"n_faults": len(faults), "faults": kept, "seconds": round(time.monotonic() - begun)}


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--mutations", type=int, default=20_000)
    parser.add_argument("--signals", type=int, default=400, help="kills by a signal that a command may answer")
    parser.add_argument("--kills", type=int, default=200, help="kills by SIGKILL")
    parser.add_argument("--seed", type=int, default=0, help="of the first case; the others count on")
    parser.add_argument(
        "--only", default="", help="of these subjects alone: task, model, labels, vectors, texts, predict, or a name"
    )
    return parser.parse_args()


def _show(fault: Fault | KillFault) -> None:
    print(" | ".join(map(str, fault)), flush=True)


def _report(row: str, sizes: str, figures: dict[str, Any], save: bool) -> None:
    """Print a row, without its faults, which were shown when they were found; keep it."""
    for name, value in figures.items():
        if name != "faults":
            print(f"{name}: {value}")
    if save:
        print(keep_row("faults", row, f"python -m benchmarks.campaigns.faults {sizes} --save", figures))


def main() -> None:
    """Run, show, keep."""
    given = arguments()
    torch.set_num_threads(1)  # a forked process cannot use the threads of its parent
    found: list[Fault | KillFault] = []
    if given.mutations:
        figures, faults = mutations_campaign(given.mutations, given.seed, given.only)
        sizes = f"--mutations {given.mutations} --signals 0 --kills 0 --seed {given.seed}"
        _report("mutations", sizes, figures, given.save)
        found += faults
    if given.signals or given.kills:
        figures, harmed = kills_campaign(given.signals, given.kills, given.seed)
        sizes = f"--mutations 0 --signals {given.signals} --kills {given.kills} --seed {given.seed}"
        _report("kills", sizes, figures, given.save)
        found += harmed
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
