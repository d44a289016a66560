"""The sentences and tokens of another program; run by `tokenizers.py` in an environment that has it.

    echo '"A text."' | python rival_tokenizers.py syntok|spacy-en|spacy-eu|spacy-zh|jieba

Each line of the text is given on its own, as our sentences end at line ends, too.
"""

import json
import sys
from collections.abc import Callable, Iterator

Spans = list[tuple[int, int]]


def syntok(line: str) -> tuple[Spans, Spans]:
    """Syntok's segmenter and its tokens."""
    from syntok import segmenter

    sentences = [list(tokens) for paragraph in segmenter.analyze(line) for tokens in paragraph]
    tokens = [[(t.offset, t.offset + len(t.value)) for t in sentence] for sentence in sentences]
    return [(some[0][0], some[-1][1]) for some in tokens if some], [span for some in tokens for span in some]


def spacy(language: str) -> Callable[[str], tuple[Spans, Spans]]:
    """A blank pipeline of spaCy with its sentencizer: rules, no model."""
    import spacy

    pipeline = spacy.blank(language)
    pipeline.add_pipe("sentencizer")
    pipeline.max_length = 10**8

    def cut(line: str) -> tuple[Spans, Spans]:
        document = pipeline(line)
        words = [(t.idx, t.idx + len(t.text)) for t in document if t.text.strip()]
        return [(s.start_char, s.end_char) for s in document.sents], words

    return cut


def jieba(line: str) -> tuple[Spans, Spans]:
    """Jieba's words; it knows no sentences."""
    import jieba

    return [], [(a, b) for word, a, b in jieba.tokenize(line) if word.strip()]


def main(name: str) -> None:
    """Print the spans of the text on standard input as JSON."""
    text: str = json.load(sys.stdin)
    cut = {"syntok": syntok, "jieba": jieba}[name] if not name.startswith("spacy-") else spacy(name[6:])
    sentences: Spans = []
    tokens: Spans = []
    at = 0
    for line in text.split("\n"):
        of_line, words = cut(line) if line.strip() else ([], [])
        sentences += [(at + a, at + b) for a, b in _trimmed(line, of_line)]
        tokens += [(at + a, at + b) for a, b in words]
        at += len(line) + 1
    found = {"tokens": tokens} | ({"sentences": sentences} if sentences else {})
    print(json.dumps(found))


def _trimmed(line: str, spans: Spans) -> Iterator[tuple[int, int]]:
    """Spans without the white space at their ends."""
    for a, b in spans:
        piece = line[a:b]
        if piece.strip():
            yield a + len(piece) - len(piece.lstrip()), b - (len(piece) - len(piece.rstrip()))


if __name__ == "__main__":
    main(sys.argv[1])
