"""AllenNLP's calls: the values that AllenNLP recorded, its shapes and arguments, gradients, what it wrote to HDF5."""

import io
import json

import h5py
import numpy as np
import pytest
import torch

from conftest import GOLDEN, SHARED
from elmo.checkpoints.formats.native import save_native
from elmo.compat.allennlp import Elmo, ElmoEmbedder, ElmoTokenEmbedder, ScalarMix, _ElmoBiLm, batch_to_ids
from elmo.errors import CheckpointError, ConfigError, OutputError, ShapeError, TextError

NAMES = ["two_relu", "two_tanh", "three_relu", "one_tanh", "two_clip", "two_n261"]
WEIGHTS = {2: [0.3, -0.7], 3: [0.1, -0.4, 0.9], 4: [0.2, 0.5, -0.8, 0.05]}
INPUTS = json.loads((GOLDEN / "allennlp" / "inputs.json").read_text(encoding="utf-8"))
SMALL = GOLDEN / "allennlp" / "one_tanh"
PAIR = (SMALL / "options.json", SMALL / "weights.hdf5")


def folder_of(name):
    if (GOLDEN / "allennlp" / name).is_dir():
        return GOLDEN / "allennlp" / name
    if not SHARED.is_dir():
        pytest.skip("needs the project's shared fixtures beside the checkout")
    return SHARED / "fixtures" / "allennlp" / name


def pair_of(name):
    return str(folder_of(name) / "options.json"), str(folder_of(name) / "weights.hdf5")


def tolerance(name):
    return 2e-5 if name == "two_clip" else 2e-6


def test_ids_are_allennlps(shared):
    expected = np.load(shared / "fixtures" / "allennlp" / "char_ids.npz")
    for i, batch in enumerate(INPUTS):
        ids = batch_to_ids(batch)
        assert ids.dtype == torch.int64
        assert np.array_equal(ids.numpy(), expected[f"b{i}"])


@pytest.mark.parametrize("name", NAMES)
def test_all_layers_are_allennlps_batch_after_batch(name):
    golden = np.load(folder_of(name) / "golden.npz")
    bilm = _ElmoBiLm(*pair_of(name))
    assert bilm.num_layers == golden["zero_b0"].shape[1]
    for i, batch in enumerate(INPUTS):
        found = bilm(batch_to_ids(batch))
        layers = torch.stack(found["activations"], dim=1).detach().numpy()
        assert np.array_equal(found["mask"].numpy(), golden[f"mask_b{i}"])
        assert np.allclose(layers, golden[f"carry_b{i}"], atol=tolerance(name), rtol=0)
        bilm.reset_states() if i == 5 else None
    again = torch.stack(bilm(batch_to_ids(INPUTS[0]))["activations"], dim=1).detach().numpy()
    assert np.allclose(again, golden["zero_b0"], atol=tolerance(name), rtol=0)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("keep", [False, True])
def test_representations_are_allennlps(name, layer_norm, keep):
    golden = np.load(folder_of(name) / "golden.npz")
    for b in (0, 1, 3):
        how = {"do_layer_norm": layer_norm, "dropout": 0, "keep_sentence_boundaries": keep}
        elmo = Elmo(*pair_of(name), 2, **how)
        with torch.no_grad():
            weights = WEIGHTS[elmo._elmo_lstm.num_layers]
            for parameter, value in zip(elmo.scalar_mix_0.scalar_parameters, weights, strict=True):
                parameter.fill_(value)
            elmo.scalar_mix_0.gamma.fill_(1.7)
        found = elmo(batch_to_ids(INPUTS[b]))
        key = f"mix_ln{int(layer_norm)}_keep{int(keep)}_b{b}"
        mask = found["mask"].numpy()
        assert np.array_equal(mask, golden[f"{key}_mask"])
        for vectors, suffix in zip(found["elmo_representations"], ("", "_default"), strict=True):
            ours, expected = vectors.detach().numpy(), golden[key + suffix]
            assert ours.shape == expected.shape
            assert np.allclose(ours[mask], expected[mask], atol=tolerance(name), rtol=0)
            assert not ours[~mask].any()


