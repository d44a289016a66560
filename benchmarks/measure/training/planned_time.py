"""The time that `elmo plan` predicts for a run, compared with the time that the run takes.

    python -m benchmarks.measure.training.planned_time [--rounds N] [--save]

A generated text of 100,000 tokens, about three hundred steps of a small model. In each round, first the plan is made, then the
run is trained in the same process. The times of the steps and of the evaluations during training are compared, without reading
the text and the last evaluation, which a run does not count. Figures are medians over rounds; the ratio is predicted / actual.
"""

import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.record import parser_with_save, record, show
from elmo.apps.pretraining.plan import PlanRequest, plan_training
from elmo.apps.pretraining.pretrain import continue_run
from elmo.train.recipe import pretrain_config
from elmo.train.runs.begin import start_run

N_TOKENS, SENTENCE = 100_000, 20
SETTINGS = ("rows=32", "window=10", "bilm.lstm.cell_size=64", "evaluate_every=100", "epochs=1")


def measure(folder: Path, seconds: float) -> tuple[float, float]:
    """Predicted and actual seconds of one run in an empty folder; the plan measures the speed for `seconds`."""
    words = [f"word{i * i % 4999}" for i in range(N_TOKENS)]
    text = folder / "a.txt"
    text.write_text("".join(" ".join(words[i : i + SENTENCE]) + "\n" for i in range(0, N_TOKENS, SENTENCE)))
    plan = plan_training(PlanRequest([str(text)], overrides=SETTINGS, pretokenized=True), seconds=seconds)
    start_run([str(text)], folder / "run", pretrain_config({}, list(SETTINGS)), pretokenized=True)
    taken = continue_run(folder / "run").progress.seconds
    last_evaluation = plan.cost.sentence_s * plan.cost.n_heldout
    return plan.cost.stepping_s(plan.n_steps) + plan.cost.evaluating_s(plan.n_steps) - last_evaluation, taken


def main() -> None:
    """Print the medians; with --save keep them in results/planned_time.json."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="for which the plan trains")
    given = parser.parse_args()
    rounds = []
    for _ in range(given.rounds):
        with TemporaryDirectory() as name:
            rounds.append(measure(Path(name), given.seconds))
    ratios = sorted(planned / taken for planned, taken in rounds)
    figures = {
        "predicted_s": round(statistics.median(planned for planned, _ in rounds), 2),
        "taken_s": round(statistics.median(taken for _, taken in rounds), 2),
        "ratio": round(statistics.median(ratios), 3),
        "lowest_ratio": round(ratios[0], 3),
        "highest_ratio": round(ratios[-1], 3),
    }
    show(figures)
    if given.save:
        record("planned_time", f"python -m benchmarks.measure.training.planned_time --rounds {given.rounds}", figures)


if __name__ == "__main__":
    main()
