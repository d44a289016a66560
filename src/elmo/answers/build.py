"""START HERE: files and folders -> a knowledge base, in a folder that is whole or not there; only what has changed is done anew.

A source whose content was read before keeps its entries and vectors, so that a build over an old one equals a build from
nothing, bit for bit. A build that is killed goes on: vectors that it had computed are kept in parts.
"""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import torch

from elmo.answers.entry_store import EntryStore, EntryWriter, Vectors
from elmo.answers.kb_file import (
    CALIBRATION_FILE,
    ELMO_FOLDER,
    ENTRIES,
    FAQ_KINDS,
    KB_FILE,
    PARTS,
    QA_FOLDER,
    SETTINGS_FILE,
    TERMS,
    KBFile,
    KBSettings,
    SourceFacts,
    read_kb_file,
)
from elmo.answers.kb_models import embed_words, layers_of, load_qa, model_for, words_of_entry
from elmo.answers.lexical import LexicalIndex
from elmo.answers.source_files import Entry, facts_of_source, find_sources, has_changed, read_entries
from elmo.answers.terms import LANGUAGES, likely_language, terms_by
from elmo.checkpoints.formats.native import save_native
from elmo.checkpoints.saved_model import fingerprint
from elmo.checkpoints.tensors import read_tensors, write_tensors
from elmo.embed.embedder import Elmo
from elmo.embed.layers import Layers
from elmo.errors import ConfigError, OutputError, TextError
from elmo.storage.arrays import writing_arrays
from elmo.storage.atomic import atomic_write
from elmo.storage.checksums import checksum_of
from elmo.storage.job_folder import JobFolder, differences
from elmo.tasks.saved_task import TrainedTask
from elmo.text.passages.passages import PassageSettings
from elmo.text.survey.scripts import mix_scripts

AT_ONCE = 256  # entries that are embedded together, and kept when a build is killed
_HELD = (
    KB_FILE,
    SETTINGS_FILE,
    CALIBRATION_FILE,
    *(f"{name}/*" for name in (ENTRIES, TERMS, PARTS, ELMO_FOLDER, QA_FOLDER)),
)
_HELD += (f"{QA_FOLDER}/{ELMO_FOLDER}/*",)
_LEAST_LETTERS = 0.01  # of the letters of a text, for a script to be one of it

Progress = Callable[[int, int, int], None]  # sources done, sources, entries embedded


class Built(NamedTuple):
    """What a build did."""

    output: str
    sources: int
    passages: int
    stored_answers: int
    new_sources: int  # that were read and embedded
    kept_sources: int  # whose entries are those of the build before


