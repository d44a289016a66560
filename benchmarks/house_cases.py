"""What `house.py` compares: each case does something with the `elmo` on the path and tells its outcome, item by item.

    PYTHONPATH=TREE/src python benchmarks/house_cases.py run|make CASE FOLDER SHARED OLD_TREE OUTCOME.json
    PYTHONPATH=TREE/src python benchmarks/house_cases.py time CASE FOLDER

A case uses only what has to stay: the command line, the names of `elmo` and of `elmo.compat`. It works in an empty folder, or in
a copy of the one that the old tree filled in the case's `make`. `time` prints seconds, of `house.py --speed`.
"""

import ast
import gzip
import hashlib
import json
import resource as usage_of
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Items = dict[str, str]
STATES = ("zero", "carry", "warm")
DTYPES = ("float32", "bfloat16", "int8", "float64")
# Of the clock, of the folder, or of the version: differs from run to run.
PASSING = {"seconds", "minutes", "tokens_per_s", "output", "model", "report", "elmo_version"}


class Room(NamedTuple):
    """Where a case works."""

    folder: Path  # its own; also the working directory
    shared: Path  # texts and fixtures
    old_tree: Path  # checkout of the old commit, for the golden values that lie in it


class Case(NamedTuple):
    """Something that must come out alike."""

    run: Callable[[Room], Items]  # in both trees
    make: Callable[[Room], None] | None  # what only the old tree makes beforehand
    is_quick: bool


CASES: dict[str, Case] = {}


def case(make: Callable[[Room], None] | None = None, quick: bool = False) -> Callable[..., Callable[[Room], Items]]:
    """Make a function a case of its name."""

    def added(run: Callable[[Room], Items]) -> Callable[[Room], Items]:
        CASES[run.__name__] = Case(run, make, quick)
        return run

    return added


