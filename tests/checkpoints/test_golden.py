"""Parity with the reference programs: AllenNLP 2.10.1 and bilm-tf on the same models and sentences.

The models in tests/golden are part of the repository; the others lie in the project's shared material.
"""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from conftest import GOLDEN, SHARED
from elmo.checkpoints.formats.allennlp_hdf5 import save_allennlp
from elmo.checkpoints.formats.native import load_native, save_native
from elmo.checkpoints.load import load_model
from elmo.embed.embedder import Elmo
from elmo.model.scalar_mix import ALLENNLP_EPSILON, BILM_TF_EPSILON, ScalarMix
from elmo.text.batches import encode_batch

LOCAL = ["one_tanh", "two_clip"]
ALLENNLP = ["two_relu", "two_tanh", "three_relu", "one_tanh", "two_clip", "two_n261"]
BILM_TF = ["two_relu", "two_tanh", "three_relu", "one_tanh", "two_clip", "two_noskip"]
WEIGHTS = {1: [0.3, -0.7], 2: [0.1, -0.4, 0.9], 3: [0.2, 0.5, -0.8, 0.05]}


def tolerance(name: str) -> float:
    return 2e-5 if name == "two_clip" else 2e-6


def folder_of(program: str, name: str) -> Path:
    if name in LOCAL and program == "allennlp":
        return GOLDEN / program / name
    if not SHARED.is_dir():
        pytest.skip("needs the project's shared fixtures beside the checkout")
    return SHARED / "fixtures" / program / name


def inputs() -> list[list[list[str]]]:
    return json.loads((GOLDEN / "allennlp" / "inputs.json").read_text(encoding="utf-8"))


def run(elmo: Elmo, batch: list[list[str]]) -> tuple[torch.Tensor, torch.Tensor]:
    """All layers of a batch from state zero, boundaries included, and the mask."""
    encoded = encode_batch(batch, range(len(batch)), elmo.model.word_encoder)
    char_ids, mask = torch.from_numpy(encoded.char_ids[encoded.word_at]), torch.from_numpy(encoded.mask)
    with torch.no_grad():
        return elmo.bilm(char_ids, mask)[0], mask


@pytest.mark.parametrize("name", ALLENNLP)
def test_every_layer_and_state_is_allennlps_from_state_zero_and_carried(name):
    folder = folder_of("allennlp", name)
    golden = np.load(folder / "golden.npz")
    elmo = Elmo.from_pretrained(folder)
    n_compared = 0
    for i, batch in enumerate(inputs()):
        layers, mask = run(elmo, batch)
        assert np.array_equal(mask.numpy(), golden[f"mask_b{i}"])
        assert np.allclose(layers.numpy(), golden[f"zero_b{i}"], atol=tolerance(name), rtol=0)
        zero, carried = elmo.embed(batch, layers="all"), elmo.embed(batch, layers="all", state="carry")
        for b, words in enumerate(batch):
            inner = slice(1, len(words) + 1)
            assert np.allclose(zero[b], golden[f"zero_b{i}"][b][:, inner], atol=tolerance(name), rtol=0)
            assert np.allclose(carried[b], golden[f"carry_b{i}"][b][:, inner], atol=tolerance(name), rtol=0)
            n_compared += zero[b].size
        if i in (1, 2, 3):  # AllenNLP went on writing into the array that was kept: these show the state after batch 4
            continue
        for part, key in ((0, "h"), (1, "c")):
            expected = golden[f"state_{key}_after_b{i}"]
            ours = torch.cat([half[part] for half in elmo._session.carried], dim=2).numpy()
            assert np.allclose(ours, expected, atol=tolerance(name), rtol=0)
    assert n_compared > 1000


@pytest.mark.parametrize("name", ALLENNLP)
@pytest.mark.parametrize("layer_norm", [False, True])
def test_mixes_are_allennlps_with_and_without_layer_norm_and_boundaries(name, layer_norm):
    folder = folder_of("allennlp", name)
    golden = np.load(folder / "golden.npz")
    elmo = Elmo.from_pretrained(folder)
    weights = WEIGHTS[elmo.n_layers - 1]
    for i in (0, 1, 3):
        batch = inputs()[i]
        layers, mask = run(elmo, batch)
        for suffix, mix in (
            ("", ScalarMix(elmo.n_layers, weights, 1.7, layer_norm, ALLENNLP_EPSILON)),
            ("_default", ScalarMix(elmo.n_layers, layer_norm=layer_norm)),
        ):
            ours = mix(layers, mask).detach().numpy()
            for keep in (0, 1):
                expected = golden[f"mix_ln{int(layer_norm)}_keep{keep}_b{i}{suffix}"]
                for b, words in enumerate(batch):
                    columns = slice(0, len(words) + 2) if keep else slice(1, len(words) + 1)
                    length = len(words) + 2 * keep
                    assert np.allclose(ours[b, columns], expected[b, :length], atol=tolerance(name), rtol=0)


