"""`elmo demo`: how context changes the vector of a word, in a minute."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elmo.cli.options import AsJson, ReplaceFolder
from elmo.cli.show import Screen, new_table, show_facts, styled

if TYPE_CHECKING:
    from elmo.apps.studies.demo import Demo


_NEXT = (
    ("elmo examples my-examples", "small files on which the documented commands run"),
    ("elmo embed sentences.txt -o vectors.hdf5 --layers all", "vectors of a text, one sentence per line"),
    ("elmo perplexity en heldout.txt", "how well the model predicts a text, in both directions"),
    ('elmo pretrain --corpus "texts/*.txt" -o my-model', "a model trained on your own text, in any language"),
)


def demo(
    model: Annotated[str, typer.Option("-m", "--model", help="Model folder, or the name of a bundled model.")] = "en",
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to write: vectors, table and picture.")] = Path(
        "elmo-demo"
    ),
    force: ReplaceFolder = False,
    json: AsJson = False,
) -> None:
    """Show how context changes the vectors of five ambiguous words, layer by layer.

    Example: `elmo demo`
    """
    from elmo.apps.studies.demo import run_demo

    found = run_demo(model, out, force)
    if json:
        facts = {
            f"{r.word}.layer{r.layer}.{k}": getattr(r, k) for r in found.rows for k in ("same_sense", "different_sense")
        }
        facts |= {"words_told_apart": found.words_told_apart, "vectors": str(found.vectors), "table": str(found.table)}
        show_facts(facts | {"picture": str(found.picture) if found.picture else None}, as_json=True)
        return
    _show(found)


def _show(found: "Demo") -> None:
    screen = Screen()
    screen.line(("\nDoes the model distinguish the senses of a word?", "bold"))
    screen.line("Mean cosine similarity between occurrences: same sense / different senses.\n")
    layers = sorted({row.layer for row in found.rows})
    table = new_table()
    table.add_column("word")
    for layer in layers:
        table.add_column("token layer\n(no context)" if layer == 0 else f"layer {layer}\nsame / diff", justify="center")
    table.add_column("nearest has\nthe same sense")
    for word in dict.fromkeys(row.word for row in found.rows):
        own = [row for row in found.rows if row.word == word]
        cells = [
            styled(
                f"{r.same_sense:.2f} / {r.different_sense:.2f}",
                "" if r.layer == 0 else (" yes", "green") if r.same_sense > r.different_sense else (" no", "red"),
            )
            for r in own
        ]
        table.add_row(word, *cells, f"{own[-1].neighbours_right} of {own[-1].occurrences}")
    screen.table(table)
    n_words = len({row.word for row in found.rows})
    screen.line(
        f"{found.words_told_apart} of {n_words} words: same-sense pairs are closer in every layer that knows context.\n"
    )
    screen.line(("Nearest occurrence in the top layer", "bold"))
    for pair in found.neighbours:
        same = pair.nearest.sense == pair.occurrence.sense
        screen.line(f"  {pair.occurrence.text}")
        screen.line(
            f"    {pair.cosine:.2f}  {pair.nearest.text}  ", ("same sense", "green") if same else ("other sense", "red")
        )
    screen.line(f"\nvectors  {found.vectors}\ntable    {found.table}")
    if found.picture is None:
        screen.line("picture  not drawn: matplotlib is missing; pip install 'elmo-lm[plots]'")
    else:
        screen.line(f"picture  {found.picture}")
    screen.line(("\nTry next", "bold"))
    for command, what in _NEXT:
        screen.line(f"  {command}\n      {what}")
