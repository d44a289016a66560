"""Raw text -> one tokenized sentence per line, tokens separated by blanks."""

from collections.abc import Iterator
from pathlib import Path

from elmo.storage.atomic import atomic_write, refuse_existing
from elmo.text.sources.texts import read_texts, sentences_of
from elmo.text.tokenizer import NEWEST, Tokenizer


def tokenize_file(
    source: Path,
    target: Path | None,
    force: bool = False,
    text_field: str | None = None,
    tokenizer: Tokenizer = NEWEST,
) -> Iterator[str]:
    """Tokenize a file (`-`: standard input); yield the lines, or write them to `target` atomically and yield nothing.

    Args:
        text_field: the field or column of a record that holds its text; None: `text`. tokenizer: its version.
    Raises:
        TextError: the input is missing, broken or no text. OutputError: the target exists.
    """
    texts = read_texts(source, text_field)
    lines = (" ".join(words) for text in texts for words in sentences_of(text, False, tokenizer))
    if target is None:
        yield from lines
        return
    refuse_existing(target, force, inputs=[source])
    with atomic_write(target) as part, part.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in lines)
