"""`elmo probe`: accuracy of simple classifiers on the frozen vectors of each layer, compared with other vectors."""

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elmo.cli.options import AsJson, ModelArgument, ReplaceFolder
from elmo.cli.show import Screen, new_table, say_in_place, show_facts

if TYPE_CHECKING:
    from elmo.apps.studies.probe import Probed


def probe(
    model: ModelArgument,
    data: Annotated[Path, typer.Argument(help="Folder of labelled texts in the layout of docs/probes.md.")],
    probes: Annotated[
        str | None,
        typer.Option(help="pos, sense, wic, sentences, words, entities, separated by commas (default: all)."),
    ] = None,
    corpus: Annotated[
        list[Path] | None,
        typer.Option(help="Text for the word vectors of the probe words, and for training with --vectors."),
    ] = None,
    static: Annotated[
        list[Path] | None, typer.Option(help="Static vectors to compare with: word2vec, GloVe, fastText (.bin).")
    ] = None,
    vectors: Annotated[
        Path | None,
        typer.Option(help="Folder for Word2Vec and fastText vectors, trained once on the corpus (extra gensim)."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=9, help="Number of random training splits (seeds).")] = 5,
    noise: Annotated[float, typer.Option(min=0, max=1, help="Fraction of misspelt words in a second test text.")] = 0.1,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of training tokens of the tag probes.")] = 100_000,
    occurrences: Annotated[int, typer.Option(min=1, help="Occurrences averaged per word (probe words).")] = 5,
    random: Annotated[
        bool, typer.Option("--random/--no-random", help="Also probe a model with random weights.")
    ] = True,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder to write: all scores, a table, a picture by layer.")
    ] = None,
    force: ReplaceFolder = False,
    json: AsJson = False,
) -> None:
    """Measure what each layer encodes: parts of speech, word senses, named entities, similarity.

    Example: `elmo probe en data --noise 0 -o probes`
    """
    from elmo.analysis.probe_scores import ProbeSettings
    from elmo.apps.studies.probe import PROBES, facts_of, probe_model
    from elmo.text.sources.standard_input import rereadable

    with ExitStack() as stack:
        texts = [stack.enter_context(rereadable(path)) for path in corpus or []]
        found = probe_model(
            model,
            data,
            ProbeSettings(seeds=seeds, typed=noise, limit=limit, occurrences=occurrences),
            probes=PROBES if probes is None else [name.strip() for name in probes.split(",")],
            corpus=texts,
            static=static or [],
            vectors=vectors,
            with_random=random,
            output=output,
            force=force,
            report=lambda name, source: say_in_place(f"{name}: {source}"),
        )
    say_in_place("")
    if json:
        show_facts({**facts_of(found.scores), **{f"skipped.{k}": v for k, v in found.skipped.items()}}, as_json=True)
        return
    _show(found, model)


def _show(found: "Probed", model: str) -> None:
    from elmo.analysis.probe_scores import best_views
    from elmo.apps.studies.probe_page import TITLES, cell_of, with_means

    rows = [row for row in best_views(with_means(found.scores)) if row.text == "clean"]
    systems = list(dict.fromkeys(row.system for row in rows))
    screen = Screen(in_a_pipe=200)
    title = "Scores in percent; for each system the layer or view that is best on dev"
    wide = new_table("probe", "set", *systems, title=title)
    narrow = new_table("probe", "set", "system", "score", title=title)  # a row per score, for a terminal of few columns
    for probe, measure, of in dict.fromkeys((row.probe, row.measure, row.of) for row in rows):
        own = {row.system: cell_of(row) for row in rows if (row.probe, row.measure, row.of) == (probe, measure, of)}
        wide.add_row(TITLES[probe, measure], of, *(own.get(system, "") for system in systems))
        for number, (system, cell) in enumerate(own.items()):
            first = (TITLES[probe, measure], of) if number == 0 else ("", "")
            narrow.add_row(*first, system, cell, end_section=number == len(own) - 1)
    screen.table(wide if screen.fits(wide) else narrow)
    for reason in found.skipped.values():
        screen.line(f"skipped: {reason}", wrap=True)
