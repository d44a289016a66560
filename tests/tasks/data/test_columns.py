"""Two hundred tables in the layouts of public data sets: each is read right, or refused in one sentence."""

import warnings

import pytest

from elmo import load_task
from elmo.errors import TextError
from elmo.tasks.kinds.registry import kind_of, task_config
from table_layouts import DATA_SETS, layout

N_LAYOUTS = 200
SMALL = [x for s in ("epochs=1", "cell_size=4", "inputs.word_size=4", "inputs.character_size=4") for x in ("--set", s)]


def read(path, task, **settings):
    """What a training reads: texts and label of each example; None and the sentence where it is refused."""
    config = task_config(task=task, **settings)
    try:
        examples = kind_of(config).read(config, path)
    except TextError as error:
        return None, str(error)
    return [content(example) for example in examples], ""


def content(example):
    texts = (example.text,) if example.other is None else (example.text, example.other.text)
    return texts, *example.labels


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Each layout with what is read of it."""
    folder = tmp_path_factory.mktemp("layouts")
    all_found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(N_LAYOUTS):
            made = layout(seed)
            path = folder / f"{seed}.{made.file}"
            path.write_bytes(made.content)
            all_found.append((made, path, *read(path, made.task)))
    return all_found


def test_no_layout_is_read_wrong(found):
    wrong = [made.name for made, _, examples, _ in found if examples is not None and examples != made.truth]
    assert wrong == []


def test_a_layout_is_refused_in_one_sentence_that_says_what_to_do(found):
    for made, path, examples, message in found:
        if examples is None:
            assert message.startswith(str(path)), made.name
            assert "\n" not in message, made.name
            assert len(message) < 700, made.name
            assert any(
                word in message for word in ("--set", "leave the line out", "iconv", "save the text as UTF-8")
            ), message


def test_most_layouts_are_read(found):
    assert sum(examples is not None for *_, examples, _ in found) > 0.6 * N_LAYOUTS
    refused = {made.name.split(":")[0].split(maxsplit=1)[1] for made, _, examples, _ in found if examples is None}
    assert {"CoLA", "Jigsaw"} <= refused  # which column is the text, or the label, only a person knows
    read_some = {made.name.split(":")[0].split(maxsplit=1)[1] for made, _, examples, _ in found if examples is not None}
    assert len(read_some) >= len(DATA_SETS) - 4


def test_a_blank_text_or_label_is_no_example(found):
    blank = [(examples, message) for made, _, examples, message in found if not made.whole]
    assert len(blank) > 10
    assert all(examples is None for examples, _ in blank)


def test_a_training_reads_what_the_reader_reads(found, run_elmo, tmp_path):
    for number, (made, path, examples, message) in enumerate(found[::20]):
        out = tmp_path / str(number)
        files = ["--train", path, "--dev", path, "-o", out]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ran = run_elmo("train", "--task", made.task, *files, "--baseline", *SMALL, "--json")
        if examples is None:
            assert (ran.status, ran.out) == (2, ""), made.name
            assert message.splitlines()[0] in ran.err
            assert not out.exists()
        else:
            assert ran.status == 0, (made.name, ran.err)
            assert [content(e) for e in load_task(out).read(path)] == made.truth, made.name
