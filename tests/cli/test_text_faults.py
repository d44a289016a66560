"""What real files did to the commands that read text: through the command line alone, so that older commits can be tried too."""

import gzip
import io
import json
import lzma
import os
import re
import shutil
import subprocess
import sys
import zipfile
import zlib

import numpy as np
import pytest

pytestmark = pytest.mark.filterwarnings("ignore:.*of this text")

LINES = "The bank of the river was green .\nShe put money in the bank .\nThe river runs by the bank .\n" * 4
FAST = ["--set", "bilm.lstm.cell_size=16", "--set", "bilm.lstm.projection_size=8", "--set", "rows=2", "--max-steps", 2]
SIZES = [x for s in ("cell_size=4", "inputs.word_size=4", "inputs.character_size=4", "epochs=1") for x in ("--set", s)]
FRENCH = "L'été dernier, près de la forêt, le garçon a mangé à la crêperie.\n«\xa0Ça va\xa0», dit-il.\n"
TEXTS = {  # name of the encoding, as iconv knows it -> a text that only it reads
    "WINDOWS-1252": ("cp1252", FRENCH + "He said “don’t” – and left…\nDie Straße über den Fluß war schön.\n"),
    "WINDOWS-1250": ("cp1250", "Zażółć gęślą jaźń. Wąż pływał w jeziorze, gdzie śpiewał żółty ptak.\n"),
    "WINDOWS-1251": ("cp1251", "Старый каменный мост стоит у реки. Две лодки медленно плывут мимо.\n"),
    "KOI8-R": ("koi8_r", "Старый каменный мост стоит у реки. Две лодки медленно плывут мимо.\n"),
    "WINDOWS-1253": ("cp1253", "Η παλιά πέτρινη γέφυρα βρίσκεται κοντά στο ποτάμι.\n"),
    "WINDOWS-1254": ("cp1254", "Bu köprü çok eskidir. Şehrin ışıkları gece görünür, ağaçlar yeşildir.\n"),
    "GB18030": ("gbk", "这座古老的石桥在河边。我们在这里看到了两条船，他们慢慢地走过去。\n"),
    "BIG5": ("big5", "這座古老的石橋在河邊。我們在這裡看到了兩條船，他們慢慢地走過去。\n"),
    "SHIFT_JIS": ("shift_jis", "この古い石の橋は川のそばにあります。二つの船がゆっくりと通り過ぎました。\n"),
    "EUC-JP": ("euc_jp", "この古い石の橋は川のそばにあります。二つの船がゆっくりと通り過ぎました。\n"),
    "EUC-KR": ("euc_kr", "이 오래된 돌다리는 강가에 있습니다. 배 두 척이 천천히 지나갑니다.\n"),
}


@pytest.fixture
def run(run_elmo):
    def checked(*arguments):
        ran = run_elmo(*arguments)
        assert ran.status == 0, ran.err
        return ran.out

    return checked


@pytest.fixture
def model(run, tmp_path):
    (tmp_path / "train.txt").write_text(LINES)
    run("pretrain", "--corpus", tmp_path / "train.txt", "-o", tmp_path / "model", *FAST)
    return tmp_path / "model"


def refused(run_elmo, *arguments):
    """The one sentence of a refusal."""
    ran = run_elmo(*arguments)
    assert (ran.status, len(ran.err.strip().splitlines())) == (2, 1), ran.err
    return ran.err


def test_records_are_not_read_as_lines_by_any_command(run, shared, model, tmp_path):
    """A5."""
    inputs = shared / "faults" / "inputs"
    records = [inputs / name for name in ("15_text.jsonl", "15b_text.ndjson", "15c_TEXT.JSONL")]
    wanted = json.loads(run("perplexity", model, inputs / "15_text.txt", "--json"))
    for path in records:
        assert json.loads(run("perplexity", model, path, "--json")) == wanted
    read = {path: json.loads(run("doctor", path, "--json"))["tokens"] for path in [inputs / "15_text.txt", *records]}
    assert len(set(read.values())) == 1, read
    for number, path in enumerate([inputs / "15_text.txt", *records]):
        run("pretrain", "--corpus", path, "-o", tmp_path / f"r{number}", *FAST)
        run("embed", path, "-m", model, "-o", tmp_path / f"{number}.npz")
    settings = [json.loads((tmp_path / f"r{n}" / "run.json").read_text()) for n in range(4)]
    assert len({(s["tokens"], s["sentences"]) for s in settings}) == 1
    vectors = [np.load(tmp_path / f"{n}.npz") for n in range(4)]
    for other in vectors[1:]:
        assert all(np.array_equal(other[name], vectors[0][name]) for name in vectors[0].files)


