"""`elmo probe`: what simple probes read off the frozen vectors of a model, layer by layer, beside other vectors."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elmo.cli.show import say_in_place, show_facts

if TYPE_CHECKING:
    from elmo.apps.studies.probe import Probed


def probe(
    model: Annotated[str, typer.Argument(help="Model folder, or the name of a bundled model (en, zh).")],
    data: Annotated[Path, typer.Argument(help="Folder of labelled texts, laid out as docs/probes.md says.")],
    probes: Annotated[
        str | None, typer.Option(help="Of pos, sense, wic, sentences, words, entities; commas between; else all.")
    ] = None,
    corpus: Annotated[
        list[Path] | None, typer.Option(help="Text in which words are averaged (words), and of --vectors.")
    ] = None,
    static: Annotated[
        list[Path] | None, typer.Option(help="Static vectors beside the model: word2vec, GloVe, fastText (.bin).")
    ] = None,
    vectors: Annotated[
        Path | None, typer.Option(help="Folder: train Word2Vec and fastText on the corpus, once (extra gensim).")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=9, help="Draws of what is learned from.")] = 5,
    noise: Annotated[float, typer.Option(min=0, max=1, help="Share of words misspelt in a second test text.")] = 0.1,
    limit: Annotated[int, typer.Option(min=1, help="Tokens that tags are learned from, at most.")] = 100_000,
    occurrences: Annotated[int, typer.Option(min=1, help="Places of a word that are averaged (words).")] = 5,
    random: Annotated[bool, typer.Option("--random/--no-random", help="A model of random weights as well.")] = True,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder: all scores, a table, a picture by layer.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the folder if it exists.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Probe the layers of a model for parts of speech, senses, entities, similarity.

    Example: `elmo probe en data --noise 0 -o probes`
    """
    from elmo.analysis.probe_scores import ProbeSettings
    from elmo.apps.studies.probe import PROBES, facts_of, probe_model

    found = probe_model(
        model,
        data,
        ProbeSettings(seeds=seeds, typed=noise, limit=limit, occurrences=occurrences),
        probes=PROBES if probes is None else [name.strip() for name in probes.split(",")],
        corpus=corpus or [],
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
    from rich.console import Console
    from rich.table import Table

    from elmo.analysis.probe_scores import best_views
    from elmo.apps.studies.probe_page import TITLES, cell_of, with_means

    rows = [row for row in best_views(with_means(found.scores)) if row.text == "clean"]
    systems = list(dict.fromkeys(row.system for row in rows))
    table = Table(title="Percent; of each system the view that is best on dev")
    for name in ("probe", "set", *systems):
        table.add_column(name)
    for probe, measure, of in dict.fromkeys((row.probe, row.measure, row.of) for row in rows):
        own = {row.system: cell_of(row) for row in rows if (row.probe, row.measure, row.of) == (probe, measure, of)}
        table.add_row(TITLES[probe, measure], of, *(own.get(system, "") for system in systems))
    console = Console(width=None if Console().is_terminal else 200)
    console.print(table)
    for reason in found.skipped.values():
        console.print(f"skipped: {reason}", markup=False, highlight=False)
