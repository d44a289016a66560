"""A knowledge base that was built: a question -> its answer with the characters of the file where it was read, or none."""

import hashlib
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from elmo.answers.calibration import Calibration, is_right, log_odds, read_calibration
from elmo.answers.entry_store import EntryStore
from elmo.answers.kb_file import (
    BUILD_AGAIN,
    CALIBRATION_FILE,
    ELMO_FOLDER,
    ENTRIES,
    FAQ_KINDS,
    QA_FOLDER,
    TERMS,
    KBFile,
    SourceFacts,
    check_files,
    read_kb_file,
)
from elmo.answers.kb_models import embed_words, load_qa
from elmo.answers.lexical import LexicalIndex
from elmo.answers.retrieval import VECTOR_WEIGHT, Ranked, Scores, best_entries, coverage
from elmo.answers.source_files import Entry, has_changed
from elmo.answers.terms import terms_by
from elmo.checkpoints.load import is_bundled
from elmo.checkpoints.saved_model import fingerprint
from elmo.embed.embedder import Elmo
from elmo.errors import CheckpointError, ConfigError, TextError
from elmo.tasks.predictions import Answered
from elmo.tasks.saved_task import TrainedTask
from elmo.text.survey.scripts import script_of

LONGEST_QUESTION = 500  # tokens
N_READ = 5  # passages that a qa task reads
MIN_SCORE = 0.5

Kind = Literal["span", "stored", "passage"]


class KBAnswer(NamedTuple):
    """The answer to a question, or none: then all but the score is None.

    Attributes:
        kind: "span": read by a `qa` task; "stored": the answer of a question that is like this one; "passage": a sentence.
        score: how likely it is that this is right: the answer, or that there is none.
        file: where it was read. start, end: the characters of the decoded file, see `read_source`.
        passage: the passage around the answer; of a stored answer its question.
    """

    answer: str | None
    kind: Kind | None
    score: float
    file: str | None
    start: int | None
    end: int | None
    passage: str | None

    def facts(self) -> dict[str, Any]:
        """As `elmo answer --json` prints it."""
        return self._asdict()


class Candidate(NamedTuple):
    """An answer that may be given."""

    number: int  # of the entry
    entry: Entry
    kind: Kind
    start: int  # characters of the view of the entry
    end: int
    features: tuple[float, ...]  # see calibration.py
    plain_score: float  # without a calibration

    @property
    def text(self) -> str:
        """The answer."""
        return self.entry.view.text[self.start : self.end]


