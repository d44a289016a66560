"""Words -> the terms of the lexical index: case folded, stop words left out, stems; Han characters also in pairs.

Stop words are those of bm25s, stems those of Snowball (PyStemmer).
"""

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import Any

from elmo.errors import ConfigError
from elmo.text.survey.scripts import script_of

LANGUAGES = {  # language -> the list of stop words, the stemmer
    "en": ("en_plus", "english"),
    "zh": ("chinese", None),
    "da": ("danish", "danish"),
    "de": ("german", "german"),
    "es": ("spanish", "spanish"),
    "fr": ("french", "french"),
    "it": ("italian", "italian"),
    "ko": ("korean", None),
    "nl": ("dutch", "dutch"),
    "no": ("norwegian", "norwegian"),
    "pt": ("portuguese", "portuguese"),
    "ru": ("russian", "russian"),
    "sv": ("swedish", "swedish"),
    "tr": ("turkish", "turkish"),
}


def import_answers(module: str) -> Any:
    """A library of the extra `answers`.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise ConfigError(f"a knowledge base needs {module}; install it with pip install 'elmo-lm[answers]'") from error


@cache
def stop_words_of(language: str) -> frozenset[str]:
    """The stop words of a language."""
    found = import_answers("bm25s.tokenization")._infer_stopwords(LANGUAGES[language][0])
    return frozenset(word.casefold() for word in found)


def likely_language(counts: Counter[str]) -> str | None:
    """The language whose stop words are most of a text; None: no list has a tenth of its words.

    Args:
        counts: words in lower case -> their number.
    """
    total = counts.total()
    hits = {name: sum(counts[word] for word in stop_words_of(name)) for name in LANGUAGES}
    best = max(LANGUAGES, key=lambda name: hits[name])
    return best if total and hits[best] >= total / 10 else None


def terms_by(language: str | None, stem: bool, stop_words: bool) -> Callable[[Iterable[str]], list[str]]:
    """A function that turns words into terms.

    Args:
        language: a key of LANGUAGES; None: neither stop words nor stems.
    Raises:
        ConfigError: there is no such language, or a library is not installed.
    """
    if language is not None and language not in LANGUAGES:
        raise ConfigError(f"language {language!r}; there are auto, {', '.join(LANGUAGES)}")
    left_out = stop_words_of(language) if language and stop_words else frozenset()
    stemmer = LANGUAGES[language][1] if language and stem else None
    stems: Callable[[list[str]], list[str]] | None = (
        import_answers("Stemmer").Stemmer(stemmer).stemWords if stemmer else None
    )

    def terms(words: Iterable[str]) -> list[str]:
        folded = [word.casefold().encode("utf-8", "replace").decode("utf-8") for word in words]  # no lone surrogates
        kept = [word for word in folded if word not in left_out and any(map(str.isalnum, word))]
        pairs = [a + b for a, b in pairwise(folded) if _is_han(a) and _is_han(b)]
        return (kept if stems is None else stems(kept)) + pairs

    return terms


def _is_han(word: str) -> bool:
    return len(word) == 1 and script_of(word) == "Han"
