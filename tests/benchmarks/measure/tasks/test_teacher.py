"""The layers that a task reads of a Transformer, and the table of the teacher."""

import numpy as np

from benchmarks.measure.tasks.teacher import layers_of_examples
from benchmarks.pages.tasks import page
from elmo.tasks.examples import Example
from elmo.text.tokenizer import Token
from elmo.train.teachers.transformer import Transformer
from teachers import write_teacher


def example(words):
    return Example([Token(word, 0, 0) for word in words], [], " ".join(words), 1)


def test_layers_are_those_of_the_teacher(tmp_path):
    teacher = Transformer(write_teacher(tmp_path / "teacher"))
    texts = [["the", "bank"], ["far", "\u200b", "Swim"], ["the", "bank"]]
    layers = layers_of_examples(teacher, [example(words) for words in texts])
    for number, words in enumerate(texts):
        expected = teacher.read([words])[0].layers.numpy()
        assert layers(number).shape == (3, len(words), 16)
        assert np.allclose(layers(number), expected, atol=2e-3)
    assert not layers(1)[:, 1].any()  # a word without pieces


def test_the_page_has_a_row_for_each_set_that_the_teacher_was_measured_on():
    row = lambda value: {"figures": {"f1": value, "accuracy": value}}  # noqa: E731
    rows = {"wnut17/teacher/0": row(47.26), "wnut17/en/0": row(37.0), "wnut17/en/1": row(38.0), "sst2/en/0": row(86.0)}
    text = page(rows)
    assert "| WNUT-17, named entities | F1 | · | · | 37.5 ± 0.7 | 47.3 |" in text
    assert text.count("| SST-2, sentiment | accuracy |") == 2  # of the first table and of the fine-tuned