def test_what_a_file_is_decides_its_bytes_and_utf_16_is_read(run, run_elmo, shared):
    """A15."""
    inputs = shared / "faults" / "inputs"
    plain = run("tokenize", inputs / "15_text.txt")
    for name in ("16_utf16le_no_mark.txt", "16b_utf16.txt", "16c_text.txt.bz2"):
        assert run("tokenize", inputs / name) == plain, name
    assert "WINDOWS-1252" in refused(run_elmo, "tokenize", inputs / "16e_cp1252_quote.txt")
    pytest.importorskip("pyarrow", reason="pyarrow is not installed (pip install 'elmo-lm[bulk]')")
    assert "zstd -dc --long=31" in refused(run_elmo, "tokenize", inputs / "17_long_window.txt.zst")
    assert run("tokenize", inputs / "18_string_view.parquet").splitlines()


def test_a_zip_archive_is_named(run_elmo, tmp_path):
    """A15."""
    for name in ("a.zip", "a.txt"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("inner.txt", LINES)
        assert "a zip archive; unpack it first: unzip" in refused(run_elmo, "tokenize", tmp_path / name)


@pytest.mark.parametrize("kind", ["string", "large_string", "binary"])
def test_parquet_is_read_whatever_the_case_of_its_name_and_its_kind_of_text(run, tmp_path, kind):
    """A15."""
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed (pip install 'elmo-lm[bulk]')")
    parquet = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "a.txt").write_text(LINES)
    column = pyarrow.array(LINES.splitlines()).cast(getattr(pyarrow, kind)())
    parquet.write_table(pyarrow.table({"text": column}), tmp_path / "a.PARQUET")
    assert run("tokenize", tmp_path / "a.PARQUET") == run("tokenize", tmp_path / "a.txt")


@pytest.mark.parametrize("ending", ["GZ", "gz", "txt"])
def test_a_packed_file_is_read_whatever_its_name(run, tmp_path, ending):
    """A15."""
    (tmp_path / "a.txt").write_text(LINES)
    (tmp_path / f"packed.{ending}").write_bytes(gzip.compress(LINES.encode()))
    assert run("tokenize", tmp_path / f"packed.{ending}") == run("tokenize", tmp_path / "a.txt")


@pytest.mark.parametrize("name", TEXTS)
def test_the_encoding_is_named_and_its_command_converts_the_text(run, run_elmo, tmp_path, name):
    """A15."""
    codec, text = TEXTS[name]
    path = tmp_path / "my text.txt"
    path.write_bytes(text.encode(codec))
    message = refused(run_elmo, "tokenize", path)
    assert name in message
    if shutil.which("iconv") is None:
        pytest.skip("iconv is not installed")
    command = re.search(r"iconv -f .*", message)[0]
    assert subprocess.run(command, shell=True, cwd=tmp_path).returncode == 0
    assert (tmp_path / "my text.utf8.txt").read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("codec", "name", "text"),
    [
        ("gb18030", "GB18030", "今天天气很好"),
        ("gb18030", "GB18030", "海湖车站是桃园县政府利用林口线货运铁路办理客运时期所设立的车站。"),
        ("koi8_r", "KOI8-R", "Привет, мир!"),
        ("koi8_r", "KOI8-R", "СТАРЫЙ КАМЕННЫЙ МОСТ"),
        ("cp1251", "WINDOWS-1251", "Привет, мир!"),
        ("cp1251", "WINDOWS-1251", "СТАРЫЙ КАМЕННЫЙ МОСТ"),
    ],
)
def test_one_line_is_enough_to_name_the_encoding(run_elmo, tmp_path, codec, name, text):
    """A15."""
    (tmp_path / "a.txt").write_bytes(f"{text}\n".encode(codec))
    assert f"most likely {name}; convert it: iconv -f {name} " in refused(run_elmo, "tokenize", tmp_path / "a.txt")


def test_one_damaged_character_is_not_another_encoding(run_elmo, tmp_path):
    """A15."""
    good = "这座古老的石桥在河边。\n".encode()
    (tmp_path / "a.txt").write_bytes(good * 3 + good[:-5] + b"\n" + good * 50)
    message = refused(run_elmo, "tokenize", tmp_path / "a.txt")
    assert "line 4" in message
    assert "iconv -f UTF-8 -t UTF-8 -c" in message


