"""A learning curve: one task trained on fractions of the training file, with several seeds, with ELMo and without.

The paper's figure 1 asks how many labels ELMo saves; the fractions of one seed are nested, the smaller within the larger. Each
training has a folder of its own, so a learning curve that was stopped continues where it was.
"""

from collections.abc import Iterator
from pathlib import Path
from statistics import mean, stdev
from typing import Any, NamedTuple

from pydantic import BaseModel

from elmo.apps.tasks.learning_curve_page import Row, Table, write_learning_curve_page
from elmo.apps.tasks.train_task import RUN_FILE, TASK_FILES, TaskRun, inputs_of, settled_run, train_task
from elmo.errors import ConfigError, ElmoError
from elmo.storage.atomic import atomic_write
from elmo.storage.job_folder import NEXT, JobFolder, refuse_changed_files
from elmo.storage.json_files import read_json
from elmo.tasks.kinds.registry import kind_of, learnable
from elmo.tasks.layer_cache import cache_folder, require_cache
from elmo.tasks.saved_task import CONFIG_FILE
from elmo.tasks.training import TrainingCallback

STUDY_FILE, TABLE_FILE, PAGE_FILE = "study.json", "table.json", "report.html"


class LearningCurve(BaseModel, frozen=True, extra="forbid"):
    """What is trained: the `study.json` of its folder."""

    run: TaskRun
    fractions: list[float]  # percent of the training file
    seeds: list[int]
    baseline: bool = False  # also train each without ELMo


class Part(NamedTuple):
    """One training of a learning curve."""

    name: str  # name of its folder
    fraction: float
    seed: int
    with_elmo: bool
    run: TaskRun


def train_learning_curve(
    curve: LearningCurve | None,
    folder: Path,
    *,
    resume: bool = False,
    force: bool = False,
    cache: Path | None = None,
    watch: TrainingCallback = TrainingCallback(),
) -> Table:
    """Train each missing part, then write `table.json` and `report.html`.

    Args:
        curve: None: what `study.json` of the folder says, with `resume`. Others as of `train_task`.
    Raises:
        See `train_task`.
    """
    job = curve_folder(folder)
    if resume:
        curve = job.read_settings()
        refuse_changed_files(curve.run.checksums)
    assert curve is not None
    if not resume:
        job.refuse_existing(force, inputs_of(curve.run))
        _require_labels(curve)
        curve = curve.model_copy(update={"run": settled_run(curve.run)})
    if curve.run.config.model is not None and curve.run.config.elmo.reads_frozen_layers:
        require_cache(cache or cache_folder())
    with job.hold() if resume else job.begin(curve, force) as own:
        for part in parts(curve):
            task = own / part.name
            if (task / CONFIG_FILE).exists():
                continue
            watch.part(part.name)
            again = (task / RUN_FILE).exists()
            train_task(None if again else part.run, task, resume=again, cache=cache, watch=watch, layers_of_all=True)
        table = _table(curve, own)
        write_learning_curve_page(table, curve.run, own / PAGE_FILE)
        with atomic_write(own / TABLE_FILE) as target:
            target.write_text(table.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return table


def curve_folder(folder: Path) -> JobFolder[LearningCurve]:
    """The folder of a learning curve; it may replace that of a task."""
    own = [f"{kind}-*-*/{pattern}" for kind in ("elmo", "without") for pattern in TASK_FILES]
    files = [STUDY_FILE, TABLE_FILE, PAGE_FILE, *own]
    holds = [*files, *(f"{NEXT}/{pattern}" for pattern in files), *TASK_FILES]
    known_by, whole_by = [STUDY_FILE, RUN_FILE, CONFIG_FILE], [TABLE_FILE, CONFIG_FILE]
    return JobFolder(folder, STUDY_FILE, LearningCurve, known_by=known_by, holds=holds, whole_by=whole_by)


def is_learning_curve(folder: Path) -> bool:
    """Whether a folder contains a learning curve, finished or not."""
    return curve_folder(folder).is_begun()


def parts(curve: LearningCurve) -> Iterator[Part]:
    """Every training, the largest fraction first: its layers are reused by the smaller ones."""
    for fraction in sorted(set(curve.fractions), reverse=True):
        for seed in dict.fromkeys(curve.seeds):
            for with_elmo in (
                (True, False) if curve.baseline and curve.run.config.model else (bool(curve.run.config.model),)
            ):
                changed = {"fraction": fraction, "seed": seed} | ({} if with_elmo else {"model": None})
                run = curve.run.model_copy(update={"config": curve.run.config.model_copy(update=changed)})
                yield Part(f"{'elmo' if with_elmo else 'without'}-{fraction:g}-{seed}", fraction, seed, with_elmo, run)


def fractions_of(text: str) -> list[float]:
    """`1,5,20,100`: percent of the training file.

    Raises:
        ConfigError: one is no percentage.
    """
    try:
        found = [float(one) for one in text.split(",")]
    except ValueError:
        found = []
    if not found or not all(0 < one <= 100 for one in found):
        raise ConfigError(
            f"--fractions {text}: give percentages of the training file, above 0 and at most 100, such as 1,5,20,100"
        )
    return found


def seeds_of(text: str, first: int) -> list[int]:
    """`3`: three seeds, starting with the first; `0,5,9`: these seeds.

    Raises:
        ConfigError: a seed is none.
    """
    try:
        found = [int(one) for one in text.split(",")]
    except ValueError:
        found = []
    if len(found) == 1 and found[0] > 0:
        return list(range(first, first + found[0]))
    if len(found) < 2 or min(found) < 0:
        raise ConfigError(f"--seeds {text}: give a number of seeds, such as 3, or a list, such as 0,5,9")
    return found


def _require_labels(curve: LearningCurve) -> None:
    """Refuse a fraction of the training file without enough labels, before anything is trained."""
    path, kind = curve.run.train, kind_of(curve.run.config)
    examples = kind.read(kind.for_file(curve.run.config, path), path)
    for part in parts(curve):
        config = kind.for_file(part.run.config, path)
        some = learnable(config, examples, str(path))
        try:
            kind.labels(config, some, str(path))
        except ElmoError as error:
            raise ConfigError(
                f"{part.fraction:g} % of the training file is too small ({error}); leave it out"
            ) from error


def _table(curve: LearningCurve, folder: Path) -> Table:
    found: dict[tuple[bool, float], list[dict[str, Any]]] = {}
    for part in parts(curve):
        facts = read_json(folder / part.name / CONFIG_FILE)["training"]
        found.setdefault((part.with_elmo, part.fraction), []).append(facts)
    rows = []
    name = ""
    for (with_elmo, fraction), every in sorted(found.items(), key=lambda pair: (not pair[0][0], pair[0][1])):
        name = every[0]["main_score"]
        scores = [facts[f"dev_{name}"] for facts in every]
        deviation = stdev(scores) if len(scores) > 1 else None
        n_examples = every[0]["examples"]
        rows.append(
            Row(
                with_elmo=with_elmo,
                fraction=fraction,
                n_examples=n_examples,
                scores=scores,
                mean=mean(scores),
                deviation=deviation,
                warnings=[facts["warning"] for facts in every if "warning" in facts],
            )
        )
    return Table(score=name, seeds=curve.seeds, rows=rows)
