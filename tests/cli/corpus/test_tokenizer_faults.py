"""What real texts did to sentences and tokens: through `elmo tokenize` alone, so that older commits can be tried too."""

import json

import numpy as np
import pytest
import regex

FAST = ["--set", "bilm.lstm.cell_size=16", "--set", "bilm.lstm.projection_size=8", "--set", "rows=2", "--max-steps", 2]
TEXT = "DON'T go to example.com. The bank of the river rose 3.5m. Bonds fell.\n" * 8


@pytest.fixture
def tokenized(run_elmo, tmp_path):
    def of(text):
        (tmp_path / "t.txt").write_text(text, encoding="utf-8")
        ran = run_elmo("tokenize", tmp_path / "t.txt")
        assert ran.status == 0, ran.err
        return ran.out.splitlines()

    return of


def test_sentences_end_where_they_end(tokenized):
    cases = {
        "The rate rose to 3.5. Bonds fell.": 2,
        "We use 2.0. It works.": 2,
        "Run main.py. Then wait.": 2,
        "Visit example.com. Bob did.": 2,
        "Did he go? No. He stayed.": 3,
        "We met on Apr. 5 and Mar. 6 in Rome.": 1,
        "See p. 7 and fig. 3 for it.": 1,
        "i am here. he is there.": 2,
        "He lives on Fifth Ave. Baker left.": 2,
        "他说“好。”然后走了。": 1,
        "„Ich komme.“ Dann ging er am 3. Oktober.": 2,
    }
    assert {text: len(tokenized(text)) for text in cases} == cases


def test_terminators_of_all_scripts_end_sentences(tokenized):
    for text in ("ហេតុអ្វី។ បាទ។", "ᠮᠣᠩ᠃ ᠭᠣᠯ᠃", "ߛߊ߹ ߟߊ߹", "ꤊꤢ꤯ ꤋꤢ꤯", "ꦲꦏ꧉ ꦏꦫ꧉", "𑀓𑁇 𑀔𑁇", "ᜊᜎ᜶ ᜎᜊ᜶"):
        assert len(tokenized(text)) == 2, text


def test_every_terminator_of_unicode_ends_a_sentence(tokenized):
    assigned = "".join(map(chr, (*range(0xD800), *range(0xE000, 0x110000))))
    terminators = regex.findall(r"\p{Sentence_Terminal}", assigned)
    assert len(terminators) >= 150
    lines = tokenized("".join(f"ab{c} Cd{c}\n" for c in terminators))
    assert [c for c in terminators if sum(c in line for line in lines) != 2] == []
    assert len(lines) == 2 * len(terminators)


def test_tokens_keep_together_what_belongs_together(tokenized):
    cases = {
        "DON'T SHOUT": "DO N'T SHOUT",
        "She has a Ph.D. in physics": "She has a Ph.D. in physics",
        "请看https://example.com/a，谢谢": "请 看 https://example.com/a ， 谢 谢",
        "请写信到info@example.com联系我们": "请 写 信 到 info@example.com 联 系 我 们",
        "感谢@user的回复": "感 谢 @user 的 回 复",
        "詳細はhttps://example.com/aを見てください": "詳 細 は https://example.com/a を 見 て く だ さ い",
        "ดูที่https://example.com/aนะ": "ดู ที่ https://example.com/a น ะ",
        "#新闻#今天": "#新闻# 今 天",
        "ปี ๒๕๖๓": "ปี ๒๕๖๓",
        "၂၀၂၀": "၂၀၂၀",
        "ປີ ໒໐໒໐": "ປີ ໒໐໒໐",
        "២០២០": "២០២០",
        "༢༠༢༠": "༢༠༢༠",
        "กำลังทำงาน": "กำ ลั ง ทำ ง า น",
        "שלום\u200f עולם": "שלום עולם",
        "abc\u202cdef": "abc\u202cdef",
        "3.5kg 5kg": "3.5kg 5kg",
    }
    assert {text: tokenized(text)[0] for text in cases} == cases


