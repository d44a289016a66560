"""Run one case, or what it needs beforehand, with the `elmo` on the path.

    PYTHONPATH=TREE/src:. python -m benchmarks.measure.house.cases.run run|make CASE FOLDER SHARED OLD_TREE OUTCOME.json
    PYTHONPATH=TREE/src:. python -m benchmarks.measure.house.cases.run time NAME FOLDER

A case uses only what has to stay: the command line, the names of `elmo` and of `elmo.compat`. It works in an empty folder, or in
a copy of the one that the old tree filled in the case's `make`. `time` prints tokens a second.
"""

import json
import resource as usage_of
import sys
from pathlib import Path

from benchmarks.measure.house.cases import files, old_calls, pretraining, tasks, vectors  # noqa: F401 (they fill CASES)
from benchmarks.measure.house.cases.case import CASES, Room
from benchmarks.measure.house.cases.digests import Items
from benchmarks.measure.house.cases.speeds import TIMED


def main() -> None:
    """Do one thing of one case."""
    what, name, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if what == "time":
        print(json.dumps(TIMED[name](folder)))
        return
    shared, old_tree, outcome = map(Path, sys.argv[4:7])
    room = Room(folder, shared, old_tree)
    import elmo as package

    chosen = CASES[name]
    if what == "make":
        assert chosen.make is not None
        chosen.make(room)
        items: Items = {}
    else:
        items = chosen.run(room)
    used = [usage_of.getrusage(who) for who in (usage_of.RUSAGE_SELF, usage_of.RUSAGE_CHILDREN)]
    cpu_s = sum(usage.ru_utime + usage.ru_stime for usage in used)
    found = {"package": package.__file__, "cpu_s": cpu_s, "items": items}
    outcome.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
