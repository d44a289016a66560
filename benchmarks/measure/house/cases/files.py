"""Cases of files: embedding to files, perplexity, conversions, folders of vectors and indexes of the old commit, change."""

from benchmarks.measure.house.cases.case import Room, case
from benchmarks.measure.house.cases.commands import elmo, stopped
from benchmarks.measure.house.cases.digests import (
    Items,
    array_digest,
    digest,
    facts,
    folder_rows,
    hdf5_arrays,
    lines,
    model_folder,
)
from benchmarks.measure.house.cases.texts import sentences, unpacked, write_first, write_raw, write_wikitext
from benchmarks.measure.house.cases.vectors import vectors


@case()
def embed_files(room: Room) -> Items:
    """`elmo embed` to HDF5, npz and Arrow."""
    import numpy as np

    _, text = write_wikitext(room, 1000)
    raw = write_raw(room, 12)
    elmo("embed", text, "-o", "all.hdf5", "--pretokenized", "--layers", "all")
    items = hdf5_arrays(room.folder / "all.hdf5", "hdf5 ")
    elmo(
        "embed",
        raw,
        "-o",
        "carry.npz",
        "--state",
        "carry",
        "--batch-size",
        "4",
        "--layers",
        "top",
        "--dtype",
        "bfloat16",
    )
    with np.load(room.folder / "carry.npz") as arrays:
        items |= {f"npz {name}": array_digest(arrays[name]) for name in arrays.files}
    elmo("embed", raw, "-o", "split", "--split", "--layers", "0.2,0.3,0.5")
    elmo("embed", raw, "-o", "pooled", "--pooling", "mean", "--float16", "--layers", "all", "--state", "warm")
    return items | folder_rows(room.folder / "split", "split ") | folder_rows(room.folder / "pooled", "pooled ")


@case(quick=True)
def perplexity(room: Room) -> Items:
    """`elmo perplexity` and `elmo tokenize`."""
    _, text = write_wikitext(room, 1000)
    raw = write_raw(room, 8)
    items = facts(elmo("perplexity", "en", text, "--pretokenized", "--json"), "pretokenized ")
    items |= facts(elmo("perplexity", "en", raw, "--state", "carry", "--json", "--by-document", "by.jsonl"), "carry ")
    items |= lines((room.folder / "by.jsonl").read_text(encoding="utf-8"), "document ")
    chinese = write_first(room.shared / "data/lm/chinese/heldout_wiki.txt.gz", room.folder / "zh.txt", 15)
    items |= facts(elmo("perplexity", "zh", chinese, "--json"), "zh ")
    return items | lines(elmo("tokenize", raw), "tokens ") | lines(elmo("tokenize", chinese), "tokens zh ")


@case()
def formats(room: Room) -> Items:
    """`elmo convert` to each format, `elmo to-static`."""
    elmo("convert", "en", "allennlp", "--to", "allennlp")
    items = hdf5_arrays(room.folder / "allennlp" / "weights.hdf5", "allennlp ")
    items["allennlp options"] = digest((room.folder / "allennlp" / "options.json").read_bytes())
    source = room.shared / "fixtures" / "elmoformanylangs" / "word_char"
    elmo("convert", source, "native", "--to", "native")
    items |= model_folder(room.folder / "native", "native ")
    elmo("convert", "native", "back", "--to", "elmoformanylangs")
    items |= vectors("back", sentences(room)[:30], room.folder / "back", dtypes=["float32"])
    _, text = write_wikitext(room, 1000)
    for method in ("mean", "alone"):
        elmo("to-static", "en", text, "--pretokenized", "--min-count", "2", "--method", method, "-o", f"{method}.txt")
        items |= lines((room.folder / f"{method}.txt").read_text(encoding="utf-8"), f"static {method} ")
    return items


QUERIES = ["The [bank] of the river", "He was [right] about the light", "a [new] work"]


def make_vectors(room: Room) -> None:
    """A whole folder of vectors, and one whose second shard is missing."""
    text = room.folder / "corpus.txt"
    _, heldout = write_wikitext(room, 1000)
    text.write_text(heldout.read_text(encoding="utf-8").replace(" , ", " ,\n"), encoding="utf-8")
    short = [
        " ".join(words.split()[:2]) for words in unpacked(room.shared / "data/lm/wikitext2/train.txt.gz").split(" . ")
    ]
    (room.folder / "many.txt").write_text("\n".join(short[:9000]) + "\n", encoding="utf-8")
    elmo("embed", text, "-o", "whole", "--pretokenized", "--layers", "all")
    stopped((room.folder / "part" / "part-000000.arrow").exists, "embed", "many.txt", "-o", "part", "--pretokenized")


@case(make=make_vectors)
def old_vectors(room: Room) -> Items:
    """Folders of vectors of the old commit: one is read, one is gone on with."""
    begun = len(list((room.folder / "part").glob("*.arrow")))
    items = {"shards before": str(begun)} | folder_rows(room.folder / "whole", "whole ")
    elmo("embed", "many.txt", "-o", "part", "--pretokenized", "--resume")
    return items | folder_rows(room.folder / "part", "resumed ")


def make_index(room: Room) -> None:
    """An index of a text."""
    write_raw(room, 30)
    elmo("neighbours", "en", "raw.txt", QUERIES[0], "--split", "--index", "index")


@case(make=make_index, quick=True)
def old_index(room: Room) -> Items:
    """An index of the old commit answers, and so does one that is built anew."""
    before = (room.folder / "index").stat().st_mtime_ns
    files = {
        p.name: p.stat().st_mtime_ns for p in (room.folder / "index").iterdir() if p.suffix not in (".json", ".lock")
    }
    ask = ("neighbours", "en", "raw.txt", *QUERIES, "--split", "-n", "8", "--json")
    items = facts(elmo(*ask, "--index", "index"), "old ")
    items |= facts(elmo(*ask, "--index", "anew"), "new ")
    same = all((room.folder / "index" / name).stat().st_mtime_ns == when for name, when in files.items())
    items["not built anew"] = str(same and (room.folder / "index").stat().st_mtime_ns == before)
    return items


@case()
def change(room: Room) -> Items:
    """`elmo change` between two texts."""
    heldout = room.shared / "data/lm/english/heldout.txt.gz"
    a = write_first(heldout, room.folder / "a.txt", 60)
    b = write_first(heldout, room.folder / "b.txt", 60, skip=2000)
    items = {}
    for measure in ("prt", "apd", "jsd"):
        options = ("--split", "--min-count", "4", "--measure", measure, "--permutations", "200", "--n-words", "30")
        items |= facts(elmo("change", "en", a, b, *options, "--json"), f"{measure} ")
    return items
