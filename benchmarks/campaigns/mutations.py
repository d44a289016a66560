"""One odd change of a file, made with its structure in mind: JSON values, arrays, rows and cells, bytes, members of a folder."""

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from benchmarks.campaigns.array_mutations import hdf5_file, safetensors_file, tensorflow_index, torch_file
from benchmarks.campaigns.json_mutations import mutate_json_value
from benchmarks.campaigns.table_mutations import arrow_file, parquet_file

ODD_CELLS = [
    "",
    " ",
    "\u00a0",
    "nan",
    "-1",
    "1e999",
    "99999999999999999999",
    '"',
    '""',
    "'",
    "\\",
    "\t",
    ",",
    "|",
    "\x00",
]
ODD_CELLS += [
    "\x1b[31m",
    "[/red]",
    "\ufeff",
    "\u2028",
    "\u202e",
    "a" * 5000,
    "<e1>",
    "O",
    "B-",
    "I-PER",
    "-DOCSTART-",
    "#",
    "日本",
]
Mutation = Callable[[Path, random.Random], str]  # changes the file; says how


def json_file(path: Path, rng: random.Random) -> str:
    """A JSON file with one or two odd places."""
    try:
        content = json.loads(path.read_bytes())
    except ValueError:
        return any_bytes(path, rng)
    how = [mutate_json_value(content, rng) for _ in range(rng.choice([1, 1, 2]))]
    path.write_text(json.dumps(content, ensure_ascii=rng.random() < 0.9), "utf-8", "surrogatepass")
    return ", ".join(how)


def json_lines(path: Path, rng: random.Random) -> str:
    """JSON lines with one odd record, or an odd line."""
    lines = path.read_text("utf-8").split("\n")
    at = rng.randrange(len(lines))
    if rng.random() < 0.3 or not lines[at]:
        return text_lines(path, rng)
    record = json.loads(lines[at])
    how = mutate_json_value(record, rng)
    lines[at] = json.dumps(record)
    path.write_text("\n".join(lines), "utf-8")
    return f"line {at + 1}: {how}"


def text_lines(path: Path, rng: random.Random) -> str:
    """A table, columns, documents or vectors: one row or one cell is another, or the whole file is written otherwise."""
    text = path.read_text("utf-8", "surrogateescape")
    lines = text.split("\n")
    at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    delimiter = max("\t,;| ", key=lines[at].count)
    cells = lines[at].split(delimiter)
    cell, other_cell = rng.randrange(len(cells)), rng.randrange(len(cells))
    how = rng.choice(
        "delete repeat swap blank join cut odd odd odd lose gain exchange delimiter long marks encoding end".split()
    )
    if how == "delete":
        del lines[at]
    elif how == "repeat":
        lines[at:at] = [lines[at]] * rng.choice([1, 1, 500])
    elif how == "swap":
        lines[at], lines[other] = lines[other], lines[at]
    elif how == "blank":
        lines.insert(at, rng.choice(["", " ", "\t", "\r", "\x0c"]))
    elif how == "join":
        lines[at : at + 2] = [rng.choice(["", " ", "\t"]).join(lines[at : at + 2])]
    elif how == "cut":
        lines = [*lines[:at], lines[at][: rng.randrange(len(lines[at]) + 1)]]
    elif how == "long":
        lines[at] += rng.choice([" x", "\tx", "x", ",x"]) * rng.choice([100, 50_000])
    else:
        if how == "odd":
            cells[cell] = rng.choice(ODD_CELLS)
        elif how == "lose":
            del cells[cell]
        elif how == "gain":
            cells.insert(cell, rng.choice(ODD_CELLS))
        elif how == "exchange":
            cells[cell], cells[other_cell] = cells[other_cell], cells[cell]
        elif how == "marks":
            cells[cell] = rng.choice(['"{}"', '"{}', '{}"', "<e1>{}</e1>", "{} {}"]).format(*[cells[cell]] * 2)
        lines[at] = (rng.choice(",;\t| \u00a0") if how == "delimiter" else delimiter).join(cells)
    written = rng.choice(["\r\n", "\r", "\n\n"]) if how == "end" else "\n"
    codec = rng.choice(["utf-16", "utf-8-sig", "latin-1", "cp1252", "utf-32-le"]) if how == "encoding" else "utf-8"
    path.write_bytes(written.join(lines).encode(codec, "surrogateescape" if codec == "utf-8" else "replace"))
    return f"{how} {codec} at line {at + 1}, cell {cell + 1}"


def any_bytes(path: Path, rng: random.Random) -> str:
    """Bytes that are others, cut off, added or zero."""
    content = bytearray(path.read_bytes())
    how = rng.choice(["flip", "flip", "cut", "add", "zero", "empty", "swap"])
    if not content or how == "empty":
        content = bytearray()
    elif how == "flip":
        for _ in range(rng.choice([1, 1, 3, 30])):
            at = rng.randrange(min(len(content), rng.choice([64, 4096, len(content)])))
            content[at] = rng.choice([0, 255, 123, 34, rng.randrange(256)])
    elif how == "cut":
        del content[rng.randrange(len(content)) :]
    elif how == "add":
        content += rng.randbytes(rng.choice([1, 100, 10_000]))
    elif how == "zero":
        at = rng.randrange(len(content))
        content[at : at + 512] = bytes(len(content[at : at + 512]))
    else:
        at = rng.randrange(len(content))
        content = content[at:] + content[:at]
    path.write_bytes(content)
    return how


def folder_of(path: Path, rng: random.Random) -> str:
    """A file of a folder is gone, empty, a folder, a pipe, another one's content, or a link that leads out."""
    how = rng.choice(["gone", "empty", "folder", "pipe", "other", "link", "device", "loop", "pointer"])
    content = path.read_bytes()
    path.unlink()
    if how == "empty":
        path.touch()
    elif how == "folder":
        path.mkdir()
        (path / "x").write_bytes(content[:100])
    elif how == "pipe":
        os.mkfifo(path)
    elif how == "other":
        others = [other for other in path.parent.iterdir() if other.is_file()]
        path.write_bytes(rng.choice(others).read_bytes() if others else b"")
    elif how == "link":
        shutil.copy(__file__, path.parent.parent / "outside")
        path.symlink_to(path.parent.parent / "outside")
    elif how == "device":
        path.symlink_to("/dev/zero")
    elif how == "loop":
        path.symlink_to(path)
    elif how == "pointer":
        path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 99\n")
    return f"{how} instead of it"


_BY_SUFFIX: dict[str, Mutation] = {
    ".json": json_file,
    ".jsonl": json_lines,
    ".safetensors": safetensors_file,
    ".hdf5": hdf5_file,
    ".pkl": torch_file,
    ".index": tensorflow_index,
    ".arrow": arrow_file,
    ".parquet": parquet_file,
}
_BINARY = (".bin", ".data-00000-of-00001", ".usearch", ".gz", ".xz")


def mutate(path: Path, rng: random.Random, in_folder: bool = True) -> str:
    """Change a file by its structure, three times in four; else by its bytes, or what it is in its folder.

    Args:
        in_folder: it is one of a folder that comes from elsewhere; else one that a user names, which may be a pipe.
    """
    luck = rng.random()
    if luck < 0.1 and in_folder:
        how = folder_of(path, rng)
    elif luck < 0.25 or path.suffix in _BINARY:
        how = any_bytes(path, rng)
    else:
        try:
            how = _BY_SUFFIX.get(path.suffix, text_lines)(path, rng)
        except Exception:  # it was changed before, and has no structure any more
            how = any_bytes(path, rng)
    return f"{path.name}: {how}"