class KnowledgeBase:
    """A knowledge base in memory; `kb(question)` answers.

    Attributes:
        folder, file: where it is, and its `kb.json`. calibration: of its scores; None: they are not calibrated.
        min_score: an answer with a lower score is not given. vector_weight: of the cosine in the fused score.
    """

    def __init__(self, folder: Path, file: KBFile, elmo: Elmo, task: TrainedTask | None) -> None:
        self.folder, self.file, self.elmo, self.task = folder, file, elmo, task
        self._store = EntryStore(folder / ENTRIES, file.n_entries, file.width)
        check_files(folder, file.checksums)
        self._index = LexicalIndex.load(folder / TERMS, file.n_entries)
        self._terms = terms_by(file.language, file.settings.stem, file.settings.stop_words)
        self.qa_fingerprint = None if task is None else _fingerprint_of(task)
        self.calibration: Calibration | None = None
        self.min_score: float | None = None
        self.vector_weight = VECTOR_WEIGHT

    @classmethod
    def load(
        cls, folder: str | Path, *, qa: str | Path | TrainedTask | None = None, min_score: float | None = None
    ) -> "KnowledgeBase":
        """Load a knowledge base.

        Args:
            qa: a trained task of kind `qa` that reads the passages; None: that of the knowledge base, if it has one.
            min_score: an answer with a lower score is not given; None: that of the calibration, else 0.5.
        Raises:
            CheckpointError: the folder is none, is cut short or changed, or the model is another version. ConfigError: the
                task is of another kind, or a library is missing.
        """
        path = Path(folder)
        file = read_kb_file(path)
        named = file.settings.model
        if named != ELMO_FOLDER and not is_bundled(named):
            raise CheckpointError(
                f"{path}: built with the model {named[:80]!r}, which this elmo does not have; {BUILD_AGAIN}"
            )
        elmo = Elmo.from_pretrained(path / ELMO_FOLDER if named == ELMO_FOLDER else named)
        if fingerprint(elmo.model) != file.settings.fingerprint or elmo.width != file.width:
            raise CheckpointError(f"{path}: built with another version of the model {named!r}; {BUILD_AGAIN}")
        own = path / QA_FOLDER
        task = load_qa(qa) if qa is not None else load_qa(own) if own.is_dir() else None
        kb = cls(path, file, elmo, task)
        kb.min_score = min_score
        found = read_calibration(path)
        if found is not None and (found.fingerprint, found.qa) == (file.settings.fingerprint, kb.qa_fingerprint):
            kb.calibration, kb.vector_weight = found, found.vector_weight
        elif found is not None:
            warnings.warn(
                f"{path / CALIBRATION_FILE} belongs to another model or task; the scores are not calibrated",
                stacklevel=2,
            )
        return kb

    def __repr__(self) -> str:
        """One line: what is in it."""
        n_stored = self.file.n_entries - self.file.n_passages
        read = "" if self.task is None else ", read by a qa task"
        return (
            f"KnowledgeBase({str(self.folder)!r}: {len(self.file.sources):,} sources, {self.file.n_passages:,} passages, "
            f"{n_stored:,} stored answers{read}{'' if self.calibration is None else ', calibrated'})"
        )

    def __call__(self, question: str) -> KBAnswer:
        """Answer a question.

        Raises:
            TextError: a question without a word, of more than 500, or in another script than the texts; the file of the answer
                is gone, or has changed since it was read.
        """
        scored = [(self._score(candidate), candidate) for candidate in self.candidates(question)]
        score, best = max(scored, key=lambda pair: pair[0])
        if score < self._least:
            return KBAnswer(None, None, 1 - score, None, None, None, None)
        source = self.file.sources[int(self._store.sources[best.number])]
        path = self._checked(source)
        start, end = best.entry.view.source_span(best.start, best.end)
        passage = best.entry.title if best.kind == "stored" else best.entry.view.text
        return KBAnswer(best.text, best.kind, score, path, start, end, passage)

    def candidates(self, question: str) -> list[Candidate]:
        """The answers that may be given: the stored one of the best entry; else what a `qa` task reads in the best passages;
        without a task the best sentence of the best passage.

        Raises:
            TextError: see `__call__`.
        """
        words = self._checked_words(question)
        terms = self._terms(words)
        ranked = self._ranked(words, terms, self.vector_weight)
        first = ranked[0]
        if self._is_stored(first.number):
            entry = self._store.entry(first.number)
            return [self._candidate(entry, "stored", (0, len(entry.view.text)), ranked, first, terms, None)]
        if self.task is None:
            entry = self._store.entry(first.number)
            return [self._candidate(entry, "passage", self._best_sentence(entry, terms), ranked, first, terms, None)]
        return self._read(question, terms, ranked)

    def finds(self, question: str, answers: Sequence[str], vector_weight: float) -> bool:
        """Whether the best entry, with this weight of the cosine, holds one of the answers."""
        words = self._checked_words(question)
        first = self._ranked(words, self._terms(words), vector_weight)[0]
        return is_right(self._store.entry(first.number).view.text, "passage", answers)

    def changed_sources(self) -> list[str]:
        """The sources that are gone or have another size or time than when they were read."""
        found = []
        for facts in self.file.sources:
            try:
                there = self._path(facts).stat()
                same = (there.st_size, there.st_mtime_ns) == (facts.size_bytes, facts.mtime_ns)
            except OSError:
                same = False
            if not same:
                found.append(_shown(self._path(facts)))
        return found

    @property
    def _least(self) -> float:
        if self.min_score is not None:
            return self.min_score
        return MIN_SCORE if self.calibration is None else self.calibration.min_score

    def _score(self, candidate: Candidate) -> float:
        found = self.calibration
        return candidate.plain_score if found is None else found.probability(candidate.features)

    def _checked_words(self, question: str) -> list[str]:
        words = [token.text for token in self.elmo.tokenize(" ".join(question.split()))]
        if not any(character.isalnum() for word in words for character in word):
            raise TextError(f"{question[:80]!r}: no question; ask one in words")
        if len(words) > LONGEST_QUESTION:
            raise TextError(
                f"the question has {len(words):,} words, the limit is {LONGEST_QUESTION}; ask a shorter one"
            )
        scripts = {script_of(character) for character in question} - {None}
        if scripts and not scripts & set(self.file.scripts):
            asked, there = sorted(map(str, scripts)), self.file.scripts or ["no letters"]
            raise TextError(
                f"the question is written in {', '.join(asked)}, the texts of {self.folder} in {', '.join(there)}; ask in it"
            )
        return words

    def _ranked(self, words: list[str], terms: list[str], weight: float) -> list[Ranked]:
        bm25 = self._index.scores(terms)
        cosines: Scores = np.asarray(self._store.vectors @ embed_words(self.elmo, [words], self.file.settings)[0])
        return best_entries(bm25, cosines, weight, N_READ + 1)

    def _is_stored(self, number: int) -> bool:
        return self.file.sources[int(self._store.sources[number])].kind in FAQ_KINDS

    def _terms_of(self, text: str) -> list[str]:
        return self._terms(token.text for token in self.elmo.tokenize(text))

    def _candidate(
        self,
        entry: Entry,
        kind: Kind,
        span: tuple[int, int],
        ranked: list[Ranked],
        one: Ranked,
        terms: list[str],
        probability: float | None,
    ) -> Candidate:
        """A candidate with its features; `probability`: of the span by the task."""
        others = [other.fused for other in ranked if other is not one]
        covered = coverage(terms, self._terms_of(f"{entry.title}\n{entry.view.text}"), self._index.idf)
        features = (
            covered,
            one.cosine,
            one.fused - max(others, default=0.0),
            0.0 if probability is None else log_odds(probability),
            float(kind == "stored"),
        )
        return Candidate(
            one.number, entry, kind, *span, features, covered * (1.0 if probability is None else probability)
        )

    def _best_sentence(self, entry: Entry, terms: list[str]) -> tuple[int, int]:
        """The sentence that covers most of the question; of equal ones the first."""
        spans = self.elmo.model.tokenizer.split_sentences(entry.view.text) or [(0, len(entry.view.text))]
        return max(spans, key=lambda s: coverage(terms, self._terms_of(entry.view.text[slice(*s)]), self._index.idf))

    def _read(self, question: str, terms: list[str], ranked: list[Ranked]) -> list[Candidate]:
        """The best span of each of the best passages."""
        assert self.task is not None
        some = [one for one in ranked[:N_READ] if not self._is_stored(one.number)]
        entries = [self._store.entry(one.number) for one in some]
        predicted = self.task([(entry.view.text, " ".join(question.split())) for entry in entries])
        found = []
        for one, entry, answered in zip(some, entries, predicted, strict=True):
            if not isinstance(answered, Answered):
                raise ConfigError("the task that reads is not of kind qa")
            span = next((answer for answer in answered.answers if answer.end > answer.start), None)
            if span is not None:
                found.append(self._candidate(entry, "span", (span.start, span.end), ranked, one, terms, span.score))
        if found:
            return found
        return [
            self._candidate(entries[0], "passage", self._best_sentence(entries[0], terms), ranked, some[0], terms, 0.0)
        ]

    def _path(self, facts: SourceFacts) -> Path:
        return Path(os.path.normpath(self.folder.absolute() / facts.path))

    def _checked(self, facts: SourceFacts) -> str:
        """The name of a source, which must be as it was read."""
        path = self._path(facts)
        again = f"bring the knowledge base up to date: elmo kb build PATH... -o {self.folder}"
        if not path.is_file():
            raise TextError(
                f"{_shown(path)}: the source of the answer is gone since the knowledge base was built; {again}"
            )
        if has_changed(path, facts):
            raise TextError(
                f"{_shown(path)}: the source of the answer has changed since the knowledge base was built; {again}"
            )
        return _shown(path)


def _shown(path: Path) -> str:
    """A path as users give it: relative to the current folder if it is within."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _fingerprint_of(task: TrainedTask) -> str:
    """A checksum of the weights of a task and of the model that it reads with."""
    found = hashlib.sha256((task.file.elmo.fingerprint if task.file.elmo else "").encode())
    for name, tensor in task.model.state_dict().items():
        found.update(f"{name} {tuple(tensor.shape)} ".encode())
        found.update(tensor.detach().contiguous().cpu().numpy().data)
    return found.hexdigest()[:32]
