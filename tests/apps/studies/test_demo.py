"""The demo: sentences fixed beforehand, cosines that a slow twin agrees with, and files that are what they say."""

import json

import numpy as np

from conftest import small_model
from elmo.apps.studies.demo import compare, run_demo
from elmo.checkpoints.formats.native import save_native
from elmo.text.demo_sentences import Occurrence


def test_cosines_and_neighbours_agree_with_a_slow_twin():
    senses = ["river", "river", "money", "money", "money"]
    occurrences = [Occurrence("bank", sense, (f"w{i}", "bank"), 1) for i, sense in enumerate(senses)]
    vectors = np.random.default_rng(0).normal(size=(5, 3, 4)).astype(np.float32)
    rows, neighbours = compare(occurrences, vectors)
    for layer, row in enumerate(rows):
        same, different, right = [], [], 0
        for a in range(5):
            nearest = {}
            for b in range(5):
                x, y = vectors[a, layer].astype(float), vectors[b, layer].astype(float)
                cosine = x @ y / np.sqrt((x @ x) * (y @ y))
                if b > a:
                    (same if senses[a] == senses[b] else different).append(cosine)
                if b != a:
                    nearest[cosine] = b
            right += senses[nearest[max(nearest)]] == senses[a]
            if layer == 2 and a in (0, 2):
                found = neighbours[a // 2]
                assert found.occurrence == occurrences[a]
                assert found.nearest == occurrences[nearest[max(nearest)]]
        assert np.allclose((row.same_sense, row.different_sense), (np.mean(same), np.mean(different)), atol=1e-5)
        assert row.neighbours_right == (right if layer else 0)  # the token layer cannot tell: it is not counted


def test_the_folder_holds_vectors_table_and_picture(tmp_path):
    save_native(small_model(), tmp_path / "m")
    found = run_demo(str(tmp_path / "m"), tmp_path / "demo")
    with np.load(found.vectors) as file:
        assert file["vectors"].shape == (40, 3, 14)
        assert list(file["words"][::8]) == ["bank", "cell", "spring", "light", "right"]
    assert len(json.loads(found.table.read_text())) == 5 * 3
    assert found.picture.read_bytes().startswith(b"\x89PNG")
    token_layer = [row for row in found.rows if row.layer == 0]
    assert np.allclose(
        [(r.same_sense, r.different_sense) for r in token_layer], 1
    )  # one vector a word, whatever the context


def test_the_command_prints_a_table_and_says_a_miss_is_a_miss(run_elmo, tmp_path):
    save_native(small_model(), tmp_path / "m")
    ran = run_elmo("demo", "-m", tmp_path / "m", "-o", tmp_path / "demo")
    assert ran.status == 0
    assert "of 5 words: same-sense pairs are closer" in ran.out
    assert " no" in ran.out  # a random model knows no senses
    assert len([line for line in ran.out.split("Try next")[1].splitlines() if line.startswith("  elmo ")]) == 4
    facts = json.loads(run_elmo("demo", "-m", tmp_path / "m", "-o", tmp_path / "demo", "--force", "--json").out)
    assert facts["words_told_apart"] < 5
    assert facts["bank.layer0.same_sense"] > 0.999
