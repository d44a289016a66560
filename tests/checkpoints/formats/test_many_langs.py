"""ELMoForManyLangs folders: parity with the program, with a NumPy twin on random models, there and back, damage."""

import json
import shutil
import zipfile

import numpy as np
import pytest
import torch

from conftest import INPUT_LAYERS, model_of
from elmo.checkpoints.formats.many_langs import MANY_LANGS, load_many_langs, save_many_langs
from elmo.checkpoints.formats.native import load_native, save_native
from elmo.checkpoints.load import load_model
from elmo.embed.embedder import Elmo
from elmo.errors import CheckpointError
from twins import many_langs as twin

NAMES = ["word_char", "char_only", "word_only", "short_chars"]
pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")  # the sentences are foreign to the models on purpose


@pytest.fixture
def folder(shared, tmp_path):
    """A folder that a test may break."""
    shutil.copytree(shared / "fixtures" / "elmoformanylangs" / "short_chars", tmp_path / "m")
    (tmp_path / "m" / "golden.npz").unlink()
    return tmp_path / "m"


def sentences(shared):
    path = shared / "fixtures" / "elmoformanylangs" / "inputs.json"
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_every_layer_is_that_of_elmo_for_many_langs(shared, name):
    golden = np.load(shared / "fixtures" / "elmoformanylangs" / name / "golden.npz")
    elmo = Elmo.from_pretrained(shared / "fixtures" / "elmoformanylangs" / name)
    together = elmo.embed(sentences(shared), layers="all")
    for s, words in enumerate(sentences(shared)):
        assert np.allclose(together[s], golden[f"zero_layer-2_s{s}"], atol=1e-6, rtol=0), words
        assert np.allclose(elmo.embed([words], layers="all")[0], golden[f"alone_s{s}"], atol=1e-6, rtol=0)
        for layer in (0, 1, 2):
            assert np.allclose(together[s][layer], golden[f"zero_layer{layer}_s{s}"], atol=1e-6, rtol=0)
        assert np.allclose(elmo.embed([words])[0], golden[f"zero_layer-1_s{s}"], atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", NAMES)
def test_there_and_back_by_our_folder_and_by_theirs(shared, tmp_path, name):
    before = load_many_langs(shared / "fixtures" / "elmoformanylangs" / name)
    save_native(before, tmp_path / "native")
    again = load_native(tmp_path / "native")
    save_many_langs(again, tmp_path / "theirs")
    assert MANY_LANGS.left_out(again) == []
    after = load_many_langs(tmp_path / "theirs")
    for model in (again, after):
        assert model.config == before.config
        for (name, p), q in zip(before.bilm.named_parameters(), model.bilm.parameters(), strict=True):
            assert torch.equal(p, q), name
        words = [None if m.lexicon.input_words is None else m.lexicon.input_words.words for m in (before, model)]
        characters = [None if m.lexicon.alphabet is None else m.lexicon.alphabet.characters for m in (before, model)]
        assert words[0] == words[1]
        assert characters[0] == characters[1]


def write_random(folder, word_dim, char_dim, n_layers, old_torch):
    """A random model in the program's own format, written here from its description; the config and all arrays."""
    rng = torch.Generator().manual_seed(word_dim + char_dim + n_layers)
    C, P, H, filters = 9, 5, 7, [[1, 3], [2, 4]]
    token_options = {
        "name": "cnn",
        "activation": "tanh" if word_dim else "relu",
        "filters": filters,
        "n_highway": 2,
        "word_dim": word_dim,
        "char_dim": char_dim,
        "max_characters_per_token": C,
    }
    encoder_options = {
        "name": "elmo",
        "projection_dim": P,
        "cell_clip": 0.7,
        "proj_clip": 0.9,
        "dim": H,
        "n_layers": n_layers,
    }
    words = ["x\u00e9", "<unk>", "<S>", "<eos>", "the", "<pad>", "<oov>", "\u3000", "<bos>", "longest"]
    characters = ["<pad>", "t", "h", "<bow>", "e", "<oov>", "<bos>", "日", "<eow>", "\u3000", "<eos>", "x", "ab"]
    token, F = {}, 7 if char_dim else 0
    if word_dim:
        token["word_emb_layer.embedding.weight"] = (len(words), word_dim)
    if char_dim:
        token["char_emb_layer.embedding.weight"] = (len(characters), char_dim)
        for i, (width, number) in enumerate(filters):
            token |= {f"convolutions.{i}.weight": (number, char_dim, width), f"convolutions.{i}.bias": (number,)}
        for i in range(2):
            token |= {f"highways._layers.{i}.weight": (2 * F, F), f"highways._layers.{i}.bias": (2 * F,)}
    token |= {"projection.weight": (P, word_dim + F), "projection.bias": (P,)}
    encoder = {}
    for layer in (f"{way}_layer_{i}" for way in ("forward", "backward") for i in range(n_layers)):
        encoder |= {f"{layer}.input_linearity.weight": (4 * H, P), f"{layer}.state_linearity.weight": (4 * H, P)}
        encoder |= {f"{layer}.state_linearity.bias": (4 * H,), f"{layer}.state_projection.weight": (P, H)}
    folder.mkdir()
    arrays = []
    for shapes, file in ((token, "token_embedder.pkl"), (encoder, "encoder.pkl")):
        tensors = {name: torch.randn(shape, generator=rng) for name, shape in shapes.items()}
        torch.save(tensors, folder / file, _use_new_zipfile_serialization=not old_torch)
        arrays.append({name: t.numpy() for name, t in tensors.items()})
    config = {"encoder": encoder_options, "token_embedder": token_options}
    (folder / "config.json").write_text(json.dumps({"config_path": "/users/old/configs/model_config.json"}))
    (folder / "model_config.json").write_text(json.dumps(config))
    dictionaries = []
    for items, file, there in ((characters, "char.dic", char_dim), (words, "word.dic", word_dim)):
        if there:
            lines = (f"{item}\t{row}\n" for row, item in enumerate(items))
            (folder / file).write_text("".join(lines), encoding="utf-8")
        dictionaries.append({item: row for row, item in enumerate(items)} if there else None)
    return config, *arrays, *dictionaries


@pytest.mark.parametrize("old_torch", [False, True], ids=["zip of torch", "torch before 1.6"])
@pytest.mark.parametrize(("word_dim", "char_dim", "n_layers"), [(4, 3, 2), (0, 3, 3), (4, 0, 1)])
def test_random_models_are_the_twins(tmp_path, word_dim, char_dim, n_layers, old_torch):
    made = write_random(tmp_path / "m", word_dim, char_dim, n_layers, old_torch)
    elmo = Elmo(load_model(tmp_path / "m"), dtype="float64")
    texts = [
        ["the", "xé", "日本", "<unk>", "<S>", "</S>", "<UNK>"],
        ["longestofall", "\u3000", "", "<bos>", "<eos>", "<pad>", "ab"],
        [],
    ]
    for words, ours in zip(texts, elmo.embed(texts, layers="all"), strict=True):
        expected = twin.layers_of(words, *made) if words else np.zeros((n_layers + 1, 0, 10))
        assert np.allclose(ours, expected, atol=1e-6, rtol=1e-6), words


@pytest.mark.parametrize("layer", [name for name in INPUT_LAYERS if name != "bytes" and name != "bytes, words"])
def test_a_model_of_ours_becomes_one_of_theirs(tmp_path, layer):
    model = model_of(layer)
    save_many_langs(model, tmp_path / "m")
    assert MANY_LANGS.left_out(model) == ["softmax", "vocabulary"]
    texts = [["the", "river", "日本", "unseen"], ["bank"]]
    for ours, theirs in zip(
        Elmo(model, dtype="float64").embed(texts, layers="all"),
        Elmo(load_model(tmp_path / "m"), dtype="float64").embed(texts, layers="all"),
        strict=True,
    ):
        assert np.allclose(ours, theirs, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("layer", "message"),
    [("bytes", "in an alphabet of characters, the model reads UTF-8 bytes"), ("bytes, words", "UTF-8 bytes")],
)
def test_a_model_that_the_format_cannot_hold_is_refused(tmp_path, layer, message):
    with pytest.raises(CheckpointError, match=message):
        save_many_langs(model_of(layer), tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_a_config_that_is_missing_is_the_published_one(folder):
    (folder / "model_config.json").unlink()
    with pytest.raises(
        CheckpointError, match=r"'char_emb_layer\.embedding\.weight' is \(51, 10\), the config makes it \(51, 50\)"
    ):
        load_model(folder)
    (folder / "config.json").unlink()
    with pytest.raises(CheckpointError, match=r"the config makes it \(51, 50\)"):
        load_model(folder)


def test_a_config_is_looked_for_within_the_folder_only(folder, tmp_path):
    (folder / "model_config.json").rename(tmp_path / "model_config.json")
    for outside in ("../model_config.json", str(tmp_path / "model_config.json"), "x/../../model_config.json"):
        (folder / "config.json").write_text(json.dumps({"config_path": outside}))
        with pytest.raises(CheckpointError, match=r"the config makes it \(51, 50\)"):
            load_model(folder)
    (folder / "configs").mkdir()
    (tmp_path / "model_config.json").rename(folder / "configs" / "model_config.json")
    (folder / "config.json").write_text(json.dumps({"config_path": "configs/model_config.json"}))
    load_model(folder)


def edit(folder, part, **changes):
    options = json.loads((folder / "model_config.json").read_text())
    options[part] |= changes
    (folder / "model_config.json").write_text(json.dumps(options))


@pytest.mark.parametrize(
    ("part", "changes", "message"),
    [
        ("encoder", {"name": "lstm"}, "token embedder 'cnn' and encoder 'lstm'; ELMo models have 'cnn' and 'elmo'"),
        (
            "encoder",
            {"dim": 41},
            r"'forward_layer_0\.input_linearity\.weight' is \(160, 16\), the config makes it \(164",
        ),
        ("encoder", {"dim": "many"}, r"model_config\.json: dim is 'many'"),
        ("encoder", {"cell_clip": -1}, "cell_clip is -1"),
        ("token_embedder", {"activation": "gelu"}, "activation is 'gelu'"),
        ("token_embedder", {"word_dim": "12"}, "word_dim is '12', expected a whole number"),
        ("token_embedder", {"char_dim": 0}, r"'char_emb_layer\.embedding\.weight' \(51, 10\) is not expected"),
        ("token_embedder", {"filters": 3}, "filters is 3"),
        ("token_embedder", {"max_characters_per_token": 2}, "max_characters_per_token is 2"),
    ],
)
def test_configs_that_cannot_work(folder, part, changes, message):
    edit(folder, part, **changes)
    with pytest.raises(CheckpointError, match=message):
        load_model(folder)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("char.dic", None, r"char\.dic: no such file"),
        ("char.dic", b"a\t1\n", r"char\.dic: contains no <oov>, <bos>, <eos>, <eow>, <bow>, <pad>;"),
        ("char.dic", b"a\tb\n", r"char\.dic, line 1: 'a\\tb', expected an entry, a tab, a number"),
        ("word.dic", b"a\tb\t1\n", r"word\.dic, line 1"),
        ("word.dic", b"\xff\t1\n", "cannot be read as UTF-8"),
        ("word.dic", b"<bos>\t0\n<eos>\t1\n<oov>\t2\n", "contains no word except the special symbols"),
        ("word.dic", b"<bos>\t0\n<eos>\t1\n<oov>\t2\nx\t99\n", r"'word_emb_layer\.embedding\.weight' is \(20, 12\)"),
        ("encoder.pkl", None, r"encoder\.pkl: no such file"),
        ("encoder.pkl", b"", r"encoder\.pkl: not a whole file of torch tensors"),
        ("encoder.pkl", b"PK\x03\x04", r"encoder\.pkl: not a whole file of torch tensors"),
        ("config.json", b"[]", "no 'token_embedder' and 'encoder'"),
        ("config.json", b"{", "not a readable JSON file"),
        ("model_config.json", b"3", "no 'token_embedder' and 'encoder'"),
    ],
)
def test_files_that_are_none(folder, file, content, message):
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        load_model(folder)


