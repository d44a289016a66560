"""The English model adapted: a new softmax on its own kind of text, and text of three fields with and without old text.

    python -m benchmarks.measure.models.adaptation [--only PART]... [--minutes 60] [--set KEY=VALUE]... [--keep DIR] [--save]

Parts, each a row of results/adaptation.json:

    own                         `en` written in AllenNLP's format, which has no softmax, and adapted on the texts that it was
                                trained on, for `--minutes`; held-out perplexity beside that of `en` itself on the same text
    finance, conll2003, ncbi    `en` adapted on finance headlines, on the training text of CoNLL-2003 and of NCBI-disease, without
                                old text in training: perplexity before and after of the field and of old text
    finance-mixed, ...          the same with a fifth of the positions from old text

Old text is a part of the texts that `en` was trained on. `--keep DIR` keeps the folders of the runs, whose models a task can be
trained on (`elmo train -m DIR/conll2003`). Needs the texts in ../shared. `--max-steps` shortens every part.
"""

import gzip
import json
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from benchmarks.measure.models.perplexity import SHIPPED
from benchmarks.record import SHARED, keep_row, parser_with_save, show
from elmo.apps.models.convert import convert_model
from elmo.apps.models.perplexity import measure_file
from elmo.apps.pretraining.adapt import begin_adaptation
from elmo.apps.pretraining.pretrain import continue_run
from elmo.train.run_log import Report

DATA = SHARED / "data"
ENGLISH = DATA / "lm" / "english"
OLD = ("medicine", "government", "books_older", "sentences")
MIX = 0.2  # fraction of the positions, in the parts with old text
FIRST_TEST_DAY = "2015-01-01"  # of the headlines


class Field(NamedTuple):
    """Text of a field."""

    corpus: Callable[[Path], list[Path]]  # a folder for temporary files -> the files of its training text
    heldout: Path | None  # None: one sentence in a hundred


def finance(room: Path) -> list[Path]:
    """World news headlines before the usual test part, and the sentences of the PhraseBank's training part."""
    folder = DATA / "finance"
    headlines = write_headlines(folder / "djia-reddit-news-en" / "days.jsonl.gz", room / "headlines.txt")
    return [headlines, folder / "phrasebank-en" / "train.jsonl.gz"]


def write_headlines(days: Path, target: Path) -> Path:
    """The headlines of all days before FIRST_TEST_DAY, one a line."""
    with gzip.open(days, "rt", encoding="utf-8") as lines, target.open("w", encoding="utf-8") as file:
        for day in map(json.loads, lines):
            if day["date"] < FIRST_TEST_DAY:
                file.writelines(" ".join(headline.split()) + "\n" for headline in day["headlines"])
    return target


def labelled(name: str) -> Field:
    """The words of a labelled set in CoNLL columns."""
    folder = DATA / "ner" / name
    return Field(lambda room: [folder / "train.conll.gz"], folder / "valid.conll.gz")


FIELDS = {
    "finance": Field(finance, None),
    "conll2003": labelled("conll2003-en"),
    "ncbi": labelled("ncbi-disease-en"),
}
PARTS = ("own", *(f"{field}{mixed}" for field in FIELDS for mixed in ("", "-mixed")))


def _print_report(line: Report) -> None:
    heldout = "" if line.heldout is None else f"  held-out {line.heldout.mean:.2f}"
    speed = f"{line.tokens_per_s:,.0f} tokens/s"
    print(f"step {line.step:,}/{line.n_steps:,}  loss {line.loss_nats:.3f}{heldout}  {speed}", flush=True)


def run_of(model: str, out: Path, given: Namespace, corpus: Sequence[Path], **options: Any) -> dict[str, Any]:
    """Adapt a model and return the facts of the run."""
    begin_adaptation(
        model,
        [str(path) for path in corpus],
        out,
        overrides=given.set,
        max_steps=given.max_steps,
        say=lambda line: print(line, flush=True),
        **options,
    )
    result = continue_run(out, max_minutes=given.minutes, report=_print_report)
    return {name: value for name, value in result.facts().items() if name != "model"}


def measure_own(room: Path, out: Path, given: Namespace) -> dict[str, Any]:
    """A new softmax for the English model: perplexity on its held-out text, beside that of the model that has kept its own."""
    convert_model("en", room / "published", "allennlp")
    texts = [ENGLISH / f"{name}.txt.xz" for name in SHIPPED]
    heldout = ENGLISH / "heldout.txt.gz"
    facts = run_of(str(room / "published"), out, given, texts, heldout=heldout)
    own = {} if given.max_steps else measure_file("en", heldout)
    return facts | {f"en.{name}": own[name] for name in ("forward", "backward", "mean", "oov_rate") if own}


def measure_field(part: str, room: Path, out: Path, given: Namespace) -> dict[str, Any]:
    """The English model on text of a field."""
    name, _, mixed = part.partition("-")
    field = FIELDS[name]
    old = [str(ENGLISH / f"{text}.txt.xz") for text in (OLD[-1:] if given.max_steps else OLD)]
    mix = [*old[:-1], f"{old[-1]}:{MIX if mixed else 0}"]
    return run_of("en", out, given, field.corpus(room), heldout=field.heldout, mix=mix)


def main() -> None:
    """Print the figures of each part; with --save keep them as rows of results/adaptation.json."""
    parser = parser_with_save(__doc__)
    parser.add_argument("--only", action="append", choices=PARTS, help="measure this part only; repeatable")
    parser.add_argument("--minutes", type=float, default=60.0, help="of training, each part at most")
    parser.add_argument("--max-steps", type=int, help="of each part, for a quick trial; measures less")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting; repeatable")
    parser.add_argument("--keep", type=Path, help="folder to keep the folders of the runs in")
    given = parser.parse_args()
    settings = "".join(f" --set {setting}" for setting in given.set)
    for part in given.only or PARTS:
        with TemporaryDirectory() as folder:
            room = Path(folder)
            out = room / "run" if given.keep is None else given.keep / part
            figures = measure_own(room, out, given) if part == "own" else measure_field(part, room, out, given)
        print(part)
        show({name: value for name, value in figures.items() if isinstance(value, int | float)})
        if given.save:
            command = (
                f"python -m benchmarks.measure.models.adaptation --only {part} --minutes {given.minutes:g}{settings}"
            )
            figures.pop("report", None)
            keep_row(
                "adaptation", part, command + (f" --max-steps {given.max_steps}" if given.max_steps else ""), figures
            )


if __name__ == "__main__":
    main()
