"""`elmo doctor`: what is in a corpus, or in a file of labelled examples, and what to do before training."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from elmo.cli.options import AsJson, PretokenizedLines, TextField
from elmo.cli.show import Screen, grid, new_table, say_in_place, show_facts, show_line
from elmo.cli.tasks.task import Task

if TYPE_CHECKING:
    from rich.table import Table

    from elmo.apps.corpus.cleaning_advice import Advice
    from elmo.apps.corpus.findings import Findings
    from elmo.text.survey.survey import Survey

_FULL_WIDTH = 100  # columns at most: longer lines are hard to read
_N_SHOWN = 4
_FEW = 0.01  # fraction of lines without final punctuation that headings explain


def doctor(
    corpus: Annotated[
        list[str],
        typer.Argument(help="Text files or glob patterns, as for elmo pretrain; with --task a file of elmo train."),
    ],
    pretokenized: PretokenizedLines = False,
    text_field: TextField = None,
    vocabulary: Annotated[
        Path | None, typer.Option(help="Vocabulary file; report how much of the text it covers.")
    ] = None,
    task: Annotated[Task | None, typer.Option(help="Report what elmo train would read of a labelled file.")] = None,
    dev: Annotated[
        Path | None, typer.Option(help="With --task: the development file, compared with the first.")
    ] = None,
    set: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="With --task: a setting of elmo train, e.g. text=review. Repeatable."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Report what a corpus contains and what to fix before training, with a command that trains on it.

    With `--task`: which columns of a labelled file are the text and the label, how many examples, labels and empty cells there
    are, and what looks odd.

    Example: `elmo doctor "texts/*.txt"`
    """
    of_corpus = {"--pretokenized": pretokenized, "--text-field": text_field, "--vocabulary": vocabulary}
    misplaced = [name for name, value in (of_corpus if task else {"--dev": dev, "--set": set}).items() if value]
    if misplaced or (task and len(corpus) > 1):
        from elmo.errors import ConfigError

        if not misplaced:
            raise ConfigError(f"{len(corpus)} files; --task looks at one, and at --dev FILE beside it")
        raise ConfigError(f"{', '.join(misplaced)}: {'not with' if task else 'only with'} --task; leave it out")
    if task:
        _examine(Path(corpus[0]), task.value, dev, set or [], json)
        return
    from elmo.apps.corpus.doctor import examine_corpus

    findings, advice = examine_corpus(corpus, pretokenized, vocabulary, _show_progress, text_field)
    say_in_place("")
    if json:
        from elmo.apps.corpus.findings import flat_facts

        numbered = {f"advice_{i}": str(a) for i, a in enumerate(advice, 1)}
        show_facts(flat_facts(findings) | numbered, as_json=True)
        return
    _show(findings, advice)


def _examine(file: Path, task: str, dev: Path | None, overrides: list[str], as_json: bool) -> None:
    from elmo.apps.tasks.examine import examine_labelled
    from elmo.errors import ElmoError

    columns: list[str] = []
    try:
        found = examine_labelled(file, task, dev, overrides, columns.append)
    except ElmoError:
        if columns and not as_json:
            show_line(f"{file.name}: {'; '.join(columns)}")
        raise
    if as_json:
        show_facts(found.facts(), as_json=True)
        return
    for line in found.lines():
        show_line(line)
    Screen().line((found.command, "cyan"))


def _show_progress(survey: "Survey") -> None:
    say_in_place(f"file {survey.n_files:,}: {survey.n_bytes / 1e6:,.0f} MB, {survey.words.n_tokens:,} tokens")


def _show(findings: "Findings", advice: list["Advice"]) -> None:
    screen = Screen(_FULL_WIDTH)
    for title, table in (
        ("Contents", _counts(findings)),
        ("Unknown words (OOV) by vocabulary size", _coverage(findings)),
        ("Possible problems", _faults(findings)),
    ):
        screen.section(title, table)
    screen.line(("Recommendations, most important first", "bold"), wrap=True)
    for number, (reason, step, command) in enumerate(advice, 1):
        screen.table(grid([(f"{number}.", f"{reason} {step}")]), indent=2)
        if command:
            screen.line((f"      {command}", "cyan"))