def build_kb(
    paths: Sequence[str | Path],
    folder: str | Path,
    *,
    model: str | Path | Elmo | None = None,
    qa: str | Path | TrainedTask | None = None,
    layers: Layers | None = None,
    language: str | None = None,
    stem: bool | None = None,
    stop_words: bool | None = None,
    question: str | None = None,
    answer: str | None = None,
    passages: PassageSettings | None = None,
    force: bool = False,
    report: Progress = lambda done, n, entries: None,
) -> Built:
    """Build a knowledge base, or bring one up to date.

    Args:
        paths: files (txt, md, html; csv, tsv and jsonl of questions and answers; also compressed) and folders of such files.
        folder: of the knowledge base. If there is one, only sources that are new or have changed are read and embedded; those
            that are not among `paths` any more are left out.
        model: see `Elmo.from_pretrained`; None: that of the knowledge base, else the English model of the package.
        qa: a trained task of kind `qa`, which is copied into the folder; None: that of the knowledge base, if it has one.
        layers: the layers whose mean over the tokens of a passage is compared with that of a question; None: the token layer.
        language: of stop words and stems (en, zh, de, ...); None or "auto": the one whose stop words are in the texts.
        stem, stop_words: whether words are compared by their stems, and stop words left out; None: yes.
        question, answer: names of the columns of tables; None: the usual names.
        passages: how documents are cut.
        force: build all anew, also over a knowledge base that has other settings or is damaged.
        report: called with the sources done, their number, and the entries embedded so far.
    Raises:
        TextError: no file to read, a file that cannot be read, or no text in any. CheckpointError: no such model or task, a
            damaged knowledge base. OutputError: the folder holds other things, or a knowledge base with other settings.
        ConfigError: an impossible setting, or a library is missing.
    """
    target = Path(folder)
    job = _job(target)
    job.refuse_existing(True, inputs=paths)
    old = _Old.of(target) if not force and (target / KB_FILE).exists() else None
    files = find_sources(paths, without=target)
    if language not in (None, "auto", *LANGUAGES):
        raise ConfigError(f"language {language!r}; there are auto, {', '.join(LANGUAGES)}")
    elmo, named = model_for(model, target if old else None)
    task = load_qa(qa) if qa is not None else None
    found = {
        "layers": None if layers is None else json.dumps(layers if isinstance(layers, str | int) else list(layers)),
        "language": language, "stem": stem, "stop_words": stop_words,
        "question": question, "answer": answer, "passages": passages,
    }  # fmt: skip
    given = {name: value for name, value in found.items() if value is not None}
    settings = KBSettings.model_validate(
        {
            **(old.file.settings.model_dump() if old else {}),
            **given,
            "model": named,
            "fingerprint": fingerprint(elmo.model),
            "tokenizer": elmo.model.tokenizer.version,
        }
    )
    if layers == "all":
        raise ConfigError('layers="all" gives several vectors a passage; choose "mean", "top" or the index of a layer')
    elmo.embed([], layers_of(settings), "mean")  # refuses impossible choices before anything is written
    terms_by(next(iter(LANGUAGES)), True, True)  # and a library that is missing
    if old is not None and old.file.settings != settings:
        raise OutputError(
            f"{target} was built with other settings: {'; '.join(differences(old.file.settings, settings))}; give another "
            "name, or --force to build it anew"
        )
    facts = [facts_of_source(file, target) for file in files]
    builder = _Builder(elmo, settings, files, facts, old, report)
    builder.check_new()
    stopped = job.is_stopped() and not force
    if stopped and job.read_settings() != settings:
        raise OutputError(
            f"{target}: a build with other settings was stopped there; give another name, or --force to begin anew"
        )
    held: AbstractContextManager[Path] = job.hold() if stopped else job.begin(settings, force=target.exists())
    with held as own:
        return builder.write(own, task, target)


def _job(target: Path) -> JobFolder[KBSettings]:
    known = (KB_FILE, SETTINGS_FILE)
    holds = (*_HELD, *(f"next/{name}" for name in _HELD))
    return JobFolder(target, SETTINGS_FILE, KBSettings, known, holds, (PARTS,), sealed=True, whole_by=(KB_FILE,))


class _Old(NamedTuple):
    """A knowledge base whose entries are kept."""

    file: KBFile
    store: EntryStore
    starts: dict[tuple[str, str], tuple[int, int]]  # content and kind of a source -> its first entry and their number
    folder: Path

    @classmethod
    def of(cls, folder: Path) -> "_Old":
        file = read_kb_file(folder)
        store = EntryStore(folder / ENTRIES, file.n_entries, file.width)
        starts: dict[tuple[str, str], tuple[int, int]] = {}
        at = 0
        for source in file.sources:
            starts[source.sha256, source.kind] = at, source.n_entries
            at += source.n_entries
        return cls(file, store, starts, folder)