def test_a_new_model_reads_raw_text_as_its_own_was_cut_and_an_old_one_as_before(run_elmo, tmp_path):
    (tmp_path / "t.txt").write_text(TEXT)
    found = {}
    for version, more in ((2, []), (1, ["--set", "tokenizer=1"])):
        out = tmp_path / f"model{version}"
        assert run_elmo("pretrain", "--corpus", tmp_path / "t.txt", "-o", out, *FAST, *more).status == 0
        cut = run_elmo("tokenize", tmp_path / "t.txt", "--tokenizer", version).out.splitlines()
        (tmp_path / "words.txt").write_text("\n".join(cut))
        for name, source, how in (("raw", "t.txt", ["--split"]), ("words", "words.txt", ["--pretokenized"])):
            vectors = tmp_path / f"{version}{name}"
            assert run_elmo("embed", tmp_path / source, "-m", out, "-o", vectors, *how).status == 0
        config = json.loads((out / "config.json").read_text())
        run = json.loads((out / "run.json").read_text())
        assert config["tokenizer"] == {"name": "elmo-words", "version": str(version)}
        assert ("tokenizer" in run) == (version == 2)  # older programs read the run of version 1
        same = [run_elmo("perplexity", out, tmp_path / "t.txt", "--json").out, "--pretokenized"]
        same[1] = run_elmo("perplexity", out, tmp_path / "words.txt", "--json", "--pretokenized").out
        whole, words = map(json.loads, same)
        assert whole["tokens"] == words["tokens"]
        assert np.isclose(whole["mean"], words["mean"])
        found[version] = whole["tokens"]
    assert found[1] != found[2]


def test_a_run_goes_on_with_the_version_that_it_began_with(run_elmo, tmp_path):
    (tmp_path / "t.txt").write_text(TEXT)
    first = ["pretrain", "--corpus", tmp_path / "t.txt", "-o", tmp_path / "m", *FAST, "--set", "tokenizer=1"]
    assert run_elmo(*first).status == 0
    assert run_elmo("pretrain", "-o", tmp_path / "m", "--resume").status == 0
    assert json.loads((tmp_path / "m/config.json").read_text())["tokenizer"]["version"] == "1"
    again = [
        "pretrain",
        "--start",
        tmp_path / "m",
        "--corpus",
        tmp_path / "t.txt",
        "-o",
        tmp_path / "n",
        "--max-steps",
        2,
    ]
    ran = run_elmo(*again, "--set", "tokenizer=2")
    assert ran.status == 2
    assert (
        "was trained on text cut by version 1 of the tokenizer, the recipe has tokenizer = 2; leave it out" in ran.err
    )
    assert not (tmp_path / "n").exists()
    assert run_elmo(*again).status == 0
    assert json.loads((tmp_path / "n/config.json").read_text())["tokenizer"]["version"] == "1"


def test_a_task_reads_text_as_its_model_does(run_elmo, tmp_path):
    (tmp_path / "t.txt").write_text(TEXT)
    rows = "".join(
        f'{{"text": "{text}", "label": "{label}"}}\n' for text, label in (("DON'T go", "no"), ("go now", "yes")) * 4
    )
    (tmp_path / "train.jsonl").write_text(rows)
    data = ["--task", "classify", "--train", tmp_path / "train.jsonl", "--dev", tmp_path / "train.jsonl"]
    data += ["--set", "epochs=1", "--set", "cell_size=4", "--cache", tmp_path / "cache"]
    for version in (2, 1):
        model, out = tmp_path / f"m{version}", tmp_path / f"task{version}"
        more = ["--set", "tokenizer=1"] if version == 1 else []
        assert run_elmo("pretrain", "--corpus", tmp_path / "t.txt", "-o", model, *FAST, *more).status == 0
        ran = run_elmo("train", *data, "-m", model, "-o", out)
        assert ran.status == 0, ran.err
        assert json.loads((out / "config.json").read_text())["config"].get("tokenizer", 1) == version
        assert ("n't" in (out / "words.txt").read_text().split()) == (version == 2)
        (tmp_path / "new.txt").write_text("DON'T\n")
        assert run_elmo("predict", out, tmp_path / "new.txt").status == 0


def test_a_version_that_is_none_is_refused(run_elmo, tmp_path):
    (tmp_path / "t.txt").write_text("A text.\n")
    assert run_elmo("tokenize", tmp_path / "t.txt", "--tokenizer", 3).status == 2
    ran = run_elmo("pretrain", "--corpus", tmp_path / "t.txt", "-o", tmp_path / "m", "--set", "tokenizer=3")
    assert ran.status == 2
    assert "tokenizer: Input should be less than or equal to 2" in ran.err
