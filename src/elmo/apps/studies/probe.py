"""A model and labelled texts -> scores of simple probes on its frozen vectors, layer by layer, and on other vectors."""

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from elmo.analysis import probe_data
from elmo.analysis.probe_scores import ProbeSettings, Score, mean_over_sets
from elmo.analysis.probe_vectors import ElmoVectors, StaticTokens, TokenVectors, random_elmo
from elmo.analysis.sense_probes import probe_senses, probe_word_in_context
from elmo.analysis.similarity_probes import WordsInText, find_words, probe_sentences, probe_words
from elmo.analysis.static_files import read_static_vectors
from elmo.analysis.token_probes import probe_entities, probe_parts_of_speech
from elmo.apps.studies.probe_page import probe_table
from elmo.apps.studies.probe_picture import draw_probes
from elmo.apps.studies.train_static import train_static
from elmo.embed.embedder import Elmo
from elmo.errors import ConfigError, TextError
from elmo.storage.atomic import atomic_write, refuse_existing
from elmo.text.sources.rows import Row, read_rows
from elmo.text.tokenizer import VERSIONS, Tokenizer

PROBES = ("pos", "sense", "wic", "sentences", "words", "entities")
SCORES_FILE, TABLE_FILE, PICTURE_FILE = "probes.json", "README.md", "probes.png"
RANDOM = "random ELMo"

Progress = Callable[[str, str], None]  # called with the probe and the name of the vectors
Run = Callable[[TokenVectors], list[Score]]


class Probed(NamedTuple):
    """Scores, and the probes that were skipped."""

    scores: list[Score]
    skipped: dict[str, str]  # probe -> why


def probe_model(
    model: str,
    data: Path,
    settings: ProbeSettings = ProbeSettings(),
    *,
    probes: Sequence[str] = PROBES,
    corpus: Sequence[Path] = (),
    static: Sequence[Path] = (),
    vectors: Path | None = None,
    with_random: bool = True,
    output: Path | None = None,
    force: bool = False,
    report: Progress = lambda probe, source: None,
) -> Probed:
    """Probe the layers of a model and their mean, and the vectors to compare with.

    Args:
        data: a folder in the layout of docs/probes.md; a probe whose files are missing is skipped.
        probes: of PROBES.
        corpus: texts for the word vectors of the similarity lists, and for training static vectors.
        static: files of static vectors (word2vec, fastText).
        vectors: a folder for Word2Vec and fastText vectors trained on `corpus` (extra `gensim`); existing files are reused.
        with_random: also probe a model of the same shape with random weights.
        output: a folder for probes.json, a table (README.md) and a picture by layer (extra `plots`).
        force: replace such a folder.
        report: called with the probe and the name of the vectors.
    Raises:
        ConfigError: no such probe; `vectors` without a corpus, or without gensim. TextError: none of the data is found, or a
            file is damaged. CheckpointError: no such model. OutputError: the folder exists.
    """
    unknown = [name for name in probes if name not in PROBES]
    if unknown or not probes:
        raise ConfigError(f"no probe {unknown[0] if unknown else ''!r}; choose from {', '.join(PROBES)}")
    if output is not None:
        holds = [SCORES_FILE, TABLE_FILE, PICTURE_FILE]
        refuse_existing(output, force, known_by=[SCORES_FILE], holds=holds, inputs=[data, model, *corpus, *static])
    elmo = Elmo.from_pretrained(model)
    tokenizer = elmo.model.tokenizer
    settings = settings.model_copy(update={"tokenizer": tokenizer.version})
    runs, skipped = find_probes(data, settings, probes, corpus)
    if vectors is not None:
        static = [*static, *train_static(corpus, vectors, tokenizer=tokenizer)]
    scores: list[Score] = []
    for source in sources_of(elmo, Path(model).name, static, with_random):
        for name, run in runs:
            report(name, source.name)
            scores += run(source)
    found = Probed(
        list({score[:6]: score for score in scores}.values()), skipped
    )  # the majority baseline occurs several times
    if output is not None:
        write_probes(found, Path(model).name, output)
    return found


def sources_of(elmo: Elmo, name: str, static: Sequence[Path], with_random: bool) -> Iterator[TokenVectors]:
    """The sources of vectors, one after the other."""
    yield ElmoVectors(elmo, name)
    for path in static:
        yield StaticTokens(read_static_vectors(path), path.stem)
    if with_random:
        yield ElmoVectors(random_elmo(elmo), RANDOM)


def find_probes(
    data: Path, settings: ProbeSettings, probes: Sequence[str], corpus: Sequence[Path]
) -> tuple[list[tuple[str, Run]], dict[str, str]]:
    """The probes that can run on a folder, and why the others cannot.

    Raises:
        TextError: none can.
    """
    if not data.is_dir():
        raise TextError(
            f"{data.absolute()}: no such folder; give a folder of labelled texts in the layout of docs/probes.md"
        )
    for path in corpus:
        if not path.is_file():
            raise TextError(f"{path.absolute()}: no such file; give text files as corpus")
    runs: list[tuple[str, Run]] = []
    skipped = {}
    for name in probes:
        found = list(_FINDERS[name](data, settings, corpus))
        runs += [(name, run) for run in found]
        if not found:
            skipped[name] = _missing(name, data, corpus)
    if not runs:
        raise TextError(f"{data}: no probe can run ({'; '.join(skipped.values())})")
    return runs, skipped