def _counts(f: "Findings") -> "Table":
    from elmo.text.survey.streaming_counts import mean, quantile

    survey, lengths = f.survey, f.survey.sentence_lengths
    median = quantile(survey.document_lengths, 0.5)
    scripts = [
        f"{name} {_percent(fraction)}" for name, fraction in f.scripts.fractions().items() if fraction >= 0.00005
    ]
    rows = {
        "text": f"{_number(survey.n_files, 'file')}, {survey.n_bytes:,} bytes, {_number(survey.n_lines, 'line')}, "
        f"{survey.n_empty:,} of them empty",
        "documents": f"{survey.n_documents:,}, separated by empty lines; median {_number(median, 'sentence')}",
        "sentences": f"{survey.n_sentences:,}; tokens: mean {mean(lengths):.1f}, median {quantile(lengths, 0.5):,}, "
        f"p99 {quantile(lengths, 0.99):,}, longest {max(lengths):,}",
        "tokens": f"{f.n_tokens:,}, {'over ' * survey.words.forgotten}{f.n_types:,} types; "
        f"{f.characters_per_token:.1f} characters, {survey.n_bytes / f.n_tokens:.1f} bytes of text each",
        "letters": f"{', '.join(scripts[:6]) or 'none'}; {f.scripts.bytes_per_letter():.2f} bytes each",
    }
    return grid(rows.items())


def _coverage(f: "Findings") -> "Table":
    table = new_table(box=None, pad_edge=False)
    for column in ("words", "OOV in counted text", "OOV in held-out tenth"):
        table.add_column(column, justify="right")
    table.add_column()
    for size, own, held_back in sorted({*f.coverage, f.suggested}):
        mark = "suggested" * (size == f.suggested.size)
        table.add_row(f"{size:,}", _percent(own), "-" if held_back is None else _percent(held_back), mark)
    if f.given is not None:
        table.add_row(f"{f.given.size:,} given", _percent(f.given.oov), "")
    return table


def _faults(f: "Findings") -> "Table":
    from elmo.text.survey.survey import visible
    from elmo.text.survey.text_defects import TEXT_DEFECTS

    survey, n = f.survey, f.n_tokens
    unmarked = survey.unmarked_lengths.total() / max(1, survey.n_inside)
    common = ", ".join(f"{line.n:,} x {visible(line.text)[:24]}" for line in survey.lines.commonest(_N_SHOWN))
    rows = [("not fully read", message) for message in survey.unread]
    if repeated := survey.lines.fraction_repeated():
        fraction = f"{'about ' * (survey.lines.sampled > 1)}{_percent(repeated)}"
        rows.append(
            (
                "repeated lines",
                f"{fraction}, {_percent(survey.lines.fraction_of_bytes_repeated())} of the text: {common}",
            )
        )
    if f.overlong.tokens:
        words = ", ".join(word[:24] for word in f.overlong.examples[:3])
        rows.append(("overlong words", f"{_percent(f.overlong.tokens / n)} of the tokens: {words}"))
    if f.scripts.mixed_tokens:
        words = ", ".join(f.scripts.mixed_examples[:3])
        rows.append(("mixed scripts", f"{_percent(f.scripts.mixed_tokens / n)} of the tokens: {words}"))
    if unmarked > _FEW:
        rows.append(
            ("lines cut short", f"{_percent(unmarked)} end without punctuation, {survey.n_hyphenated:,} inside a word")
        )
    for name, lines in survey.defective.most_common():
        file, number, excerpt = survey.examples[name]
        rows.append((TEXT_DEFECTS[name], f"{_number(lines, 'line')}; {Path(file).name}:{number}: {excerpt}"))
    longest = survey.longest.lines[0]
    rows.append(("longest line", f"{longest.size_bytes:,} bytes, {Path(longest.file).name}:{longest.number}"))
    return grid(rows)


def _number(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'s' * (n != 1)}"


def _percent(fraction: float) -> str:
    return f"{fraction:.2%}" if fraction < 0.1 else f"{fraction:.1%}"
