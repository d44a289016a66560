"""Cases of vectors: every model format, dtype and state; layers, pooling, spans, the learned mix."""

from collections.abc import Sequence
from typing import Any

from benchmarks.measure.house.cases.case import Room, case
from benchmarks.measure.house.cases.commands import elmo
from benchmarks.measure.house.cases.digests import Items, arrays_digest, digest, facts, model_folder
from benchmarks.measure.house.cases.texts import sentences

STATES = ("zero", "carry", "warm")
DTYPES = ("float32", "bfloat16", "int8", "float64")


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