class Malice:
    """What a pickle may ask for."""

    def __reduce__(self):
        return (print, ("run",))


def test_nothing_in_a_file_of_tensors_is_run(folder, capsys):
    torch.save({"weight": Malice()}, folder / "encoder.pkl")
    with pytest.raises(CheckpointError, match=r"encoder\.pkl: not a whole file of torch tensors"):
        load_model(folder)
    torch.save([torch.zeros(3)], folder / "encoder.pkl")
    with pytest.raises(CheckpointError, match=r"encoder\.pkl: contains no named tensors"):
        load_model(folder)
    assert "run" not in capsys.readouterr().out


def test_a_table_that_holds_fewer_numbers_than_it_says_is_refused(folder):
    state = torch.load(folder / "token_embedder.pkl", weights_only=True)
    state["word_emb_layer.embedding.weight"] = torch.zeros(1, 1).expand(10**9, 12)
    torch.save(state, folder / "token_embedder.pkl")
    with pytest.raises(
        CheckpointError, match=r"'word_emb_layer\.embedding\.weight' is \(1000000000, 12\) and holds fewer"
    ):
        load_model(folder)


def test_a_file_of_tensors_that_was_packed_is_refused(folder):
    path = folder / "encoder.pkl"
    with zipfile.ZipFile(path) as stored:
        members = [(info.filename, stored.read(info)) for info in stored.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members:
            packed.writestr(name, content)
    with pytest.raises(CheckpointError, match="its parts are packed, which torch never does"):
        load_model(folder)
