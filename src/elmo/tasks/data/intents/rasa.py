"""Rasa's training data for NLU (YAML, versions 2 and 3) -> texts with their intents.

    nlu:
    - intent: book_flight
      examples: |
        - I want to fly to [Oslo](city)
        - from [LA]{"entity": "city", "role": "from", "value": "Los Angeles"}

Examples may also be a list of mappings with `text`. Entities lose their marks. Retrieval intents keep their whole name
(`faq/ask_name`). Synonyms, regular expressions and lookup tables are left out.
"""

import importlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from elmo.errors import ConfigError, TextError
from elmo.tasks.data.intents.utterance import Report, Utterance
from elmo.text.sources.lines import read_lines

_SKIPPED = {"synonym": "synonyms", "regex": "regular expressions", "lookup": "lookup tables"}
_ENTITY = re.compile(
    r"\[(?P<text>[^\[\]]+)\](?:\((?P<type>[^()]+)\)|(?P<one>\{[^{}]+\})|(?P<many>\[\s*\{[^\[\]]*\}\s*\]))"
)
_MOST_CHARACTERS = 2**26


def read_rasa(path: Path, report: Report) -> Iterator[Utterance] | None:
    """The examples of a file; None: it has no `nlu`.

    Raises:
        TextError: the file is no YAML, or a part of it is not as Rasa has it; the message names the line.
        ConfigError: PyYAML (extra `intents`) is not installed.
    """
    yaml = _import_yaml(path)
    lines, n_characters = [], 0
    for line in read_lines(path):
        lines.append(line)
        n_characters += len(line) + 1
        if n_characters > _MOST_CHARACTERS:
            raise TextError(f"{path}: over {_MOST_CHARACTERS >> 20} million characters; divide the file")
    try:
        root = yaml.compose("\n".join(lines), Loader=yaml.SafeLoader)  # nodes: nothing is constructed
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise TextError(f"{path}, line {mark.line + 1}: not YAML ({error.problem or error.context})") from error
    except yaml.reader.ReaderError as error:
        at = "\n".join(lines).count("\n", 0, error.position) + 1
        raise TextError(f"{path}, line {at}: not YAML (the character U+{error.character:04X})") from error
    except RecursionError as error:
        raise TextError(f"{path}: not YAML (nested too deep)") from error
    content = _mapping(root)
    nlu = content.get("nlu")
    if nlu is None:
        return None
    return _utterances(nlu, path, report)


def other_rasa_file(path: Path) -> TextError:
    """What to say of a YAML file without `nlu`."""
    return TextError(
        f"{path}: a YAML file without `nlu:`; Rasa keeps labelled texts in files that have it, such as data/nlu.yml"
    )


def _import_yaml(path: Path) -> Any:
    try:
        return importlib.import_module("yaml")
    except ImportError:
        raise ConfigError(
            f"{path}: reading YAML needs PyYAML; install it with pip install 'elmo-lm[intents]'"
        ) from None


def _utterances(nlu: Any, path: Path, report: Report) -> Iterator[Utterance]:
    if nlu.id != "sequence":
        raise TextError(f"{path}, {_line(nlu)}: `nlu` is no list; each item is `- intent: NAME`")
    skipped: Counter[str] = Counter()
    for item in nlu.value:
        entries = _mapping(item)
        where = f"{path}, {_line(item)}"
        if "intent" not in entries:
            kind = next((kind for kind in _SKIPPED if kind in entries), None)
            if kind is None:
                raise TextError(
                    f"{where}: no `intent` (nor `synonym`, `regex`, `lookup`); name the intent, or delete the item"
                )
            skipped[_SKIPPED[kind]] += 1
            continue
        intent = entries["intent"].value
        if not isinstance(intent, str) or not intent.strip():
            raise TextError(f"{where}: the intent has no name; give it one")
        examples = entries.get("examples")
        if examples is None or not examples.value:
            raise TextError(f"{where}: the intent {intent.strip()!r:.60} has no examples; add some, or delete it")
        for number, text in _examples(examples, path, skipped):
            source = f"{path}, line {number}"
            yield Utterance(_without_entities(text, source), intent.strip(), number, source)
    if skipped:
        report(f"left out: {', '.join(f'{what} ({n:,})' for what, n in skipped.items())}")


def _examples(node: Any, path: Path, skipped: Counter[str]) -> Iterator[tuple[int, str]]:
    """The lines of examples with their texts."""
    if node.id == "scalar":
        literal = node.style == "|"  # a line of the value is a line of the file
        for number, line in enumerate(node.value.split("\n"), 1):
            at = node.start_mark.line + 1 + (number if literal else 0)
            if line.lstrip().startswith("#"):
                skipped["comments"] += 1
            elif line.strip():
                if not line.lstrip().startswith("-"):
                    raise TextError(
                        f"{path}, line {at}: {line.strip()!r:.40} does not begin with `-`, as each example does"
                    )
                yield at, line.lstrip()[1:].strip()
        return
    if node.id != "sequence":
        raise TextError(
            f"{path}, {_line(node)}: `examples` is neither a text of lines with `-` (`examples: |`) nor a list"
        )
    for item in node.value:
        text = item if item.id == "scalar" else _mapping(item).get("text")
        if text is None or text.id != "scalar":
            raise TextError(f"{path}, {_line(item)}: an example without `text`; write `- text: ...`")
        value = text.value.strip()
        yield text.start_mark.line + (2 if text.style in ("|", ">") else 1), value


def _without_entities(text: str, where: str) -> str:
    """A text without the marks of its entities."""

    def plain(found: re.Match[str]) -> str:
        marks = found["one"] or found["many"]
        if marks is not None:
            try:
                json.loads(marks)
            except (ValueError, RecursionError) as error:
                raise TextError(f"{where}: {marks[:60]!r} after an entity is not JSON ({error})") from error
        return found["text"]

    return _ENTITY.sub(plain, text)


def _mapping(node: Any) -> dict[str, Any]:
    """The entries of a node by their keys; empty if it is no mapping."""
    if node is None or node.id != "mapping":
        return {}
    return {key.value: value for key, value in node.value if key.id == "scalar"}


def _line(node: Any) -> str:
    return f"line {node.start_mark.line + 1}"