def definition(name: str) -> str:
    """A digest of the code of a case: of its functions, and of all in this file that they name."""
    parts: dict[str, ast.stmt] = {}
    for node in ast.parse(Path(__file__).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            parts[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            parts[ast.unparse(target)] = node
    reached, waiting = set[str](), [name]
    while waiting:
        if (part := waiting.pop()) in parts and part not in reached:
            reached.add(part)
            waiting += [node.id for node in ast.walk(parts[part]) if isinstance(node, ast.Name)]
    return digest("\n".join(ast.unparse(parts[part]) for part in sorted(reached)).encode())


# ---- outcomes


def digest(content: bytes) -> str:
    """Sixteen digits of SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


def array_digest(array: Any) -> str:
    """Of type, shape and bytes."""
    return digest(f"{array.dtype} {array.shape} ".encode() + array.tobytes())


def arrays_digest(arrays: Iterable[Any]) -> str:
    """Of several arrays in order."""
    return digest(" ".join(map(array_digest, arrays)).encode())


def tensors(path: Path, prefix: str = "") -> Items:
    """Each tensor of a safetensors file: type, shape and bytes, whatever their order in the file."""
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    header.pop("__metadata__", None)
    items = {}
    for name, facts in header.items():
        begin, end = (8 + size + offset for offset in facts["data_offsets"])
        items[f"{prefix}{name}"] = digest(f"{facts['dtype']} {facts['shape']} ".encode() + content[begin:end])
    return items


def hdf5_arrays(path: Path, prefix: str = "") -> Items:
    """Each data set of an HDF5 file."""
    import h5py

    items: Items = {}

    def visit(name: str, found: Any) -> None:
        if isinstance(found, h5py.Dataset):
            value = found[()]
            is_text = getattr(value, "dtype", None) in (None, object)  # an array of objects would give their addresses
            items[f"{prefix}{name}"] = digest(repr(value).encode()) if is_text else array_digest(value)

    with h5py.File(path) as file:
        file.visititems(visit)
    return items


def facts(printed: str, prefix: str = "") -> Items:
    """Each key of a JSON object that a command printed, as it stands there."""
    return {f"{prefix}{k}": json.dumps(v) for k, v in json.loads(printed).items() if k not in PASSING}


def lines(text: str, prefix: str = "line ") -> Items:
    """Each line of a text."""
    return {f"{prefix}{n}": digest(line.encode()) for n, line in enumerate(text.splitlines(), 1)}


def log_lines(folder: Path, prefix: str = "") -> Items:
    """Each column of the log of a run, all lines: losses, norms, learning rates, perplexities."""
    columns: dict[str, list[Any]] = {}
    for line in (folder / "log.jsonl").read_text(encoding="utf-8").splitlines():
        for key, value in json.loads(line).items():
            if key not in PASSING:
                columns.setdefault(key, []).append(value)
    return {f"{prefix}log {key}": digest(json.dumps(values).encode()) for key, values in columns.items()}


def model_folder(folder: Path, prefix: str = "") -> Items:
    """The tensors of a model, and its words."""
    return tensors(folder / "model.safetensors", prefix) | {
        f"{prefix}{path.name}": digest(path.read_bytes())
        for path in (folder / n for n in ("vocabulary.txt", "alphabet.json", "input_words.json", "words.txt"))
        if path.exists()
    }


# ---- what is done


def elmo(*arguments: str | Path) -> str:
    """What a command prints."""
    command = [sys.executable, "-m", "elmo", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"elmo {' '.join(command[3:])}: status {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def stopped(ready: Callable[[], bool], *arguments: str | Path) -> None:
    """Begin a command, and send SIGTERM as soon as it is ready."""
    running = subprocess.Popen(
        [sys.executable, "-m", "elmo", *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while running.poll() is None and not ready():
        time.sleep(0.02)
    if running.poll() is not None:
        raise RuntimeError("the command had ended before it was to be stopped")
    running.send_signal(signal.SIGTERM)
    running.wait()


def unpacked(path: Path) -> str:
    """The text of a gz file."""
    return gzip.decompress(path.read_bytes()).decode("utf-8")


def write_first(source: Path, target: Path, n_blocks: int, skip: int = 0, separator: str = "\n") -> Path:
    """The first blocks of a packed text; of CoNLL files the separator is a blank line."""
    blocks = unpacked(source).split(separator)
    target.write_text(separator.join(blocks[skip : skip + n_blocks]) + separator, encoding="utf-8")
    return target


def write_wikitext(room: Room, n_bytes: int = 1_500_000) -> tuple[Path, Path]:
    """Text to train on and text held out, in the case's folder."""
    texts = room.shared / "data" / "lm" / "wikitext2"
    train, heldout = room.folder / "train.txt", room.folder / "heldout.txt"
    if not train.exists():
        content = unpacked(texts / "train.txt.gz")[:n_bytes]
        train.write_text(content[: content.rindex("\n") + 1], encoding="utf-8")
        write_first(texts / "valid.txt.gz", heldout, 40)
    return train, heldout


SENTENCES: list[str | list[str]] = [
    "Dr. Smith doesn't swim in the U.S., he said (twice).",
    "The bank of the river; the bank's $3.5m loan - 12% p.a.",
    "naïve café, e\u0301tude, ÅNGSTRÖM and ﬁligree",
    "Ὅμηρος ἔγραψε. Добрый день! שלום עולם مرحبا",
    "我们在北京大学学习。今天天气很好，你好吗？",
    "東京は日本の首都です。 नमस्ते दुनिया ภาษาไทย",
    "👩\u200d👩\u200d👧 loves 🍕🍕 #nlp @someone https://example.org/a?b=c&d=e",
    "a",
    "...",
    [],
    ["one"],
    ["<S>", "literal", "</S>", "<UNK>", "<unk>"],
    ["Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft", "x" * 60, "y" * 47, "z" * 48],
    ["a token with blanks", "zero\u200bwidth", "\u3000", "tab\tinside"],
    ["the"] * 90,
    ["A", "a", "A", "a", "THE", "The", "the"],
    ["3", "3.14", "1,000,000", "-", "--", "''", "``", "-LRB-"],
    ["of"] * 2,
    ["to", "be", "or", "not", "to", "be", "that", "is", "the", "question"],
    "It's a teh qiuck brwon fox.",
]


def sentences(room: Room, chinese: bool = False) -> list[Any]:
    """Sixty: odd ones by hand, and real ones between 3 and 50 tokens."""
    if chinese:
        text = unpacked(room.shared / "data/lm/chinese/heldout_wiki.txt.gz")
        found: list[Any] = [line[:60] for line in text.splitlines() if line.strip()]
    else:
        text = unpacked(room.shared / "data/lm/wikitext2/valid.txt.gz")
        found = [line.split()[: 3 + 7 * n % 48] for n, line in enumerate(text.splitlines()) if line.strip()]
    return [*SENTENCES, *found[: 60 - len(SENTENCES)]]


def vectors(name: str, texts: Sequence[Any], *source: Any, dtypes: Sequence[str] = DTYPES, **options: Any) -> Items:
    """All layers of a model in each dtype, state and batch size. Carried: two calls, the second with some sentences turned round.

    Small batches are slow, so fewer sentences are embedded in them.
    """
    from elmo import Elmo, ElmoError

    items: Items = {}
    for dtype in dtypes:
        model = Elmo.from_pretrained(*source, dtype=dtype, **options)
        for state in STATES:
            for size in {"zero": (1, 3, 256), "carry": (7, 256), "warm": (256,)}[state]:
                key = f"{name} {dtype} {state} {size}"
                some = texts[: {1: 12, 3: 24, 7: 24}.get(size)]
                model.reset()
                try:
                    found = model.embed(some, layers="all", state=state, batch_size=size)
                    if state == "carry":
                        found += model.embed(some[11::-1], layers="all", state=state, batch_size=size)
                except ElmoError:
                    items[key] = "refused"  # no settled state
                    continue
                items[key] = arrays_digest(found)
    return items


@case(quick=True)
def vectors_allennlp(room: Room) -> Items:
    """The random models in AllenNLP's format, and their copies in the tests."""
    items = {}
    for folder in sorted((room.shared / "fixtures" / "allennlp").glob("*/weights.hdf5")):
        items |= vectors(folder.parent.name, sentences(room), folder.parent)
    for folder in sorted((room.old_tree / "tests" / "golden" / "allennlp").glob("*/weights.hdf5")):
        items |= vectors(f"golden {folder.parent.name}", sentences(room), folder.parent, dtypes=["float32"])
    return items


@case()
def vectors_bilm_tf(room: Room) -> Items:
    """bilm-tf's own test models, a dump, a TensorFlow checkpoint."""
    place, texts = room.shared / "fixtures" / "bilm_tf", sentences(room)
    items = {}
    for name in ("test_model", "allennlp_test_model"):
        items |= vectors(name, texts, place / name / "options.json", weights=place / name / "lm_weights.hdf5")
    tiny = place / "tiny_lm"
    items |= vectors("tiny_lm", texts, tiny / "options_for_embedding.json", weights=tiny / "weights.hdf5")
    items |= vectors("checkpoint", texts, tiny / "checkpoint", vocabulary=tiny / "vocab.txt")
    found = elmo(
        "perplexity",
        tiny / "checkpoint",
        tiny / "train.txt",
        "--vocabulary",
        tiny / "vocab.txt",
        "--pretokenized",
        "--state",
        "carry",
        "--json",
    )
    return items | facts(found, "checkpoint ")


@case()
def vectors_many_langs(room: Room) -> Items:
    """ELMoForManyLangs' models: words, characters, both."""
    items = {}
    for folder in sorted((room.shared / "fixtures" / "elmoformanylangs").glob("*/encoder.pkl")):
        items |= vectors(folder.parent.name, sentences(room), folder.parent)
    return items


@case(quick=True)
def vectors_en(room: Room) -> Items:
    """The English model in the package."""
    return vectors("en", sentences(room))


@case()
def vectors_zh(room: Room) -> Items:
    """The Chinese model in the package."""
    return vectors("zh", sentences(room, chinese=True), "zh")


@case(quick=True)
def choices(room: Room) -> Items:
    """Layers, pooling, spans, tokens, the learned mix, and a model that is saved and loaded."""
    import torch

    from elmo import Elmo, ScalarMix

    model, texts = Elmo.from_pretrained(), sentences(room)
    items = {
        f"layers {layers}": arrays_digest(model.embed(texts, layers=layers))
        for layers in ("mean", "sum", "top", 0, 1, -1, (0.2, 0.3, 0.5))
    }
    for pooling in ("mean", "max"):
        items[f"pooling {pooling}"] = arrays_digest(model.embed(texts, layers="all", pooling=pooling))
    tokens = [[(t.text, t.start, t.end) for t in model.tokenize(text)] for text in texts if isinstance(text, str)]
    items["tokens"] = digest(repr(tokens).encode())
    spans = [[] if not len(text) else [(0, 1), (0, len(text)), (len(text) // 2, len(text) // 2 + 1)] for text in texts]
    some = [n for n, text in enumerate(texts) if isinstance(text, list)]
    for layers in ("mean", "all"):
        for pooling in ("mean", "max"):
            found = model.embed_spans(
                [texts[n] for n in some], [spans[n] for n in some], layers=layers, pooling=pooling
            )
            items[f"spans {layers} {pooling}"] = arrays_digest(found)
    characters = model.embed_spans(texts[:2], [[(0, 9), (10, 17)], [(4, 8), (30, 34), (0, 20)]])
    items["spans of characters"] = arrays_digest(characters)
    B, L, T, D = 3, 3, 5, 7
    layers_drawn = torch.randn(B, L, T, D, generator=torch.Generator().manual_seed(0))
    mask = torch.arange(T)[None] < torch.tensor([5, 3, 1])[:, None]
    for layer_norm in (False, True):
        mix = ScalarMix(L, [0.1, -0.4, 0.9], 1.7, layer_norm)
        mixed = mix(layers_drawn * mask[:, None, :, None], mask)
        mixed.sum().backward()
        found = [mixed.detach(), mix.weights.grad, mix.gamma.grad]
        items[f"mix {layer_norm}"] = arrays_digest(x.numpy() for x in found if x is not None)
    for storage in ("float32", "float16", "int8"):
        model.save_pretrained(room.folder / storage, storage=storage)
        items |= model_folder(room.folder / storage, f"saved {storage} ")
        items[f"saved {storage} vectors"] = arrays_digest(Elmo.from_pretrained(room.folder / storage).embed(texts[:30]))
    return items


@case(quick=True)
def compat(room: Room) -> Items:
    """The old programs' calls."""
    import random

    import torch

    from elmo.compat import allennlp, elmoformanylangs, simple_elmo

    fixtures = room.shared / "fixtures"
    texts = [text for text in sentences(room) if isinstance(text, list) and text][-24:]
    pair = [fixtures / "allennlp" / "two_relu" / name for name in ("options.json", "weights.hdf5")]
    ids = allennlp.batch_to_ids(texts)
    items = {"batch_to_ids": array_digest(ids.numpy())}
    for stateful in (True, False):
        embedder = allennlp.ElmoEmbedder(*pair, stateful=stateful)
        for call in range(2):
            items[f"ElmoEmbedder {stateful} {call}"] = arrays_digest(embedder.embed_batch(texts))
        items[f"ElmoEmbedder {stateful} stream"] = arrays_digest(embedder.embed_sentences(texts, 5))
        for norm in (False, True):
            module = allennlp.Elmo(
                *pair, 2, do_layer_norm=norm, dropout=0.0, keep_sentence_boundaries=norm, stateful=stateful
            )
            for call in range(2):
                found = module(ids)
                every = [x.detach().numpy() for x in (*found["elmo_representations"], found["mask"])]
                items[f"Elmo {stateful} {norm} {call}"] = arrays_digest(every)
    torch.manual_seed(0)
    token = allennlp.ElmoTokenEmbedder(*pair, dropout=0.3, requires_grad=True, projection_dim=5)
    vector = token(ids)
    vector.square().sum().backward()
    items["ElmoTokenEmbedder"] = array_digest(vector.detach().numpy())
    grads = {name: p.grad for name, p in token.named_parameters() if p.grad is not None}
    items["ElmoTokenEmbedder gradients"] = arrays_digest(grads[name].numpy() for name in sorted(grads))
    mix = allennlp.ScalarMix(3, initial_scalar_parameters=[0.1, -0.4, 0.9])
    items["ScalarMix"] = array_digest(
        mix(list(torch.ones(3, 2, 5, 7) * torch.arange(3)[:, None, None, None])).detach().numpy()
    )
    with open(room.folder / "lines.txt", "w", encoding="utf-8") as file:
        file.writelines(" ".join(words) + "\n" for words in texts[-20:])
    for form in ("all", "top", "average"):
        with open(room.folder / "lines.txt", encoding="utf-8") as file:
            allennlp.ElmoEmbedder(*pair).embed_file(file, room.folder / f"{form}.hdf5", form, 7)
        items |= hdf5_arrays(room.folder / f"{form}.hdf5", f"embed_file {form} ")
    for published in (False, True):
        old = simple_elmo.ElmoModel(as_published=published).load(fixtures / "allennlp" / "two_relu", max_batch_size=8)
        for layers in ("average", "top", "all"):
            for warmup in (True, False):
                key = f"simple_elmo {published} {layers} {warmup}"
                items[key] = array_digest(old.get_elmo_vectors(texts, warmup, layers))
                items[f"{key} average"] = array_digest(old.get_elmo_vector_average(texts, warmup, layers))
        for name in ("word_char", "char_only", "word_only", "short_chars"):
            random.seed(5)
            lang = elmoformanylangs.Embedder(fixtures / "elmoformanylangs" / name, 4, as_published=published)
            for layer in (-2, -1, 0, 1, 2):
                items[f"many_langs {published} {name} {layer}"] = arrays_digest(lang.sents2elmo(texts, layer))
    from elmo import Elmo

    Elmo.from_pretrained().save_pretrained(room.folder / "en")
    whole = simple_elmo.ElmoModel().load(room.folder / "en", full=True)
    items["substitutes"] = digest(json.dumps(whole.get_elmo_substitutes(texts[-5:], 4, False)).encode())
    return items


def folder_rows(folder: Path, prefix: str = "") -> Items:
    """All rows of a folder of vectors."""
    import numpy as np

    from elmo import open_vectors

    rows = [
        (r.vectors, repr([value for value in r if not isinstance(value, np.ndarray)])) for r in open_vectors(folder)
    ]
    return {
        f"{prefix}vectors": arrays_digest(v for v, _ in rows),
        f"{prefix}rows": digest("\n".join(text for _, text in rows).encode()),
        f"{prefix}number": str(len(rows)),
    }


def write_raw(room: Room, n_lines: int = 150) -> Path:
    """Raw text of several sentences a line."""
    return write_first(room.shared / "data/lm/english/heldout.txt.gz", room.folder / "raw.txt", n_lines)


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


# ---- pretraining

SMALL = ["--set", "rows=8", "--set", "window=8", "--set", "n_negatives=256", "--set", "log_every=10"]


def settings(*pairs: str) -> list[str]:
    """`--set` before each."""
    return [part for pair in pairs for part in ("--set", pair)]


def pretrain(room: Room, *more: str, n_steps: int = 200, n_bytes: int = 1_500_000, start: str | None = None) -> Items:
    """The model and the log of a run of size tiny, or of one that begins with a model, which reads raw text."""
    train, heldout = write_wikitext(room, n_bytes)
    fresh = ["--size", "tiny", "--vocabulary-size", "3000", "--pretokenized"]
    own = fresh if start is None else ["--start", start]
    often = settings("evaluate_every=100", "evaluate_sentences=10")
    texts = ["--corpus", train, "--heldout", heldout]
    printed = elmo("pretrain", *texts, *own, "-o", "run", *SMALL, *often, "--max-steps", str(n_steps), *more, "--json")
    run = room.folder / "run"
    return model_folder(run) | log_lines(run) | facts(printed)


@case()
def pretrain_sampled(room: Room) -> Items:
    """float32, sampled softmax, the defaults."""
    return pretrain(room)


@case()
def pretrain_full(room: Room) -> Items:
    """Full softmax."""
    return pretrain(room, *settings("softmax=full"))


@case()
def pretrain_adaptive(room: Room) -> Items:
    """Adaptive softmax, the paper's optimizer."""
    adagrad = ("optimizer.name=adagrad", "optimizer.learning_rate=0.2", "optimizer.schedule=constant")
    return pretrain(room, *settings("softmax=adaptive", *adagrad))


@case()
def pretrain_bfloat16(room: Room) -> Items:
    """Products in bfloat16, all kinds of dropout."""
    table = ("layer_inputs=0.2", "output=0.2", "words=0.05", "recurrent=0.1", "variational=true")
    return pretrain(room, *settings("precision=bfloat16", *(f"dropout.{pair}" for pair in table)))


@case()
def pretrain_tied(room: Room) -> Items:
    """The softmax reads the token layer."""
    return pretrain(room, *settings("tied=true"))


@case()
def pretrain_typing_errors(room: Room) -> Items:
    """Words are read with typing errors, rows in two parts."""
    return pretrain(room, *settings("typing_errors=0.15", "accumulate=2", "optimizer.name=adamw"))


@case()
def pretrain_distillation(room: Room) -> Items:
    """Going on from the English model, past typing errors, close to what it said."""
    more = settings("typing_errors=0.15", "distillation=0.5", "dropout=0", "optimizer.learning_rate=0.0005")
    return pretrain(room, *more, start="en")


@case()
def pretrain_word_vectors(room: Room) -> Items:
    """Words have vectors beside their characters, which have an alphabet."""
    layers = ("bilm.word_embedding.size=20", "bilm.word_embedding.n_words=1000", "bilm.char_cnn.alphabet_size=60")
    return pretrain(room, *settings(*layers))


def pretrain_some(room: Room, *pairs: str) -> Items:
    """Forty steps on a text that is shorter than they are."""
    return pretrain(room, *settings(*pairs), n_steps=40, n_bytes=9000)


@case()
def pretrain_words_alone(room: Room) -> Items:
    """No characters."""
    return pretrain_some(room, "bilm.char_cnn=none", "bilm.word_embedding.size=20", "optimizer.name=sgd")


@case()
def pretrain_reset_never(room: Room) -> Items:
    """The state goes on, sentences keep their order; settings of a recipe."""
    recipe = room.folder / "recipe.toml"
    recipe.write_text('state_reset = "never"\nshuffle = "none"\n', encoding="utf-8")
    return pretrain(room, "--recipe", str(recipe), n_steps=40, n_bytes=9000)


@case(quick=True)
def pretrain_reset_sentences(room: Room) -> Items:
    """The state starts anew at each sentence."""
    return pretrain_some(room, "state_reset=sentences", "optimizer.schedule=cosine")


@case()
def pretrain_reset_documents(room: Room) -> Items:
    """The state starts anew at each document."""
    return pretrain_some(room, "state_reset=documents", "shuffle=documents", "optimizer.schedule=inverse_sqrt")


def log_has_step(folder: Path, step: int) -> bool:
    """Whether the log of a run has come to a step."""
    path = folder / "log.jsonl"
    return path.exists() and f'"step": {step},' in path.read_text(encoding="utf-8")


def make_stopped_run(room: Room) -> None:
    """A run that is stopped halfway, in a new epoch."""
    train, heldout = write_wikitext(room, 30_000)
    options = ("rows=8", "window=8", "n_negatives=256", "log_every=10", "typing_errors=0.1", "evaluate_sentences=10")
    stopped(
        lambda: log_has_step(room.folder / "run", 100),
        "pretrain",
        "--corpus",
        train,
        "--heldout",
        heldout,
        "--pretokenized",
        "--size",
        "tiny",
        "-o",
        "run",
        "--vocabulary-size",
        "1500",
        "--max-steps",
        "200",
        *settings(*options),
    )


@case(make=make_stopped_run)
def resume(room: Room) -> Items:
    """Going on from a checkpoint of the old commit."""
    checkpoints = sorted(path.name for path in (room.folder / "run" / "checkpoints").iterdir())
    if not checkpoints or (room.folder / "run" / "model.safetensors").exists():
        raise RuntimeError("the run was not stopped halfway")
    printed = elmo("pretrain", "--resume", "-o", "run", "--json")
    run = room.folder / "run"
    elmo("report", "run")
    return {"checkpoints": repr(checkpoints)} | model_folder(run) | log_lines(run) | facts(printed)


def make_models(room: Room) -> None:
    """Small models of each kind of storage, input and output layer."""
    kinds = {
        "float16": ("--storage", "float16", *settings("softmax=adaptive")),
        "int8": ("--storage", "int8", *settings("bilm.char_cnn.alphabet_size=60", "bilm.word_embedding.size=20")),
        "float32": settings("tied=true", "softmax=full"),
    }
    for name, more in kinds.items():
        pretrain(room, *more, n_steps=20)
        (room.folder / "run").rename(room.folder / name)


@case(make=make_models)
def old_models(room: Room) -> Items:
    """Models that the old commit wrote."""
    items = {}
    _, text = write_wikitext(room)
    for name in ("float16", "int8", "float32"):
        items |= vectors(name, sentences(room)[:40], room.folder / name, dtypes=["float32", "int8"])
        items |= facts(elmo("perplexity", name, text, "--pretokenized", "--json"), f"{name} ")
    return items


# ---- tasks


def write_task(room: Room, task: str, n_train: int, n_dev: int) -> list[str | Path]:
    """Files of a task: the options that name them."""
    data = room.shared / "data"
    if task == "read":
        whole = json.loads(unpacked(data / "qa/squad1-en/dev.json.gz"))["data"][:2]
        for name, article in zip(("train.json", "dev.json"), whole, strict=True):
            some = article | {"paragraphs": article["paragraphs"][: n_train if name == "train.json" else n_dev]}
            (room.folder / name).write_text(json.dumps({"data": [some]}), encoding="utf-8")
        return ["--task", "read", "--train", "train.json", "--dev", "dev.json"]
    folder, ending = {
        "tag": ("ner/conll2003-en", "conll"),
        "classify": ("sentiment/sst2-en", "jsonl"),
        "pair": ("pairs/sick-en", "jsonl"),
        "relation": ("relations/semeval2010-task8-en", "jsonl"),
        "documents": ("relations/bc5cdr-cid-en", "pubtator"),
    }[task]
    separator = "\n" if ending == "jsonl" else "\n\n"
    source, target = data / folder / f"train.{ending}.gz", room.folder / f"train.{ending}"
    write_first(source, target, n_train, separator=separator)
    write_first(source, room.folder / f"dev.{ending}", n_dev, skip=n_train, separator=separator)
    kind = "relation" if task == "documents" else task
    return ["--task", kind, "--train", f"train.{ending}", "--dev", f"dev.{ending}"]


TO_PREDICT: dict[str, list[Any]] = {
    "tag": ["Ann Smith lives in Oslo .", "EU rejects German call", "", "Peter Blackburn"],
    "classify": ["a stirring , funny film", "it is dull", "", "..."],
    "pair": [{"a": "A man sleeps", "b": "A man is awake"}, {"a": "Kids play", "b": "Children are playing"}],
    "relation": ["The <e1>child</e1> lay in the <e2>cradle</e2>.", "The <e1>engine</e1> of the <e2>car</e2> broke."],
    "read": [{"context": "The Normans came from Denmark in 911.", "question": "Where did they come from?"}],
}


def task_outcome(folder: Path, task: str, prefix: str = "") -> Items:
    """What a task in a folder says and scores: at the command line, and in Python."""
    from elmo import load_task

    ending = {"tag": "conll", "read": "json", "documents": "pubtator"}.get(task, "jsonl")
    items = facts(elmo("evaluate", folder, f"dev.{ending}", "--json"), f"{prefix}evaluate ")
    if task == "documents":
        return items | lines(elmo("predict", folder, "dev.pubtator", "--json"), f"{prefix}predict ")
    texts = TO_PREDICT[task]
    Path("texts.txt").write_text(
        "".join((text if isinstance(text, str) else json.dumps(text)) + "\n" for text in texts), encoding="utf-8"
    )
    items |= lines(elmo("predict", folder, "texts.txt", "--json"), f"{prefix}predict ")
    given = [tuple(text.values()) if isinstance(text, dict) else text for text in texts]
    called = [json.dumps(found.facts()) for found in load_task(folder)(given)]
    return items | lines("\n".join(called), f"{prefix}call ")


def train_task(
    room: Room, task: str, *more: str, n_train: int = 150, n_dev: int = 60, output: str = "task", epochs: int = 2
) -> Items:
    """A trained task: its weights, scores and predictions."""
    files = write_task(room, task, n_train, n_dev)
    printed = elmo("train", *files, "-o", output, "--set", f"epochs={epochs}", *more, "--json")
    items = model_folder(room.folder / output, f"{output} ") | facts(printed, f"{output} train ")
    tuned = room.folder / output / "elmo"
    if tuned.exists():
        items |= model_folder(tuned, f"{output} elmo ")
    return items | task_outcome(room.folder / output, task, f"{output} ")


@case(quick=True)
def tag(room: Room) -> Items:
    """Named entities, with ELMo."""
    return train_task(room, "tag", n_train=200, epochs=3)


@case()
def classify(room: Room) -> Items:
    """Sentiment: with ELMo, with n-grams, another network, a biLM that learns."""
    items = train_task(room, "classify", *settings("ngrams=true"), n_train=300, epochs=3)
    attentive = settings("network=biattentive", "dropout=0.3", "elmo.layer_norm=true", "elmo.at_output=true")
    items |= train_task(room, "classify", *attentive, output="attentive")
    tuned = settings("elmo.fine_tune=true", "elmo.unfreeze=1")
    return items | train_task(room, "classify", *tuned, n_train=60, output="tuned", epochs=3)


@case()
def pair(room: Room) -> Items:
    """Entailment with ELMo, similarity without."""
    items = train_task(room, "pair", n_train=100)
    numbers = settings("regression=true", "label=score")
    return items | train_task(room, "pair", "--baseline", *numbers, n_train=100, output="numbers")


@case()
def relation(room: Room) -> Items:
    """Relations of marked mentions and of concepts in documents, without ELMo."""
    items = train_task(room, "relation", "--baseline")
    return items | train_task(room, "documents", "--baseline", n_train=12, n_dev=5, output="documents")


@case()
def read(room: Room) -> Items:
    """Answers in passages, without ELMo."""
    return train_task(room, "read", "--baseline", n_train=6, n_dev=3)


@case()
def study(room: Room) -> Items:
    """Fractions of the training file, with ELMo and without."""
    files = write_task(room, "classify", 120, 40)
    elmo("train", *files, "-o", "curve", "--fractions", "50,100", "--seeds", "1", "--baseline", *settings("epochs=1"))
    items = {}
    for path in sorted((room.folder / "curve").glob("*/model.safetensors")):
        items |= tensors(path, f"{path.parent.name} ")
    return items


def make_stopped_task(room: Room) -> None:
    """A task that is stopped after its first epoch, whose layers are not in any cache then."""
    files = write_task(room, "tag", 200, 60)
    checkpoint = room.folder / "task" / "checkpoint" / "place.json"
    stopped(checkpoint.exists, "train", *files, "-o", "task", *settings("epochs=6"))


@case(make=make_stopped_task)
def resume_task(room: Room) -> Items:
    """Going on with a task that the old commit began."""
    if not (room.folder / "task" / "checkpoint").exists():
        raise RuntimeError("the task was not stopped halfway")
    printed = elmo("train", "--resume", "-o", "task", "--json")
    return model_folder(room.folder / "task") | facts(printed, "train ") | task_outcome(room.folder / "task", "tag")


SAVED_TASKS = {
    "tag": (100, 40),
    "classify": (100, 40),
    "pair": (60, 20),
    "relation": (60, 20),
    "read": (3, 2),
    "documents": (8, 4),
}


def make_tasks(room: Room) -> None:
    """A task of each kind."""
    for task, (n_train, n_dev) in SAVED_TASKS.items():
        more = [] if task in ("tag", "classify") else ["--baseline"]
        files = write_task(room, task, n_train, n_dev)
        elmo("train", *files, "-o", f"of-{task}", *settings("epochs=1"), *more)


@case(make=make_tasks)
def old_tasks(room: Room) -> Items:
    """Tasks that the old commit wrote."""
    items = {}
    for task, (n_train, n_dev) in SAVED_TASKS.items():
        write_task(room, task, n_train, n_dev)
        items |= task_outcome(room.folder / f"of-{task}", task, f"{task} ")
    return items


# ---- folders of vectors, indexes, change

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


# ---- seconds


def time_embed(folder: Path) -> dict[str, float]:
    """Tokens a second of the model in a folder, beside `sentences.json`: words never met, and met before."""
    from elmo import Elmo

    texts = json.loads((folder.parent / "sentences.json").read_text(encoding="utf-8"))
    n_tokens, found = sum(map(len, texts)), {}
    for dtype in ("float32", "bfloat16", "int8"):
        model = Elmo.from_pretrained(folder, dtype=dtype)
        model.embed([["ready"]])  # the weights are laid out
        for words in ("cold", "warm"):
            begun = time.perf_counter()
            model.embed(texts)
            found[f"{dtype}, {words}"] = n_tokens / (time.perf_counter() - begun)
    return found


def time_pretrain(folder: Path) -> dict[str, float]:
    """Tokens a second of steps of size tiny, as `pretrain.py` measures them; the first two steps do not count."""
    found = {}
    for rows, precision in ((64, "float32"), (64, "bfloat16"), (256, "float32"), (256, "bfloat16")):
        out = folder / "run"
        elmo(
            "pretrain",
            "--corpus",
            folder / "train.txt",
            "--heldout",
            folder / "heldout.txt",
            "--pretokenized",
            "-o",
            out,
            "--size",
            "tiny",
            "--vocabulary-size",
            "100000",
            "--max-steps",
            "11",
            *settings(
                f"rows={rows}",
                "window=20",
                "n_negatives=1024",
                f"precision={precision}",
                "log_every=1",
                "optimizer.name=adagrad",
                "optimizer.learning_rate=0.2",
                "optimizer.schedule=constant",
                "optimizer.warmup_steps=0",
            ),
        )
        log = [json.loads(line) for line in (out / "log.jsonl").read_text(encoding="utf-8").splitlines()]
        speeds = [line["tokens_per_s"] for line in log if "tokens_per_s" in line]
        found[f"{rows} rows, {precision}"] = statistics.median(speeds[2:])
        subprocess.run(["rm", "-r", str(out)], check=True)
    return found


TIMED: dict[str, Callable[[Path], dict[str, float]]] = {"time_embed": time_embed, "time_pretrain": time_pretrain}


def main() -> None:
    """Do one thing of one case."""
    what, name, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if what == "time":
        print(json.dumps(TIMED[name](folder)))
        return
    shared, old_tree, outcome = map(Path, sys.argv[4:7])
    room = Room(folder, shared, old_tree)
    import elmo as package

    chosen = CASES[name]
    if what == "make":
        assert chosen.make is not None
        chosen.make(room)
        items: Items = {}
    else:
        items = chosen.run(room)
    used = [usage_of.getrusage(who) for who in (usage_of.RUSAGE_SELF, usage_of.RUSAGE_CHILDREN)]
    cpu_s = sum(usage.ru_utime + usage.ru_stime for usage in used)
    found = {"package": package.__file__, "cpu_s": cpu_s, "items": items}
    outcome.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