class _Builder:
    """A running build."""

    def __init__(
        self,
        elmo: Elmo,
        settings: KBSettings,
        files: list[Path],
        facts: list[SourceFacts],
        old: _Old | None,
        report: Progress,
    ) -> None:
        self.elmo, self.settings, self.files, self.facts = elmo, settings, files, facts
        self.old, self.report, self.n_embedded = old, report, 0

    def _kept(self, facts: SourceFacts) -> tuple[int, int] | None:
        return None if self.old is None else self.old.starts.get((facts.sha256, facts.kind))

    def _entries(self, file: Path, facts: SourceFacts) -> Iterator[Entry]:
        return read_entries(file, facts.kind, self.settings, self.elmo.model.tokenizer)

    def check_new(self) -> None:
        """Read every source that is not kept, before anything is written.

        Raises:
            TextError: one cannot be read, or there is no text in any.
        """
        n = 0
        for file, facts in zip(self.files, self.facts, strict=True):
            kept = self._kept(facts)
            n += sum(1 for _ in self._entries(file, facts)) if kept is None else kept[1]
        if not n:
            raise TextError(
                f"{self.files[0]}{' and others' * (len(self.files) > 1)}: no text to answer from; give files with text"
            )

    def write(self, own: Path, task: TrainedTask | None, target: Path) -> Built:
        """Write everything into the folder of the job, `kb.json` last."""
        counted, n_kept = [], 0
        (own / PARTS).mkdir(exist_ok=True)
        with atomic_write(own / ENTRIES) as part, writing_arrays(part) as arrays:
            writer = EntryWriter(arrays)
            for number, (file, facts) in enumerate(zip(self.files, self.facts, strict=True)):
                kept = self._kept(facts)
                n_kept += kept is not None
                blocks = self._new_blocks(own, number) if kept is None else self._kept_blocks(*kept)
                n = 0
                for entries, vectors in blocks:
                    writer.append(entries, vectors, number)
                    n += len(entries)
                counted.append(facts.model_copy(update={"n_entries": n}))
                if kept is None and has_changed(file, facts):
                    raise TextError(f"{file}: was changed while it was read; build again")
                self.report(number + 1, len(self.files), self.n_embedded)
        return self._finish(own, counted, n_kept, task, target)

    def _kept_blocks(self, first: int, n: int) -> Iterator[tuple[list[Entry], Vectors]]:
        assert self.old is not None
        store = self.old.store
        for start in range(first, first + n, AT_ONCE):
            end = min(start + AT_ONCE, first + n)
            yield [store.entry(number) for number in range(start, end)], store.vectors[start:end]

    def _new_blocks(self, own: Path, source: int) -> Iterator[tuple[list[Entry], Vectors]]:
        facts = self.facts[source]
        entries = self._entries(self.files[source], facts)
        number = 0
        while block := list(islice(entries, AT_ONCE)):
            part = own / PARTS / f"{facts.sha256}-{facts.kind}-{number}.safetensors"
            if part.exists():
                vectors: Vectors = read_tensors(part)["vectors"].numpy()
            else:
                words = [words_of_entry(entry, facts.kind, self.elmo) for entry in block]
                vectors = embed_words(self.elmo, words, self.settings)
                with atomic_write(part) as room:
                    write_tensors({"vectors": torch.from_numpy(vectors)}, room)
            self.n_embedded += len(block)
            self.report(source, len(self.files), self.n_embedded)
            yield block, vectors
            number += 1

    def _finish(
        self, own: Path, sources: list[SourceFacts], n_kept: int, task: TrainedTask | None, target: Path
    ) -> Built:
        n_entries = sum(facts.n_entries for facts in sources)
        store = EntryStore(own / ENTRIES, n_entries, self.elmo.width)
        words = [self._words(store.entry(number)) for number in range(n_entries)]
        counts = Counter(word.casefold() for some in words for word in some)
        language = likely_language(counts) if self.settings.language == "auto" else self.settings.language
        terms = terms_by(language, self.settings.stem, self.settings.stop_words)
        with atomic_write(own / TERMS) as part:
            LexicalIndex.of(map(terms, words)).save(part)
        if self.settings.model == ELMO_FOLDER:
            with atomic_write(own / ELMO_FOLDER) as part:
                save_native(self.elmo.model, part)
        if task is not None:
            task.save(own / QA_FOLDER, force=True)
        elif self.old is not None and (target / QA_FOLDER).is_dir():
            with atomic_write(own / QA_FOLDER) as part:
                shutil.copytree(target / QA_FOLDER, part)
        if self.old is not None and (target / CALIBRATION_FILE).is_file():
            with atomic_write(own / CALIBRATION_FILE) as part:
                shutil.copyfile(target / CALIBRATION_FILE, part)
        n_stored = sum(facts.n_entries for facts in sources if facts.kind in FAQ_KINDS)
        scripts = mix_scripts(counts).fractions()
        file = KBFile(
            settings=self.settings,
            language=language,
            scripts=[script for script, fraction in scripts.items() if fraction >= _LEAST_LETTERS],
            n_entries=n_entries,
            n_passages=n_entries - n_stored,
            width=self.elmo.width,
            sources=sources,
            checksums={f"{TERMS}/{path.name}": checksum_of(path) for path in sorted((own / TERMS).iterdir())},
        ).sealed()
        with atomic_write(own / KB_FILE) as part:
            part.write_text(file.model_dump_json(indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(own / PARTS)
        n_new = len(sources) - n_kept
        return Built(str(target), len(sources), n_entries - n_stored, n_stored, n_new, n_kept)

    def _words(self, entry: Entry) -> list[str]:
        """The words by which an entry is found: those of its title and of its text."""
        return [token.text for text in (entry.title, entry.view.text) for token in self.elmo.tokenize(text)]