@pytest.mark.parametrize("name", NAMES)
def test_the_embedder_is_that_of_0_9(name):
    golden = np.load(folder_of(name) / "golden.npz")
    embedder = ElmoEmbedder(*pair_of(name))
    for b in (0, 1, 2):
        for s, vectors in enumerate(embedder.embed_batch(INPUTS[b])):
            expected = golden[f"embedder_b{b}_s{s}"]
            assert vectors.dtype == np.float32
            assert vectors.shape == expected.shape
            assert np.allclose(vectors, expected, atol=tolerance(name), rtol=0)


def test_the_embedder_one_by_one_in_a_stream_and_padded():
    batch = [["the", "river"], [], ["bank"]]
    embedder = ElmoEmbedder(*PAIR)
    expected = embedder.embed_batch(batch)
    embedder.reset_states()
    vectors, mask = embedder.batch_to_embeddings(batch)
    assert vectors.shape == (3, 2, 2, 32)
    assert mask.tolist() == [[True, True], [False, False], [True, False]]
    for row, own in zip(vectors, expected, strict=True):
        assert np.array_equal(row[:, : own.shape[1]].numpy(), own)
    embedder.reset_states()
    assert np.allclose(embedder.embed_sentence(batch[0]), expected[0], atol=1e-6)
    assert embedder.embed_sentence([]).shape == (2, 0, 32)
    stateless = ElmoEmbedder(*PAIR, stateful=False)
    assert len(list(stateless.embed_sentences(iter(batch * 3), batch_size=2))) == 9
    assert np.array_equal(stateless.embed_sentence(["bank"]), stateless.embed_sentence(["bank"]))


@pytest.mark.parametrize(("format", "name"), [("all", "all"), ("top", "top"), ("average", "average")])
def test_the_file_is_that_of_the_command(shared, tmp_path, format, name):
    source = shared / "fixtures" / "allennlp"
    embedder = ElmoEmbedder(*pair_of("two_relu"))
    with (source / "elmo_command_sentences.txt").open(encoding="utf-8") as lines:
        embedder.embed_file(lines, tmp_path / "v.hdf5", format, batch_size=3)
    with h5py.File(source / f"elmo_command_{name}.hdf5") as expected, h5py.File(tmp_path / "v.hdf5") as ours:
        assert set(ours) == set(expected)
        for key in set(expected) - {"sentence_to_index"}:
            assert np.allclose(ours[key][()], expected[key][()], atol=2e-6, rtol=0)
        assert json.loads(ours["sentence_to_index"][0]) == json.loads(expected["sentence_to_index"][0])


def test_the_file_without_sentences_or_with_sentences_as_keys(tmp_path):
    embedder = ElmoEmbedder(*PAIR, stateful=False)
    embedder.embed_file(io.StringIO("the river\nbank\n"), tmp_path / "a.hdf5", forget_sentences=True)
    embedder.embed_file(io.StringIO("the river\nbank\n"), tmp_path / "b.hdf5", use_sentence_keys=True)
    with h5py.File(tmp_path / "a.hdf5") as numbers, h5py.File(tmp_path / "b.hdf5") as names:
        assert set(numbers) == {"0", "1"}
        assert set(names) == {"the river", "bank"}
        assert np.array_equal(numbers["0"][()], names["the river"][()])


