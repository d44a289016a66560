"""Text that a model cannot read: warned of by every command that gives figures, and no byte of it cheaper than zlib makes it."""

import base64
import json
import math
import random
import zlib

import numpy as np
import pytest

from conftest import small_model
from elmo import Elmo
from elmo.checkpoints.formats.native import save_native
from elmo.embed.language_model.unknown_words import spelling_bits, spelling_of_each, unknown_words_warning
from elmo.train.perplexity import measure_perplexity

MESSAGE = "of the words of this text are not in the vocabulary of the model"
_DICE = random.Random(0)
FOREIGN = {
    "basque": (
        "Gizon-emakume guztiak aske jaiotzen dira, duintasun eta eskubide berberak dituztela.\n"
        "Ezaguera eta kontzientzia dutenez gero, elkarren artean senide legez jokatu beharra dute.\n"
        "Atzo arratsaldean mendira igo ginen, eta euria egin zuen etxera itzuli arte.\n"
        "Liburu hau irakurri ondoren, amak berehala deitu zion bere lagunik onenari.\n"
    ),
    "chinese": (
        "人人生而自由，在尊严和权利上一律平等。\n他们赋有理性和良心，并应以兄弟关系的精神相对待。\n"
        "昨天下午我们上山，直到回家都在下雨。\n"
    ),
    "thai": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ\nต่างมีเหตุผลและมโนธรรม\nเมื่อวานนี้ฝนตกหนักมาก\n",
    "digits": "".join(
        f"{_DICE.randrange(10**9)} {_DICE.randrange(10**6)} {_DICE.randrange(10**12)}\n" for _ in range(20)
    ),
    "base64": base64.encodebytes(_DICE.randbytes(900)).decode(),
}


@pytest.fixture(params=FOREIGN)
def foreign(request, tmp_path):
    """The file of a text that the English model cannot read."""
    (tmp_path / "text.txt").write_text(FOREIGN[request.param], encoding="utf-8")
    return tmp_path / "text.txt"


def zlib_bits_per_byte(text):
    content = text.read_bytes()
    return 8 * len(zlib.compress(content, 9)) / len(content)


@pytest.fixture
def run(run_elmo):
    """A command with --json: its lines on standard output, and its one line on standard error."""

    def run(*arguments):
        done = run_elmo(*arguments, "--json")
        assert (done.status, done.err.count("\n")) == (0, 1)
        return [json.loads(line) for line in done.out.splitlines()], done.err

    return run


@pytest.mark.filterwarnings("default")
def test_perplexity_warns_and_no_byte_is_cheaper_than_zlib_makes_it(run, foreign):
    (facts,), err = run("perplexity", "en", foreign)
    assert facts["oov_rate"] >= 0.15
    assert facts["bits_per_byte"] >= zlib_bits_per_byte(foreign)
    assert MESSAGE in facts["warning"]
    assert err == f"elmo: warning: {facts['warning']}\n"


@pytest.mark.filterwarnings("default")
def test_scores_warn_and_add_up_to_the_bits_of_perplexity(run, foreign):
    rows, err = run("score", "en", foreign)
    assert MESSAGE in err
    assert all(
        (MESSAGE in (row["warning"] or "")) == (row["unknown"] >= 0.15 * len(row["forward_bits"])) for row in rows
    )
    bits = sum(row["bits"] + row["spelling_bits"] for row in rows) / sum(row["bytes"] for row in rows)
    assert bits >= zlib_bits_per_byte(foreign)
    (facts,), _ = run("perplexity", "en", foreign)
    assert bits == pytest.approx(facts["bits_per_byte"], rel=1e-6)
    assert sum(row["spelling_bits"] for row in rows) == facts["spelling_bits"]


@pytest.mark.filterwarnings("default")
def test_a_position_in_such_a_text_is_filled_with_a_warning(run, foreign):
    line = foreign.read_text(encoding="utf-8").split("\n")[0]
    (rows,), err = run("fill", "en", f"{line} [MASK] {line}", "--top", "3")
    assert err == f"elmo: warning: {rows[0]['warning']}\n"
    assert {row["warning"] for row in rows} == {rows[0]["warning"]}
    assert MESSAGE in rows[0]["warning"]


def test_the_library_warns_at_the_line_of_its_caller():
    elmo = Elmo(small_model())
    for call in (lambda: elmo.score([["Unseen", "bank"]]), lambda: elmo.fill("Unseen [bank]")):
        with pytest.warns(UserWarning, match=MESSAGE) as found:
            call()
        assert [one.filename for one in found] == [__file__]
    elmo.score([["the", "bank"]])
    elmo.fill("the [Unseen] bank")  # the word itself is not read


def test_a_known_text_has_no_warning(run_elmo, tmp_path):
    save_native(small_model(), tmp_path / "m")
    (tmp_path / "t.txt").write_text("the river bank lends money\n", encoding="utf-8")
    done = run_elmo("perplexity", tmp_path / "m", tmp_path / "t.txt")
    assert (done.status, done.err, "warning" in done.out) == (0, "", False)
    facts = json.loads(run_elmo("perplexity", tmp_path / "m", tmp_path / "t.txt", "--json").out)
    assert (facts["warning"], facts["spelling_bits"], facts["oov_rate"]) == (None, 0, 0)
    nats = facts["tokens"] * math.log(facts["mean"])
    assert facts["bits_per_byte"] == pytest.approx(nats / math.log(2) / facts["bytes"])


@pytest.mark.parametrize(("word", "bits"), [("a", 16), ("<unk>", 48), ("日本", 56), ("é", 24), ("\ud800", 32), ("", 8)])
def test_a_word_is_spelled_by_its_bytes_and_an_end_mark(word, bits):
    assert spelling_bits(word) == bits
    assert spelling_of_each(["known", word], np.array([False, True])).tolist() == [0, bits]


def test_the_spelling_of_unknown_words_is_charged_in_bits_per_byte_only():
    model = small_model()
    short, long = (measure_perplexity(model, [["the", word, "bank"]]) for word in ("ab", "<unk>"))
    assert (short.spelling_bits, long.spelling_bits) == (24, 48)
    both = short + long
    assert both.spelling_bits == 72
    nats = both.forward_nats + both.backward_nats
    assert both.bits_per_byte(20) == pytest.approx((nats / 2 / math.log(2) + 72) / 20)
    assert both.mean == pytest.approx(math.exp(nats / 2 / both.tokens))


@pytest.mark.parametrize(
    ("n_unknown", "n_tokens", "expected"), [(0, 0, ""), (0, 9, ""), (14, 100, ""), (15, 100, "15%"), (1, 2, "50%")]
)
def test_the_warning_begins_at_15_percent(n_unknown, n_tokens, expected):
    assert (unknown_words_warning(n_unknown, n_tokens) or "")[:3] == expected