def test_a_cell_of_a_table_may_be_long_and_has_a_limit(run, run_elmo, shared, tmp_path):
    """A13."""
    long = shared / "faults" / "inputs" / "06_long_cell.csv.gz"
    assert "text" not in run("tokenize", long).splitlines()[0]
    train = ["train", "--task", "classify", "--train", long, "--dev", long, "--baseline", *SIZES]
    run(*train, "-o", tmp_path / "task")
    (tmp_path / "a.csv").write_text("text\n" + '"' + "word \n" * 3_000_000 + '"\n')
    assert "16,777,216 characters" in refused(run_elmo, "tokenize", tmp_path / "a.csv")


def test_a_line_has_a_limit(run_elmo, tmp_path):
    """B12: three megabytes that are a line of gigabytes."""
    packer = zlib.compressobj(9, wbits=31)
    with (tmp_path / "a.txt.gz").open("wb") as file:
        for _ in range(40):
            file.write(packer.compress(b"a " * 2**19))
        file.write(packer.flush())
    assert "longer than 16 MiB" in refused(run_elmo, "tokenize", tmp_path / "a.txt.gz")
    assert "longer than 16 MiB" in refused(run_elmo, "doctor", tmp_path / "a.txt.gz")
    assert "longer than 16 MiB" in refused(run_elmo, "perplexity", "en", tmp_path / "a.txt.gz")


def test_a_decoder_has_a_limit(run_elmo, tmp_path):
    """B12: an xz dictionary of four gigabytes."""
    packed = bytearray(lzma.compress(LINES.encode(), check=lzma.CHECK_NONE))
    assert packed[14:16] == b"\x21\x01"  # LZMA2, one byte of properties: the size of the dictionary
    packed[16] = 40
    end = 12 + (packed[12] + 1) * 4
    packed[end - 4 : end] = zlib.crc32(packed[12 : end - 4]).to_bytes(4, "little")
    (tmp_path / "a.txt.xz").write_bytes(packed)
    assert "256 MiB" in refused(run_elmo, "tokenize", tmp_path / "a.txt.xz")


def test_data_are_utf_8_whatever_the_locale(run_elmo, tmp_path, monkeypatch):
    """A17."""
    (tmp_path / "a.txt").write_text("今天 é\n", encoding="utf-8")
    for encoding in ("cp1252", "ascii"):
        out = io.BytesIO()
        monkeypatch.setattr("sys.stdout", io.TextIOWrapper(out, encoding=encoding, write_through=True))
        assert run_elmo("tokenize", tmp_path / "a.txt").status == 0
        assert out.getvalue() == "今 天 é\n".encode()


@pytest.mark.parametrize("locale", [{"PYTHONIOENCODING": "cp1252"}, {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}])
def test_json_is_valid_whatever_the_locale(run, tmp_path, locale):
    """A17."""
    (tmp_path / "a.csv").write_text("text,label\n" + "今天,好\n明天,坏\n" * 4, encoding="utf-8")
    (tmp_path / "a.txt").write_text("今天 😀 é\n", encoding="utf-8")
    files = ["--train", tmp_path / "a.csv", "--dev", tmp_path / "a.csv", "-o", tmp_path / "t"]
    run("train", "--task", "classify", *files, "--baseline", *SIZES)
    command = [sys.executable, "-m", "elmo", "predict", tmp_path / "t", tmp_path / "a.txt", "--json"]
    ran = subprocess.run(command, env={**os.environ, **locale}, capture_output=True, check=True)
    assert "今天 😀 é".encode() in ran.stdout
    assert json.loads(ran.stdout)["text"] == "今天 😀 é"


def test_closed_standard_input_is_one_sentence(run_elmo, tmp_path, monkeypatch):
    """B15."""
    monkeypatch.setattr(sys, "stdin", None)
    assert "standard input is closed" in refused(run_elmo, "tokenize", "-")


def test_embed_and_perplexity_read_standard_input(run, model, tmp_path, monkeypatch):
    """C9."""

    def given(*arguments):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(LINES.encode())))
        return run(*arguments)

    assert given("perplexity", model, "-", "--json") == run("perplexity", model, tmp_path / "train.txt", "--json")
    given("embed", "-", "-m", model, "-o", tmp_path / "a.npz")
    run("embed", tmp_path / "train.txt", "-m", model, "-o", tmp_path / "b.npz")
    a, b = np.load(tmp_path / "a.npz"), np.load(tmp_path / "b.npz")
    assert all(np.array_equal(a[name], b[name]) for name in b.files)