@pytest.mark.parametrize(
    ("text", "how", "message"),
    [
        ("a\n\nb\n", {}, "line 2 is empty; remove the 1 empty lines"),
        ("a\na\n", {"use_sentence_keys": True}, "line 2: 'a' comes twice"),
        ("and/or\n", {"use_sentence_keys": True}, "line 1: 'and/or' cannot be a name in HDF5"),
        (".\n", {"use_sentence_keys": True}, "cannot be a name"),
        ("a\n", {"output_format": "best"}, "output_format='best'; there are all, top, average"),
        ("a\n", {"batch_size": 0}, "batch_size 0: must be at least 1"),
        ("a\n", {"use_sentence_keys": True, "forget_sentences": True}, "give one of them"),
    ],
)
def test_a_file_that_cannot_be_made_leaves_nothing(tmp_path, text, how, message):
    with pytest.raises((TextError, ConfigError), match=message):
        ElmoEmbedder(*PAIR).embed_file(io.StringIO(text), tmp_path / "v.hdf5", **how)
    assert list(tmp_path.iterdir()) == []


def test_more_dimensions_in_front_come_back():
    elmo = Elmo(*PAIR, 1, dropout=0, stateful=False)
    ids = batch_to_ids([["a", "b"], ["c"], ["d", "e"], ["f"], ["g"], ["h"]])
    flat, deep = elmo(ids), elmo(ids.view(2, 3, 2, 50))
    assert deep["mask"].shape == (2, 3, 2)
    assert deep["elmo_representations"][0].shape == (2, 3, 2, 32)
    assert torch.equal(deep["elmo_representations"][0].view(6, 2, 32), flat["elmo_representations"][0])


def test_the_token_embedder_projects():
    embedder = ElmoTokenEmbedder(*PAIR, dropout=0.0, projection_dim=5)
    assert (embedder.get_output_dim(), embedder(batch_to_ids([["a", "b"]])).shape) == (5, (1, 2, 5))
    plain = ElmoTokenEmbedder(*PAIR, dropout=0.0)
    assert plain(batch_to_ids([["a", "b"]])).shape == (1, 2, plain.get_output_dim()) == (1, 2, 32)


@pytest.mark.parametrize("requires_grad", [False, True])
def test_a_task_learns_the_mix_and_the_bilm_if_asked(requires_grad):
    elmo = Elmo(*PAIR, 2, requires_grad=requires_grad, dropout=0.0)
    for _ in range(2):  # the second batch goes on from the state of the first, and not from its gradient
        elmo.zero_grad()
        found = elmo(batch_to_ids([["the", "river"], ["bank"]]))["elmo_representations"]
        (found[0].sum() + 2 * found[1].square().sum()).backward()
    for mix in (elmo.scalar_mix_0, elmo.scalar_mix_1):
        assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in mix.parameters())
    grads = [p.grad for p in elmo._elmo_lstm.parameters()]
    assert all(g is not None for g in grads) if requires_grad else all(g is None for g in grads)


def test_dropout_is_after_the_mix_and_off_in_eval():
    elmo = Elmo(*PAIR, 1, dropout=0.5, stateful=False)
    ids = batch_to_ids([["the", "river", "bank"]])
    torch.manual_seed(0)
    trained = elmo(ids)["elmo_representations"][0]
    rested = elmo.eval()(ids)["elmo_representations"][0]
    kept = trained != 0
    assert 0.3 < kept.float().mean() < 0.7
    assert torch.allclose(trained[kept], 2 * rested[kept])


def test_fixed_parameters_of_the_mix_do_not_learn():
    elmo = Elmo(*PAIR, 1, dropout=0.0, scalar_mix_parameters=[0.0, 50.0], stateful=False)
    assert not any(p.requires_grad for p in elmo.parameters())
    top = ElmoEmbedder(*PAIR, stateful=False).embed_sentence(["river"])[-1]
    assert np.allclose(elmo(batch_to_ids([["river"]]))["elmo_representations"][0][0].numpy(), top, atol=1e-6)


def test_a_loaded_bilm_is_shared_by_two():
    bilm = _ElmoBiLm(*PAIR, stateful=False)
    one, two = (Elmo(None, None, 1, dropout=0.0, module=bilm) for _ in range(2))
    ids = batch_to_ids([["river"]])
    assert torch.equal(one(ids)["elmo_representations"][0], two(ids)["elmo_representations"][0])


