"""The scores of `probes.py` -> the tables, printed output and picture of docs/elmo-vs-static.md and its Chinese version."""

import contextlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.pages.markdown_table import markdown_table
from benchmarks.pages.marked_page import write_between
from benchmarks.pages.versus_picture import draw_bars
from benchmarks.pages.versus_words import (
    CHINESE,
    CONTESTANTS,
    CONTEXT,
    ENGLISH,
    FASTTEXT,
    RANDOM,
    TOKEN,
    WORD2VEC,
    Kind,
    Language,
)
from benchmarks.record import ROOT
from elmo.analysis.probe_scores import MAJORITY, Score, best_views, difference_of, mean_over_sets
from elmo.apps.models.info import describe_model
from elmo.apps.studies.probe_page import MISSING, TITLES, cell_of

PICTURE = ROOT / "docs" / "elmo-vs-static.png"
_LINES = r"((?:(?!```).*\n)*)"  # up to the end of a block
_EXAMPLE = re.compile(rf"(^```python\n{_LINES}```\n\n```text\n){_LINES}", re.MULTILINE)
_SENSES = (("sense", "first neighbour"), ("sense", "logistic"))

PAGES = {ROOT / "docs" / "elmo-vs-static.md": ENGLISH, ROOT / "docs" / "elmo-vs-static.zh.md": CHINESE}


def write_pages(scores: Sequence[Score], model: str, bundled: Mapping[str, Any] | None) -> Iterator[Path]:
    """Write both pages and the picture; yields their paths.

    Args:
        scores: all stored scores of the probes. bundled: figures of `bundled.py`; None: not measured.
    """
    facts = describe_model(model)
    for page, language in PAGES.items():
        for name, table in tables(scores, model, language).items():
            write_between(page, *marks(name), table)
        write_between(page, *marks("cost"), cost_table(facts, bundled, language))
        page.write_text(with_output(page.read_text(encoding="utf-8")), encoding="utf-8")
        yield page
    best = best_of(contestants(scores, model))
    if draw_bars({key[:2]: score for key, score in best.items() if key[2] == "clean"}, PICTURE):
        yield PICTURE


def marks(name: str) -> tuple[str, str]:
    """The two marks around a table of the pages."""
    return (
        f"<!-- {name}: written by `python -m benchmarks.measure.probes.probes --write-docs` -->",
        f"<!-- end of {name} -->",
    )


def tables(scores: Sequence[Score], model: str, language: Language) -> dict[str, str]:
    """Name of a table -> Markdown; scores that are not stored are `·`."""
    named = contestants(scores, model)
    return {
        "scores": scores_table(named, language),
        "views": views_table(named, language),
        "differences": difference_table(named, language),
        "typing": typing_table(named, language),
    }


def contestants(scores: Sequence[Score], model: str) -> list[Score]:
    """Scores with the names of this page: the token layer (also averaged) and the layers with context are two systems."""
    found = []
    for score in scores:
        system = score.system
        if system == f"{model}, token layer averaged" or (system == model and score.view.startswith("layer 0")):
            system = TOKEN
        elif system == model:
            system = CONTEXT
        if system in CONTESTANTS:
            found.append(score._replace(system=system))
    return found


def best_of(named: Sequence[Score]) -> dict[tuple[Kind, str, str], Score]:
    """Kind, system and text -> the score of the best view; for probes with several sets, the mean over them."""
    whole = [score for probe, measure in TITLES for score in _over_sets(named, probe, measure)]
    return {((score.probe, score.measure), score.system, score.text): score for score in best_views(whole)}


def _over_sets(named: Sequence[Score], probe: str, measure: str) -> list[Score]:
    own = [score for score in named if (score.probe, score.measure) == (probe, measure)]
    return mean_over_sets(own, probe, measure) if len({score.of for score in own}) > 1 else own


def scores_table(named: Sequence[Score], language: Language) -> str:
    """One row per probe, one column per system: the best view, on text without typing errors."""
    best = best_of(named)
    rows = []
    for kind, title in language.probes.items():
        found = [best.get((kind, system, "clean")) for system in CONTESTANTS]
        rows.append([title, _set(found, language), *(_cell(score, language) for score in found)])
    return _table(["scores", *CONTESTANTS], rows, language)


