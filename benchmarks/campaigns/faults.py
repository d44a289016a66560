"""The campaign of faults: mutated folders and files, and commands killed at random moments.

    python -m benchmarks.campaigns.faults [--mutations 20000] [--signals 400] [--kills 200] [--seed 0] [--only GROUP] [--save]

Task folders, model folders, label files and vectors are changed by their structure and read in forked processes: each is right,
or one sentence of an `ElmoError`; none computes over 20 seconds, takes over 2 GB beyond the model, or changes another file. Every
command that writes is killed, by the signals that ask it to end and by SIGKILL: the last good state loads, other files stay.
What is neither is printed with its seed. The exit status is 1 where there is such a fault.
"""

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from benchmarks.campaigns.kills import KillFault, run_kills
from benchmarks.campaigns.mutated_inputs import Fault, run_mutations
from benchmarks.campaigns.subjects import make_subjects
from benchmarks.record import parser_with_save, record

N_KEPT = 50  # faults of each kind in the file of results


def campaign(
    mutations: int, signals: int, kills: int, seed: int, only: str = ""
) -> tuple[dict[str, Any], list[Fault | KillFault]]:
    """Run all; the figures that are kept, and the faults."""
    torch.set_num_threads(1)  # a forked process cannot use the threads of its parent
    begun = time.monotonic()
    faults: list[Fault | KillFault] = []
    figures: dict[str, Any] = {"seed": seed, "mutations": mutations, "signals": signals, "kills": kills}
    if mutations:
        with TemporaryDirectory() as place:
            subjects = [one for one in make_subjects(Path(place)) if only in f"{one.group} {one.name}"]
            tally = run_mutations(subjects, mutations, seed)
        figures["outcomes"] = dict(sorted(tally.outcomes.items()))
        faults += tally.faults
    if signals or kills:
        counts, harmed = run_kills(signals, kills, seed)
        figures["sent"] = dict(sorted(counts.items()))
        faults += harmed
    figures["n_faults"] = len(faults)
    figures["faults"] = [fault._asdict() for fault in faults[:N_KEPT]]
    figures["seconds"] = round(time.monotonic() - begun)
    return figures, faults


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--mutations", type=int, default=20_000)
    parser.add_argument("--signals", type=int, default=400, help="kills by a signal that a command may answer")
    parser.add_argument("--kills", type=int, default=200, help="kills by SIGKILL")
    parser.add_argument("--seed", type=int, default=0, help="of the first case; the others count on")
    parser.add_argument("--only", default="", help="of these subjects alone: task, model, labels, vectors, or a name")
    return parser.parse_args()


def main() -> None:
    """Run, show, keep."""
    given = arguments()
    figures, faults = campaign(given.mutations, given.signals, given.kills, given.seed, given.only)
    for name, value in figures.items():
        if name != "faults":
            print(f"{name}: {value}")
    for fault in faults:
        print(" | ".join(map(str, fault)))
    if given.save:
        sizes = f"--mutations {given.mutations} --signals {given.signals} --kills {given.kills} --seed {given.seed}"
        print(record("campaign_faults", f"python -m benchmarks.campaigns.faults {sizes} --save", figures))
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