def _missing(name: str, data: Path, corpus: Sequence[Path]) -> str:
    if name == "words" and not corpus and probe_data.similarity_lists(data):
        return "words: no corpus to find words in; give --corpus"
    return f"{name}: no {_FILES[name]}"


_FILES = {
    "pos": f"{probe_data.POS}/train.conllu and test.conllu",
    "entities": f"{probe_data.ENTITIES}/train.conll and test.conll",
    "sense": f"{probe_data.SENSES}/senseval-WORD-en/train.jsonl and test.jsonl",
    "wic": f"{probe_data.WORD_IN_CONTEXT}/train.jsonl",
    "sentences": f"{' or '.join(probe_data.SENTENCES.values())}/test.jsonl",
    "words": f"{probe_data.WORDS}/LIST.csv",
}


def _find_pos(data: Path, settings: ProbeSettings, corpus: Sequence[Path]) -> Iterator[Run]:
    train, test = (probe_data.file_in(data / probe_data.POS, f"{part}.conllu") for part in ("train", "test"))
    if train and test:
        yield lambda source: probe_parts_of_speech(source, train, test, "UD-EWT", settings)


def _find_entities(data: Path, settings: ProbeSettings, corpus: Sequence[Path]) -> Iterator[Run]:
    train, test = (probe_data.file_in(data / probe_data.ENTITIES, f"{part}.conll") for part in ("train", "test"))
    if train and test:
        yield lambda source: probe_entities(source, train, test, "CoNLL-2003", settings)


def _find_senses(data: Path, settings: ProbeSettings, corpus: Sequence[Path]) -> Iterator[Run]:
    def run(word: str, source: TokenVectors) -> list[Score]:
        files = [
            probe_data.file_in(data / probe_data.SENSES / f"senseval-{word}-en", f"{part}.jsonl")
            for part in ("train", "test")
        ]
        train, test = (probe_data.read_senses(path) for path in files if path)
        return probe_senses(source, train, test, word, settings)

    for word in probe_data.sense_words(data):
        yield partial(run, word)


def _find_wic(data: Path, settings: ProbeSettings, corpus: Sequence[Path]) -> Iterator[Run]:
    path = probe_data.file_in(data / probe_data.WORD_IN_CONTEXT, "train.jsonl")
    if path:
        pairs = probe_data.read_word_pairs(path)
        train, test = probe_data.hold_out(pairs, min(probe_data.HELD_OUT, len(pairs) // 3))
        if not train:
            raise TextError(f"{path}: no training pair is left after removing those with held-out sentences")
        yield lambda source: probe_word_in_context(source, train, test, "WiC", settings)


def _find_sentences(data: Path, settings: ProbeSettings, corpus: Sequence[Path]) -> Iterator[Run]:
    def run(path: Path, of: str, source: TokenVectors) -> list[Score]:
        return probe_sentences(source, probe_data.read_sentence_pairs(path), of, settings)

    for of, folder in probe_data.SENTENCES.items():
        path = probe_data.file_in(data / folder, "test.jsonl")
        if path:
            yield partial(run, path, of)


def _find_words(data: Path, settings: ProbeSettings, corpus: Sequence[Path]) -> Iterator[Run]:
    lists = {path.name.split(".")[0]: probe_data.read_similarities(path) for path in probe_data.similarity_lists(data)}
    if not lists or not corpus:
        return
    found: list[WordsInText] = []  # the corpus is read when the first source needs it

    def run(source: TokenVectors) -> list[Score]:
        if not found:
            words = dict.fromkeys(word for pairs in lists.values() for pair in pairs for word in pair.words)
            found.append(find_words(partial(_rows, corpus, VERSIONS[settings.tokenizer]), words, settings.occurrences))
        return probe_words(source, dict(lists), found[0])

    yield run


def _rows(corpus: Sequence[Path], tokenizer: Tokenizer) -> Iterator[Row]:
    return chain.from_iterable(read_rows(path, split=True, tokenizer=tokenizer) for path in corpus)


_FINDERS: dict[str, Callable[[Path, ProbeSettings, Sequence[Path]], Iterator[Run]]] = {
    "pos": _find_pos,
    "sense": _find_senses,
    "wic": _find_wic,
    "sentences": _find_sentences,
    "words": _find_words,
    "entities": _find_entities,
}


def write_probes(found: Probed, name: str, output: Path) -> None:
    """Write all scores, the table and the picture of a model, whole or not at all."""
    with atomic_write(output) as part:
        part.mkdir()
        facts = {"model": name, "skipped": found.skipped, "scores": [score._asdict() for score in found.scores]}
        (part / SCORES_FILE).write_text(json.dumps(facts, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        (part / TABLE_FILE).write_text(probe_table(found.scores), encoding="utf-8")
        draw_probes(found.scores, name, part / PICTURE_FILE)


def facts_of(scores: Sequence[Score]) -> dict[str, float]:
    """Flat facts for JSON: probe.set.measure.system.view, `.typed` marks text with typing errors."""
    return {
        ".".join(
            filter(None, (s.probe, s.of, s.measure, s.system, s.view, s.text if s.text == "typed" else ""))
        ): s.value
        for s in [
            *scores,
            *mean_over_sets(scores, "sense", "first neighbour"),
            *mean_over_sets(scores, "sense", "logistic"),
        ]
    }
