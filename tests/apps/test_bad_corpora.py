"""Texts that nobody should train on are refused in a sentence; texts that only look odd are trained on."""

import json
import shutil
import time

import pytest

from conftest import TEXT, quick_recipe
from elmo.apps.pretraining.pretrain import continue_run
from elmo.checkpoints.load import load_model
from elmo.train.runs.begin import start_run

SENTENCE = "The bank of the river was green .\n"
OTHER_WORDS = "<S>\n</S>\n<UNK>\nΤράπεζα\nποταμός\n<unk>\n"


@pytest.mark.parametrize(
    ("text", "vocabulary", "message"),
    [
        ("", None, "c.txt: no text in the corpus; training needs at least two sentences"),
        ("\n \n\t\n", None, "c.txt: no text in the corpus; training needs at least two sentences"),
        (SENTENCE, None, "c.txt: one sentence in the corpus; training needs at least two sentences"),
        (
            TEXT * 10,
            OTHER_WORDS,
            "v.txt: the vocabulary (6 words) contains none of the 15 corpus words; "
            "give the vocabulary of this text, or leave out --vocabulary",
        ),
        (
            "<unk> <unk>\n<unk> <S>\n" * 10,
            None,
            "contains none of the 2 corpus words; give text with words",
        ),
    ],
    ids=["empty", "blank", "one sentence", "another language", "only <unk>"],
)
def test_a_text_that_teaches_nothing_is_refused_in_one_sentence_and_leaves_nothing(
    tmp_path, run_elmo, text, vocabulary, message
):
    (tmp_path / "c.txt").write_text(text)
    (tmp_path / "v.txt").write_text(vocabulary or "")
    given = [] if vocabulary is None else ["--vocabulary", tmp_path / "v.txt"]
    run = run_elmo("pretrain", "--corpus", tmp_path / "c.txt", "-o", tmp_path / "run", "--pretokenized", *given)
    assert (run.status, run.out) == (2, "")
    assert message in run.err.splitlines()[-1]
    assert "Traceback" not in run.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.txt", "v.txt"]


def test_the_fraction_of_the_text_outside_a_given_vocabulary_is_reported(tmp_path, corpus_file):
    (tmp_path / "v.txt").write_text("<S>\n</S>\n<UNK>\nThe\nbank\n")
    messages = []
    start_run([corpus_file], tmp_path / "run", quick_recipe(), vocabulary_file=tmp_path / "v.txt", say=messages.append)
    # of 8, 7, 10 words in turn, 2, 1 and 2 are The or bank; one sentence of the thirty is held out
    assert messages[-1] in {
        f"vocabulary 5 words, {100 * (1 - known / words):.1f} % of the tokens outside; 1 sentences held out"
        for known, words in ((48, 242), (49, 243), (48, 240))
    }


def train_on(text, folder, pretokenized):
    """Start a run on a text, train three steps, measure; the folder of the run."""
    (folder / "c.txt").write_text(text)
    (folder / "h.txt").write_text(TEXT)
    start_run(
        [folder / "c.txt"],
        folder / "run",
        quick_recipe(),
        heldout_file=folder / "h.txt",
        pretokenized=pretokenized,
        max_steps=3,
    )
    assert continue_run(folder / "run").finished
    return folder / "run"


@pytest.mark.slow
@pytest.mark.parametrize("pretokenized", [False, True])
def test_a_line_of_ten_megabytes_is_trained_on(tmp_path, pretokenized):
    line = TEXT.replace("\n", " ") * 100_000
    assert len(line) > 10_000_000
    begun = time.process_time()
    run = train_on(line + "\n" + TEXT, tmp_path, pretokenized)
    assert time.process_time() - begun < 120
    sentences = json.loads((run / "run.json").read_text())["sentences"]
    assert sentences == (4 if pretokenized else 300_003)


@pytest.mark.slow
@pytest.mark.parametrize("pretokenized", [False, True])
@pytest.mark.parametrize("piece", ["a", "河", "a.", "1,", "http://", "a'", "«", '."'])
def test_a_word_of_ten_megabytes_is_trained_on(tmp_path, pretokenized, piece):
    word = piece * (10_000_000 // len(piece.encode()))
    begun = time.process_time()
    run = train_on(f"The {word} river .\n{TEXT}", tmp_path, pretokenized)
    assert time.process_time() - begun < 120
    assert "river" in load_model(run).vocabulary.words
    if pretokenized:
        assert word in load_model(run).vocabulary.words


def test_a_run_needs_its_corpus_only_once(tmp_path, corpus_file):
    for name in ("whole", "bereft", "misled"):
        start_run([corpus_file], tmp_path / name, quick_recipe(), max_steps=9)
    continue_run(tmp_path / "whole")
    for name in ("bereft", "misled"):
        assert not continue_run(tmp_path / name, stop=iter([False] * 3 + [True] * 9).__next__).finished
    shutil.copy(corpus_file, tmp_path / "copy")
    corpus_file.write_text("Another text altogether .\n" * 40)
    assert continue_run(tmp_path / "misled").finished
    corpus_file.unlink()
    assert continue_run(tmp_path / "bereft").finished
    weights = {(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "bereft", "misled")}
    assert len(weights) == 1
