"""A Transformer as teacher: the forward pass equal to that of transformers, words by their pieces."""

import json

import numpy as np
import pytest
import torch

from elmo.checkpoints.tensors import read_tensors, write_tensors
from elmo.errors import CheckpointError
from elmo.train.teachers.transformer import Transformer, relative_buckets
from teachers import ODD_WORDS, PIECES, write_teacher

SENTENCES = [["The", "bank", "of", "the", "river"], ["the"], [*ODD_WORDS, "river", "bank"], ["bank"] * 30]


@pytest.mark.parametrize("kind", ["bert", "mpnet"])
def test_layers_equal_those_of_transformers(tmp_path, kind):
    transformers = pytest.importorskip("transformers")
    folder = write_teacher(tmp_path / "teacher", kind)
    teacher = Transformer(folder)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    pieces = transformers.AutoTokenizer.from_pretrained(folder)
    random = np.random.default_rng(0)
    words = [*(piece for piece in PIECES if piece.isalpha()), *ODD_WORDS]
    sentences = [random.choice(words, size=n).tolist() for n in random.integers(1, 25, size=200)]
    for words, taught in zip(sentences, teacher.read(sentences), strict=True):
        batch = pieces(" ".join(words), return_tensors="pt", return_offsets_mapping=True)
        offsets = batch.pop("offset_mapping")[0].tolist()
        with torch.no_grad():
            found = model(**batch, output_hidden_states=True).hidden_states
        right = torch.stack(found[1:])[:, 0]  # (L, T, D)
        begins = np.cumsum([0, *(len(word) + 1 for word in words)])
        for number, word in enumerate(words):
            own = [i for i, (a, b) in enumerate(offsets) if a < b and begins[number] <= a < begins[number] + len(word)]
            assert bool(taught.known[number]) == bool(own)
            if own:
                assert torch.allclose(taught.layers[1:, number], right[:, own].mean(dim=1), atol=1e-5)
                alone = model.embeddings.word_embeddings.weight[batch["input_ids"][0, own]].mean(dim=0)
                assert torch.allclose(taught.layers[0, number], alone, atol=1e-6)
            else:
                assert not taught.layers[:, number].any()


def test_the_same_sentences_give_the_same_bits(tmp_path):
    teacher = Transformer(write_teacher(tmp_path / "teacher"))
    first, again = teacher.read(SENTENCES), teacher.read(SENTENCES)
    assert all(torch.equal(a.layers, b.layers) for a, b in zip(first, again, strict=True))


def test_a_long_sentence_is_cut_between_words(tmp_path):
    teacher = Transformer(write_teacher(tmp_path / "teacher", positions=12))  # ten pieces at once
    words = ["the", "river", "rivers", "bank"] * 6  # rivers: two pieces
    (taught,) = teacher.read([words])
    assert taught.known.all()
    pieces = [1, 1, 2, 1] * 6
    begin = 0
    while begin < len(words):
        n = max(k for k in range(1, len(words) - begin + 1) if sum(pieces[begin : begin + k]) <= 10)
        (part,) = teacher.read([words[begin : begin + n]])
        assert torch.allclose(taught.layers[:, begin : begin + n], part.layers, atol=1e-6)
        begin += n


def test_a_word_longer_than_all_positions_is_not_known(tmp_path):
    teacher = Transformer(write_teacher(tmp_path / "teacher", positions=12))
    (taught,) = teacher.read([["the", "-" * 11, "river"]])
    assert taught.known.tolist() == [True, False, True]


def test_bfloat16_is_near(tmp_path):
    folder = write_teacher(tmp_path / "teacher")
    for exact, near in zip(
        Transformer(folder).read(SENTENCES), Transformer(folder, torch.bfloat16).read(SENTENCES), strict=True
    ):
        assert near.layers.dtype == torch.float32
        assert torch.equal(exact.known, near.known)
        assert torch.allclose(exact.layers, near.layers, atol=0.1)


def test_an_encoder_within_a_model_is_found(tmp_path):
    folder = write_teacher(tmp_path / "teacher")
    right = Transformer(folder).read(SENTENCES)
    tensors = read_tensors(folder / "model.safetensors")
    head = {"cls.predictions.bias": torch.zeros(3), "bert.pooler.dense.bias": torch.zeros(2)}
    write_tensors({f"bert.{name}": t for name, t in tensors.items()} | head, folder / "model.safetensors")
    assert all(torch.equal(a.layers, b.layers) for a, b in zip(right, Transformer(folder).read(SENTENCES), strict=True))


def test_relative_buckets_are_exact_when_near():
    buckets = relative_buckets(200)
    assert [int(buckets[100, 100 - d]) for d in range(9)] == [0, 1, 2, 3, 4, 5, 6, 7, 8]
    assert [int(buckets[100, 100 + d]) for d in range(1, 9)] == [17, 18, 19, 20, 21, 22, 23, 24]
    assert int(buckets[199, 0]) == 15
    assert int(buckets[0, 199]) == 31


def damage(folder, name, change):
    path = folder / name
    given = json.loads(path.read_text())
    change(given)
    path.write_text(json.dumps(given))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: c.update(model_type="t5"), "model_type"),
        (lambda c: c.update(hidden_act="relu"), "hidden_act"),
        (lambda c: c.update(position_embedding_type="relative_key"), "position_embedding_type"),
        (lambda c: c.update(num_attention_heads=3), "no multiple of num_attention_heads"),
        (lambda c: c.update(max_position_embeddings=2), "leaves no room"),
        (lambda c: c.update(num_hidden_layers=3), "'encoder.layer.2.attention.output.LayerNorm.bias' is missing"),
        (lambda c: c.pop("hidden_size"), "hidden_size"),
    ],
)
def test_another_architecture_is_refused(tmp_path, change, says):
    folder = write_teacher(tmp_path / "teacher")
    damage(folder, "config.json", change)
    with pytest.raises(CheckpointError, match=says.replace("(", r"\(")):
        Transformer(folder)


def test_files_of_different_models_are_refused(tmp_path):
    folder = write_teacher(tmp_path / "teacher")
    damage(folder, "tokenizer.json", lambda t: t["model"]["vocab"].update({f"more{i}": 1000 + i for i in range(50)}))
    with pytest.raises(CheckpointError, match="different models"):
        Transformer(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_or_damaged_file_is_named(tmp_path, name):
    folder = write_teacher(tmp_path / "teacher")
    (folder / name).write_bytes(b"no")
    with pytest.raises(CheckpointError, match=name):
        Transformer(folder)
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=name):
        Transformer(folder)
