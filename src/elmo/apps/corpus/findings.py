"""The findings of `elmo doctor`: the counts of a survey, and figures derived from them."""

from collections import Counter
from dataclasses import dataclass
from typing import NamedTuple

from elmo.errors import TextError
from elmo.model.config import CharCNNConfig
from elmo.text.survey.coverage import Coverage, FrequentWords, oov_rate
from elmo.text.survey.scripts import ScriptMix, mix_scripts
from elmo.text.survey.streaming_counts import mean, quantile
from elmo.text.survey.survey import Survey
from elmo.text.words.vocabulary import Vocabulary
from elmo.train.config import PretrainConfig

READABLE_BYTES = CharCNNConfig().max_characters - 2  # per word; the begin and end characters take two of max_characters
_N_SHOWN = 5

Fact = str | int | float | bool | None


class Overlong(NamedTuple):
    """Words of more than `READABLE_BYTES`, which the char CNN cuts off."""

    tokens: int
    types: int
    examples: list[str]  # the most frequent


class GivenVocabulary(NamedTuple):
    """How well a given vocabulary covers the text."""

    size: int
    oov: float


@dataclass(frozen=True)
class Findings:
    """All figures of `elmo doctor` about a corpus."""

    survey: Survey
    pretokenized: bool
    scripts: ScriptMix
    overlong: Overlong
    coverage: list[Coverage]
    suggested: Coverage  # of the vocabulary size to train with
    given: GivenVocabulary | None

    @property
    def n_tokens(self) -> int:
        """All tokens."""
        return self.survey.words.n_tokens

    @property
    def n_types(self) -> int:
        """Types; a lower bound once the table is full (`types_forgotten`)."""
        return len(self.survey.words.counts)

    @property
    def characters_per_token(self) -> float:
        """The mean length of a token."""
        counts = self.survey.words.counts
        return sum(len(word) * n for word, n in counts.items()) / counts.total()

    def fraction_of_lines(self, defect: str) -> float:
        """The fraction of non-empty lines with a defect."""
        return self.survey.defective[defect] / max(1, self.survey.lines.n_lines)


def find_out(survey: Survey, pretokenized: bool, vocabulary: Vocabulary | None) -> Findings:
    """Derive the findings from the counts of a survey.

    Raises:
        TextError: there is no text.
    """
    counts, n_tokens = survey.words.counts, survey.words.n_tokens
    if not n_tokens:
        raise TextError(survey.unread[0] if survey.unread else "no text in these files; give files with some sentences")
    held_back = survey.held_back_words
    frequent = FrequentWords(
        survey.training_words(), n_tokens - held_back.n_tokens, held_back.counts, held_back.n_tokens
    )
    return Findings(
        survey,
        pretokenized,
        mix_scripts(counts),
        _overlong(counts),
        [frequent.coverage(size) for size in frequent.sizes],
        frequent.coverage(frequent.suggested(at_least=PretrainConfig().vocabulary_size)),
        None if vocabulary is None else GivenVocabulary(len(vocabulary), oov_rate(counts, n_tokens, vocabulary)),
    )


def _overlong(counts: Counter[str]) -> Overlong:
    # a character has at most four bytes: most words need not be spelled
    long = {
        word: n
        for word, n in counts.items()
        if 4 * len(word) > READABLE_BYTES and len(word.encode("utf-8", "ignore")) > READABLE_BYTES
    }
    examples = sorted(long, key=lambda word: (-long[word], word))[:_N_SHOWN]
    return Overlong(sum(long.values()), len(long), examples)


def flat_facts(findings: Findings) -> dict[str, Fact]:
    """The findings under flat names; fractions are between 0 and 1."""
    survey, lengths, n_tokens = findings.survey, findings.survey.sentence_lengths, findings.n_tokens
    facts: dict[str, Fact] = {
        "files": survey.n_files,
        "files_unread": len(survey.unread),
        "bytes": survey.n_bytes,
        "lines": survey.n_lines,
        "empty_lines": survey.n_empty,
        "documents": survey.n_documents,
        "sentences_per_document_median": quantile(survey.document_lengths, 0.5),
        "sentences": survey.n_sentences,
        "tokens": n_tokens,
        "types": findings.n_types,
        "types_forgotten": survey.words.forgotten,
        "sentence_length_mean": mean(lengths),
        "sentence_length_median": quantile(lengths, 0.5),
        "sentence_length_p99": quantile(lengths, 0.99),
        "sentence_length_longest": max(lengths),
        "characters_per_token": findings.characters_per_token,
        "bytes_per_token": survey.n_bytes / n_tokens,
        "readable_bytes": READABLE_BYTES,
        "overlong_tokens": findings.overlong.tokens / n_tokens,
        "overlong_types": findings.overlong.types / findings.n_types,
    }
    facts |= {f"overlong_{i}": word for i, word in enumerate(findings.overlong.examples, 1)}
    for size, own, held_back in findings.coverage:
        facts |= {f"oov_{size}": own, f"oov_held_back_{size}": held_back}
    if findings.given is not None:
        facts |= {"vocabulary_words": findings.given.size, "vocabulary_oov": findings.given.oov}
    facts |= {
        "vocabulary_size_suggested": findings.suggested.size,
        "vocabulary_size_suggested_oov": findings.suggested.held_back,
        "unknown_marks": survey.n_unknown_marks / n_tokens,
        "separated_commas": survey.n_separated_commas / survey.n_commas if survey.n_commas else None,
        "repeated_lines": survey.lines.fraction_repeated(),
        "repeated_bytes": survey.lines.fraction_of_bytes_repeated(),
        "repeated_lines_sampled": survey.lines.sampled > 1,
    }
    for i, (text, count) in enumerate(survey.lines.commonest(_N_SHOWN), 1):
        facts |= {f"repeated_{i}": text, f"repeated_{i}_count": count}
    facts |= {f"script_{script.lower()}": fraction for script, fraction in findings.scripts.fractions().items()}
    facts |= {
        f"bytes_per_letter_{script.lower()}": findings.scripts.bytes[script] / n
        for script, n in findings.scripts.letters.items()
    }
    facts |= {"bytes_per_letter": findings.scripts.bytes_per_letter()}
    facts |= {"mixed_script_tokens": findings.scripts.mixed_tokens / n_tokens}
    facts |= {f"mixed_script_{i}": word for i, word in enumerate(findings.scripts.mixed_examples, 1)}
    facts |= {f"lines_{name}": n for name, n in survey.defective.most_common()}
    facts |= {
        f"example_{name}": f"{example.file}:{example.number}: {example.excerpt}"
        for name, example in survey.examples.items()
    }
    facts |= {
        "unmarked_line_ends": survey.unmarked_lengths.total() / survey.n_inside if survey.n_inside else 0.0,
        "hyphenated_line_ends": survey.n_hyphenated,
    }
    for i, line in enumerate(survey.longest.lines, 1):
        facts |= {f"longest_line_{i}": f"{line.file}:{line.number}", f"longest_line_{i}_bytes": line.size_bytes}
    return facts | {f"unread_{i}": message for i, message in enumerate(survey.unread, 1)}
