"""Word2Vec and fastText vectors of a corpus, trained by gensim (extra `gensim`), to compare with a model of the same text."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from elmo.errors import ConfigError
from elmo.storage.atomic import atomic_write
from elmo.text.sources.corpus import corpus_words
from elmo.text.tokenizer import VERSION_1, Tokenizer

WIDTH, WINDOW, MIN_COUNT, EPOCHS, NEGATIVES, BUCKETS = 200, 5, 5, 5, 5, 500_000
_TEXT_FILE = "corpus.txt"
FILES = {"word2vec": "word2vec.bin", "fasttext": "fasttext.bin"}


def train_static(corpus: Sequence[Path], folder: Path, seed: int = 0, tokenizer: Tokenizer = VERSION_1) -> list[Path]:
    """Train both on the lowercased tokens of a corpus, in one thread so that the result is reproducible.

    CBOW with five negative samples, 200 numbers, window 5, words with at least five occurrences, five epochs; fastText with
    n-grams of 3 to 6 characters. Existing files in the folder are reused.

    Returns:
        the files of both: word2vec's binary format, a fastText model.
    Raises:
        ConfigError: no corpus, or no gensim. TextError: a text cannot be read.
    """
    wanted = {kind: folder / name for kind, name in FILES.items()}
    missing = [kind for kind, path in wanted.items() if not path.is_file()]
    if missing:
        if not corpus:
            raise ConfigError(f"{folder}: contains no {FILES[missing[0]]}, and no corpus to train it on; give --corpus")
        gensim = _import_gensim()
        text = folder / _TEXT_FILE
        if not text.is_file():
            _write_lines(corpus, text, tokenizer)
        for kind in missing:
            _train(gensim, kind, text, wanted[kind], seed)
    return list(wanted.values())


def _write_lines(corpus: Sequence[Path], target: Path, tokenizer: Tokenizer) -> None:
    """One sentence per line, tokens separated by blanks, in lower case."""
    with atomic_write(target) as part, part.open("w", encoding="utf-8", errors="replace") as file:
        for words in corpus_words(corpus, False, tokenizer=tokenizer):
            file.write(" ".join(words).lower() + "\n")


def _train(gensim: Any, kind: str, text: Path, target: Path, seed: int) -> None:
    how = {
        "corpus_file": str(text), "vector_size": WIDTH, "window": WINDOW, "min_count": MIN_COUNT, "epochs": EPOCHS,
        "negative": NEGATIVES, "sg": 0, "workers": 1, "seed": seed + 1,
    }  # fmt: skip
    with atomic_write(target) as part:
        if kind == "word2vec":
            gensim.models.Word2Vec(**how).wv.save_word2vec_format(str(part), binary=True)
        else:
            trained = gensim.models.FastText(**how, min_n=3, max_n=6, bucket=BUCKETS)
            gensim.models.fasttext.save_facebook_model(trained, str(part))


def _import_gensim() -> Any:
    try:
        import gensim.models.fasttext
    except ImportError as error:
        raise ConfigError(
            "training static vectors needs gensim; install it with pip install 'elmo-lm[gensim]', or give files of vectors"
        ) from error
    return gensim