def test_the_mix_has_allennlps_names_and_formula():
    mix = ScalarMix(3, initial_scalar_parameters=[0.1, -0.4, 0.9])
    assert [*mix.state_dict()] == ["gamma", *(f"scalar_parameters.{k}" for k in range(3))]
    tensors = [torch.randn(2, 3, 4, 5) for _ in range(3)]
    probs = np.exp([0.1, -0.4, 0.9]) / np.exp([0.1, -0.4, 0.9]).sum()
    expected = sum(prob * tensor.numpy() for prob, tensor in zip(probs, tensors, strict=True))
    assert np.allclose(mix(tensors).detach().numpy(), expected, atol=1e-6)
    with pytest.raises(ShapeError, match="2 tensors for a mixture of 3"):
        mix(tensors[:2])
    with pytest.raises(ShapeError, match="needs the mask"):
        ScalarMix(3, do_layer_norm=True)([t[0] for t in tensors])
    with pytest.raises(ConfigError, match="1 initial_scalar_parameters for a mixture of 3"):
        ScalarMix(3, initial_scalar_parameters=[0.1])


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (torch.zeros(2, 3, 49, dtype=torch.int64), r"\(2, 3, 49\); expected int64 \(B, T, 50\)"),
        (torch.zeros(2, 3), r"expected \(B, T, 50\)"),
        (torch.zeros(2, 3, 50), "torch.float32"),
        (torch.full((1, 1, 50), 262), "ids from 262 to 262; expected 0 to 261"),
        (torch.full((1, 1, 50), -1), "ids from -1 to -1"),
    ],
)
def test_ids_of_another_kind_are_refused(inputs, message):
    with pytest.raises(ShapeError, match=message):
        Elmo(*PAIR, 1)(inputs)


def test_models_that_are_not_there_are_named():
    with pytest.raises(
        CheckpointError, match=r"no model is given \(AllenNLP downloads the original one\); give options_file"
    ):
        ElmoEmbedder()
    with pytest.raises(CheckpointError, match=r"no model is given \(AllenNLP"):
        ElmoTokenEmbedder()
    with pytest.raises(CheckpointError, match=r"https://s3/options\.json: a URL; download the file"):
        Elmo("https://s3/options.json", "https://s3/weights.hdf5", 1)
    with pytest.raises(CheckpointError, match="no such model"):
        Elmo("gone/options.json", "gone/weights.hdf5", 1)


@pytest.mark.parametrize("batch", ["the", [["a", 3]], ["the", "river"], 3, [None]])
def test_what_is_no_batch_is_one_error(batch):
    with pytest.raises(TextError, match="list of"):
        batch_to_ids(batch)


def test_a_folder_of_ours_is_taken_too(tmp_path, model):
    from conftest import SMALL as SHAPE
    from conftest import model_of, small_model

    fifty = SHAPE.model_copy(update={"char_cnn": SHAPE.char_cnn.model_copy(update={"max_characters": 50})})
    save_native(small_model(fifty), tmp_path / "m")
    assert Elmo(tmp_path / "m")(batch_to_ids([["river"]]))["elmo_representations"][0].shape == (1, 1, 14)
    save_native(model_of("alphabet"), tmp_path / "a")
    with pytest.raises(CheckpointError, match="reads words as UTF-8 bytes, this model does not"):
        Elmo(tmp_path / "a")


