"""The size of a corpus, estimated from a part of it."""

import gzip
import json
import os

import numpy as np
import pytest

from conftest import encode_text
from elmo.errors import TextError
from elmo.text.sources.corpus import Corpus
from elmo.text.sources.corpus_size import CorpusSample, estimate_types, measure_files

LINE = "The bank of the river was green .\n"


def sample_of(paths, sample_bytes):
    """A sample that was read, and its sentences."""
    sample = CorpusSample(measure_files(paths), True, None, sample_bytes)
    return sample, list(sample)


def write_records(path, texts):
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return path


def test_a_small_corpus_is_read_whole_as_training_reads_it(tmp_path):
    lines, packed = tmp_path / "a.txt", tmp_path / "b.txt.gz"
    lines.write_text(f"{LINE}\n{LINE}one ö\n", encoding="utf-8")
    packed.write_bytes(gzip.compress(b"two three\n\nfour"))
    records = write_records(tmp_path / "c.jsonl", ["five\nsix seven", "", None, "eight"])
    paths = [lines, packed, records]
    for pretokenized in (True, False):
        sample = CorpusSample(measure_files(paths), pretokenized, None, 10_000)
        sentences = list(sample)
        assert sentences == list(Corpus(paths, pretokenized))
        assert (sample.whole, sample.n_sentences) == (True, len(sentences))
        assert sample.n_tokens == sum(len(s.words) for s in sentences)
    assert sample.n_bytes == 2 * len(LINE) + 1 + 7 + 15 + records.stat().st_size


@pytest.mark.parametrize("ending", ["txt", "txt.gz", "jsonl", "jsonl.gz"])
def test_of_a_large_file_the_beginning_tells_the_rest(tmp_path, ending):
    content = LINE * 3000 if "txt" in ending else (json.dumps({"text": LINE * 3}) + "\n") * 1000
    path = tmp_path / f"a.{ending}"
    path.write_bytes(gzip.compress(content.encode()) if ending.endswith("gz") else content.encode())
    sample, sentences = sample_of([path], sample_bytes=len(content) // 10)
    assert not sample.whole
    assert 290 <= len(sentences) <= 310
    assert sample.n_sentences == pytest.approx(3000, rel=0.01)
    assert sample.n_tokens == pytest.approx(8 * 3000, rel=0.01)


def test_each_file_is_scaled_by_what_was_read_of_it(tmp_path):
    dense, sparse = tmp_path / "dense.txt", tmp_path / "sparse.txt"
    dense.write_text("a b c d e f g h i j\n" * 1000)
    sparse.write_text("abcdefghijklmnopqrstuvwxyz abcdefghijklm\n" * 4000)
    sample, _ = sample_of([dense, sparse], sample_bytes=20_000)
    assert sample.n_tokens == pytest.approx(10_000 + 8_000, rel=0.02)


def test_rows_of_parquet_are_counted_without_reading_them(tmp_path):
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed (pip install 'elmo-lm[bulk]')")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"text": [f"{LINE} {i}" for i in range(2000)]}), tmp_path / "a.parquet")
    sample, sentences = sample_of([tmp_path / "a.parquet"], sample_bytes=20_000)
    assert len(sentences) < 4000
    assert sample.n_sentences == 4000
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:900])
    with pytest.raises(TextError, match=r"b\.parquet: cannot be read"):
        measure_files([tmp_path / "b.parquet"])


def test_what_cannot_be_measured_is_one_sentence(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "cut.txt.gz").write_bytes(gzip.compress(os.urandom(1000))[:500])
    with pytest.raises(TextError, match="pipe: not a file on disk"):
        measure_files([tmp_path / "pipe"])
    with pytest.raises(TextError, match=r"cut\.txt\.gz: cannot be read"):
        measure_files([tmp_path / "cut.txt.gz"])


def test_the_reading_is_reported_in_bytes_of_all_files(tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(LINE)
    (tmp_path / "c.txt.gz").write_bytes(gzip.compress(LINE.encode()))
    reports = []
    measure_files(sorted(tmp_path.iterdir()), reports.append)
    assert reports == [len(LINE) * n for n in (1, 2, 3, 3)]


def test_types_grow_by_heaps_law():
    words = np.random.default_rng(0).zipf(1.6, 60_000).astype(str).tolist()
    sentences = [words[i : i + 20] for i in range(0, len(words), 20)]
    part, whole = encode_text(sentences[:1000]), encode_text(sentences)
    assert estimate_types(part, 60_000) == pytest.approx(len(whole.words), rel=0.1)
    assert estimate_types(part, 60_000) > 1.5 * len(part.words)
    assert estimate_types(whole, 60_000) == len(whole.words)