def views_table(named: Sequence[Score], language: Language) -> str:
    """Scores of word senses: one row per view, one column per probe."""
    whole = [score for kind in _SENSES for score in _over_sets(named, *kind) if score.text == "clean"]
    cells = {(score.system, score.view, (score.probe, score.measure)): score for score in whole}
    asked = [(MAJORITY, "")]
    for system in (WORD2VEC, FASTTEXT):
        asked += [(system, view) for view in ("word", "context", "word and context")]
    for system in (TOKEN, CONTEXT, RANDOM):
        views = dict.fromkeys(score.view for score in whole if score.system == system and "context" not in score.view)
        asked += [(system, view) for view in views or [""]]
    rows = [
        [_family(system, language), _view(view, language)]
        + [_cell(cells.get((system, view, kind)), language, named=False) for kind in _SENSES]
        for system, view in asked
    ]
    return markdown_table([*language.heads["views"], *(language.probes[kind] for kind in _SENSES)], rows)


def difference_table(named: Sequence[Score], language: Language) -> str:
    """The best layer with context minus each other system, with a bootstrap 95 % confidence interval over the test examples."""
    best = {(s.probe, s.measure, s.of, s.system): s for s in best_views(named) if s.text == "clean" and s.right}
    others = (WORD2VEC, FASTTEXT, TOKEN)
    rows = []
    for kind, title in language.probes.items():
        for of in dict.fromkeys(key[2] for key in best if key[:2] == kind and key[3] == CONTEXT):
            own = best[(*kind, of, CONTEXT)]
            cells = [_difference(own, best.get((*kind, of, system))) for system in others]
            rows.append([title, of, *cells])
    return _table(["differences", *others], rows, language)


def typing_table(named: Sequence[Score], language: Language) -> str:
    """The loss by typing errors in points, and the remaining score."""
    best = best_of(named)
    systems = (WORD2VEC, FASTTEXT, TOKEN, CONTEXT, RANDOM)
    rows = []
    for kind, title in language.probes.items():
        cells, found = [], []
        for system in systems:
            clean, typed = (best.get((kind, system, text)) for text in ("clean", "typed"))
            found.append(typed)
            cells.append(f"{clean.value - typed.value:.1f} ({typed.value:.1f})" if clean and typed else MISSING)
        if any(found):  # not for words out of context, which have no test text
            rows.append([title, _set(found, language), *cells])
    return _table(["typing", *systems], rows, language)


def cost_table(facts: Mapping[str, Any], bundled: Mapping[str, Any] | None, language: Language) -> str:
    """The cost of a vector; seconds only if they are measured."""
    words = language.cost
    rows = [
        [words["vector"], words["static vector"], words["elmo vector"].format(**facts)],
        [words["parameters"], words["static parameters"], f"{facts['parameters']:,}"],
    ]
    if bundled is not None:
        parts = [f"{bundled['embed_s']:.1f}"]
        parts += [f"{name} {bundled[f'embed_{name}_s']:.1f}" for name in ("bfloat16", "int8")]
        rows.append([words["seconds"].format(**bundled), words["static seconds"], "; ".join(parts)])
    return markdown_table(language.heads["cost"], rows)


def with_output(text: str) -> str:
    """The page after running its Python: each block is followed by what it prints. All blocks share one namespace."""
    names: dict[str, Any] = {}

    def run(match: re.Match[str]) -> str:
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(match[2], "page", "exec"), names)
        return match[1] + printed.getvalue()

    return _EXAMPLE.sub(run, text)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], language: Language) -> str:
    name, *systems = columns
    return markdown_table([*language.heads[name], *(language.systems[system] for system in systems)], rows)


def _cell(score: Score | None, language: Language, named: bool = True) -> str:
    if score is None:
        return MISSING
    return cell_of(score._replace(view=_view(score.view, language) if named else ""))


def _difference(own: Score, other: Score | None) -> str:
    """The difference with its interval, and a circle if the interval contains zero."""
    if other is None:
        return MISSING
    found = difference_of(own, other)
    low, high = found.interval
    return f"{found.difference:+.1f} [{low:+.1f}, {high:+.1f}]" + (" °" if low <= 0 <= high else "")


def _set(found: Sequence[Score | None], language: Language) -> str:
    """The set of a row, or the number of sets that its means are taken over."""
    of = next((score.of for score in found if score is not None), MISSING)
    return re.sub(r"mean of (\d+)", lambda match: language.mean_of.format(match[1]), of)


def _view(view: str, language: Language) -> str:
    for pattern, name in language.views:
        view = re.sub(pattern, name, view)
    return view


def _family(system: str, language: Language) -> str:
    return "ELMo" if system in (TOKEN, CONTEXT) else language.systems[system]