def allennlp_state(folder):
    """The state of AllenNLP's `Elmo` of a published model, by the names and layouts of its own modules."""
    options = json.loads((folder / "options.json").read_text())
    with h5py.File(folder / "weights.hdf5") as file:
        arrays = {}
        file.visititems(lambda name, x: arrays.__setitem__(name, x[()]) if isinstance(x, h5py.Dataset) else None)
    token, encoder = "_elmo_lstm._token_embedder.", "_elmo_lstm._elmo_lstm."
    P, H = options["lstm"]["projection_dim"], options["lstm"]["dim"]
    state = {
        f"{token}_char_embedding_weights": np.vstack([np.zeros_like(arrays["char_embed"][:1]), arrays["char_embed"]])
    }
    for i in range(len(options["char_cnn"]["filters"])):
        state[f"{token}char_conv_{i}.weight"] = arrays[f"CNN/W_cnn_{i}"][0].transpose(2, 1, 0)
        state[f"{token}char_conv_{i}.bias"] = arrays[f"CNN/b_cnn_{i}"]
    for i in range(options["char_cnn"]["n_highway"]):
        w = [arrays[f"CNN_high_{i}/{name}"] for name in ("W_transform", "W_carry", "b_transform", "b_carry")]
        state[f"{token}_highways._layers.{i}.weight"] = np.vstack([w[0].T, -w[1].T])
        state[f"{token}_highways._layers.{i}.bias"] = np.concatenate([w[2], -w[3]])
    state[f"{token}_projection.weight"] = arrays["CNN_proj/W_proj"].T
    state[f"{token}_projection.bias"] = arrays["CNN_proj/b_proj"]
    for number, direction in enumerate(("forward", "backward")):
        for i in range(options["lstm"]["n_layers"]):
            cell, layer = f"RNN_{number}/RNN/MultiRNNCell/Cell{i}/LSTMCell", f"{encoder}{direction}_layer_{i}"
            order = [np.arange(H) + k * H for k in (0, 2, 1, 3)]  # i, j, f, o -> i, f, j, o
            kernel, bias = (x[..., np.concatenate(order)] for x in (arrays[f"{cell}/W_0"], arrays[f"{cell}/B"]))
            bias[H : 2 * H] += 1
            state[f"{layer}.input_linearity.weight"], state[f"{layer}.state_linearity.weight"] = (
                kernel[:P].T,
                kernel[P:].T,
            )
            state[f"{layer}.state_linearity.bias"] = bias
            state[f"{layer}.state_projection.weight"] = arrays[f"{cell}/W_P_0"].T
    state |= {
        f"scalar_mix_0.scalar_parameters.{k}": np.array([0.3 * k]) for k in range(options["lstm"]["n_layers"] + 1)
    }
    state["scalar_mix_0.gamma"] = np.array([1.7])
    return {name: torch.from_numpy(np.ascontiguousarray(array, dtype=np.float32)) for name, array in state.items()}


@pytest.mark.parametrize("name", ["one_tanh", "two_relu"])
def test_the_state_of_a_model_trained_with_allennlp_loads(name):
    state = allennlp_state(folder_of(name))
    elmo = Elmo(*pair_of(name), 1, dropout=0.0, requires_grad=True)
    expected = {key: value.clone() for key, value in elmo.state_dict().items()}
    with torch.no_grad():
        for parameter in elmo.parameters():
            parameter.add_(1.0)
    elmo.load_state_dict(state)
    for key, value in elmo.state_dict().items():
        if "scalar_mix" not in key:
            assert torch.allclose(value, expected[key], atol=1e-6), key
    assert elmo.scalar_mix_0.gamma.item() == pytest.approx(1.7)
    outer = torch.nn.ModuleDict({"text_field": elmo})  # as a part of a larger model
    outer.load_state_dict({f"text_field.{key}": value for key, value in state.items()})
    del state["_elmo_lstm._token_embedder._projection.bias"]
    with pytest.raises(RuntimeError, match=r"Missing key.*projection\.bias"):
        elmo.load_state_dict(state)


