"""The case of the old programs' calls: those of `elmo.compat`."""

import json

from benchmarks.measure.house.cases.case import Room, case
from benchmarks.measure.house.cases.digests import Items, array_digest, arrays_digest, digest, hdf5_arrays
from benchmarks.measure.house.cases.texts import sentences


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