@pytest.mark.parametrize("name", BILM_TF)
def test_every_layer_and_mix_is_bilm_tfs(name):
    if name in LOCAL[:1]:
        golden = np.load(GOLDEN / "bilm_tf" / f"{name}.npz")
    else:
        golden = np.load(folder_of("bilm_tf", "outputs_on_random_models") / f"{name}.npz")
    elmo = Elmo.from_pretrained(folder_of("allennlp", name))
    atol = tolerance(name)
    weights = WEIGHTS[elmo.n_layers - 1]
    for i, batch in enumerate(inputs()):
        zero, carried = elmo.embed(batch, layers="all"), elmo.embed(batch, layers="all", state="carry")
        for b, words in enumerate(batch):
            assert np.allclose(zero[b], golden[f"zero_b{i}"][b][:, : len(words)], atol=atol, rtol=0)
            assert np.allclose(carried[b], golden[f"carry_b{i}"][b][:, : len(words)], atol=atol, rtol=0)
        layers, mask = run(elmo, batch)
        inner = layers[:, :, 1:]  # bilm-tf's statistics leave the boundaries out: they are removed before the mix
        inner_mask = mask[:, 2:]
        inner = inner[:, :, : inner_mask.shape[1]] * inner_mask[:, None, :, None]
        for layer_norm in (False, True):
            mix = ScalarMix(elmo.n_layers, weights, 1.7, layer_norm, BILM_TF_EPSILON)
            expected = golden[f"mix_ln{int(layer_norm)}_b{i}"]
            ours = mix(inner, inner_mask).detach().numpy()
            kept = inner_mask.numpy()
            assert np.allclose(ours[kept], expected[kept], atol=atol, rtol=0)


@pytest.mark.parametrize(
    ("name", "sentences"), [("test_model", "lm_embeddings_sentences.json"), ("allennlp_test_model", "sentences.json")]
)
def test_the_reference_projects_own_test_models(shared, name, sentences):
    folder = shared / "fixtures" / "bilm_tf" / name
    lists = json.loads((folder / sentences).read_text())
    elmo = Elmo.from_pretrained(folder)
    for i in range(10):
        batch = [lists[k][i].split() for k in range(3)]
        for k, ours in enumerate(elmo.embed(batch, layers="top", state="carry")):
            with h5py.File(folder / f"lm_embeddings_{k}.hdf5") as file:
                expected = np.concatenate(list(file[str(i)][()]), axis=1)
            assert np.allclose(ours, expected, atol=2e-6, rtol=0)


@pytest.mark.parametrize("name", [*ALLENNLP, "two_noskip"])
def test_allennlp_to_native_to_allennlp_is_bit_identical_in_every_array(tmp_path, name):
    folder = folder_of("allennlp", name)
    save_native(load_model(folder), tmp_path / "native")
    save_allennlp(load_native(tmp_path / "native"), tmp_path / "back")
    n_arrays = 0
    with h5py.File(folder / "weights.hdf5") as before, h5py.File(tmp_path / "back" / "weights.hdf5") as after:

        def compare(array_name: str, array: object) -> None:
            nonlocal n_arrays
            if isinstance(array, h5py.Dataset):
                n_arrays += 1
                assert array[()].tobytes() == after[array_name][()].tobytes(), array_name
                assert array.dtype == after[array_name].dtype

        before.visititems(compare)
        names: list[str] = []
        after.visititems(lambda n, x: names.append(n) if isinstance(x, h5py.Dataset) else None)
    assert n_arrays == len(names) > 10
    options, again = (json.loads((f / "options.json").read_text()) for f in (folder, tmp_path / "back"))
    options["char_cnn"]["n_characters"] = 262
    assert again == options