def test_the_state_can_be_looked_at_set_and_forgotten_as_with_allennlp():
    elmo = Elmo(*PAIR, 1, dropout=0.0)
    golden = np.load(SMALL / "golden.npz")
    inner = elmo._elmo_lstm._elmo_lstm
    assert inner._states is None
    elmo(batch_to_ids(INPUTS[0]))
    h, c = inner._states
    assert np.allclose(h.detach().numpy(), golden["state_h_after_b0"], atol=2e-6)
    assert np.allclose(c.detach().numpy(), golden["state_c_after_b0"], atol=2e-6)
    second = elmo(batch_to_ids(INPUTS[1]))["elmo_representations"][0]
    inner._states = (h, c)
    assert torch.equal(elmo(batch_to_ids(INPUTS[1]))["elmo_representations"][0], second)
    inner._states = None
    zero = elmo(batch_to_ids(INPUTS[1]))["elmo_representations"][0]
    inner.reset_states()
    assert torch.equal(elmo(batch_to_ids(INPUTS[1]))["elmo_representations"][0], zero)
    assert not torch.allclose(second, zero, atol=1e-3)


@pytest.mark.parametrize("change", [lambda m: m.double(), lambda m: m.bfloat16(), lambda m: m.to(torch.float64)])
def test_a_carried_state_follows_the_module(change):
    elmo = Elmo(*PAIR, 1, dropout=0.0)
    elmo(batch_to_ids([["the"]]))
    found = change(elmo)(batch_to_ids([["river"]]))["elmo_representations"][0]
    assert found.dtype == next(elmo.parameters()).dtype


@pytest.mark.parametrize("batch", [[], [[]], [[], []]])
@pytest.mark.parametrize("keep", [False, True])
def test_batches_without_tokens_have_vectors_of_none(batch, keep):
    elmo = Elmo(*PAIR, 1, dropout=0.0, keep_sentence_boundaries=keep)
    found = elmo(batch_to_ids(batch))
    assert found["elmo_representations"][0].shape == (len(batch), 2 * keep, 32)
    assert found["mask"].shape == (len(batch), 2 * keep)


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        ((SMALL, 2), {}, "2 is not a file name; the arguments are options_file, weight_file, then all others"),
        ((*PAIR, 0), {}, "num_output_representations 0: must be at least 1"),
        ((*PAIR, "two"), {}, "num_output_representations is 'two', expected a whole number"),
        ((*PAIR, 1), {"dropout": 2}, "dropout 2: must be between 0 and 1"),
        ((*PAIR, 1), {"module": torch.nn.Identity()}, "module and files are given"),
    ],
)
def test_arguments_that_cannot_work(arguments, settings, message):
    with pytest.raises(ConfigError, match=message):
        Elmo(*arguments, **settings)


def test_what_is_no_tensor_is_one_error():
    with pytest.raises(ShapeError, match=r"inputs are list; expected \(B, T, 50\)"):
        Elmo(*PAIR, 1)([["a"]])


def test_arrays_and_generators_are_lists_too():
    batch = [["a", "b"], ["c", "d"]]
    expected = batch_to_ids(batch)
    for same in (
        np.array(batch),
        (words for words in batch),
        [np.array(words) for words in batch],
        tuple(map(tuple, batch)),
    ):
        assert torch.equal(batch_to_ids(same), expected)


def test_a_folder_is_not_replaced_by_a_file_and_a_path_is_no_open_file(tmp_path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.tex").write_text("years")
    with pytest.raises(OutputError, match="precious is a folder, but the output is a file"):
        ElmoEmbedder(*PAIR).embed_file(io.StringIO("a\n"), tmp_path / "precious")
    with pytest.raises(TextError, match=r"give an open file, open\(path\)"):
        ElmoEmbedder(*PAIR).embed_file("lines.txt", tmp_path / "v.hdf5")
    assert (tmp_path / "precious" / "thesis.tex").read_text() == "years"


def test_a_model_of_other_than_fifty_characters_is_refused(tmp_path, model):
    save_native(model, tmp_path / "m")
    with pytest.raises(CheckpointError, match="reads 13 characters per word, AllenNLP's interface 50;"):
        Elmo(tmp_path / "m")
