"""Begin a run: text files -> a folder to train in. If the settings or the text cannot work, there is no folder."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from elmo.checkpoints.formats.native import StorageType
from elmo.checkpoints.saved_model import SavedModel
from elmo.errors import ConfigError, TextError
from elmo.storage.atomic import atomic_write
from elmo.storage.json_files import unicode_name
from elmo.text.sentence_inputs import Sentence, words_of
from elmo.text.shards import write_encoded_text
from elmo.text.sources.corpus import Corpus, CorpusCounts, corpus_words, find_files
from elmo.text.survey.scripts import mix_scripts
from elmo.text.tokenizer import NEWEST, VERSIONS, Tokenizer
from elmo.text.words.characters import BOUNDARIES, UNKNOWN_IN_TEXT
from elmo.text.words.encoded_words import write_encoded_words
from elmo.text.words.lexicon import learn_lexicon, write_lexicon
from elmo.text.words.vocabulary import SPECIALS, Vocabulary, read_vocabulary, vocabulary_from_counts, write_vocabulary
from elmo.text.words.word_encoder import WordEncoder
from elmo.train.adaptation.adapted_recipe import settled_recipe
from elmo.train.adaptation.mixed_text import count_words_of_both, words_of_both, write_mixed_text
from elmo.train.adaptation.new_words import with_new_words
from elmo.train.config import PretrainConfig
from elmo.train.cost import StepWords, count_memory
from elmo.train.data.encoded_corpus import cutoffs_of
from elmo.train.memory import memory_of_machine
from elmo.train.runs.settings import MixedFiles, RunSettings, checksums_of_word_files, run_folder
from elmo.train.runs.start_model import keep_start, read_start
from elmo.train.runs.summary import clusters_text
from elmo.train.teachers.load import TEACHER_FOLDER, check_layers, load_teacher
from elmo.train.teachers.sentence_cosines import check_sentence_cosines
from elmo.train.teachers.word_vectors import with_word_vectors


def start_run(
    corpus: Sequence[str | Path],
    out: Path,
    recipe: PretrainConfig,
    *,
    sentences: Iterable[Sentence] | None = None,
    heldout_sentences: Iterable[Sentence] | None = None,
    vocabulary_file: Path | None = None,
    heldout_file: Path | None = None,
    pretokenized: bool = False,
    text_field: str | None = None,
    max_steps: int | None = None,
    storage: StorageType = "float32",
    start: str | None = None,
    mix: Sequence[str | Path] = (),
    mix_sentences: Iterable[Sentence] | None = None,
    teacher: str | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> None:
    """Read the corpus and lay out the folder of a run, see `Run.begin`.

    Args:
        corpus: files and globs. sentences: the corpus itself instead. heldout_sentences: those held out instead of a file.
        start: a model to start from, with its vocabulary and its layers; None: random weights.
        mix: files and globs of a second text, if the recipe adapts a model (old text) or has a teacher (text for the teacher
            only). mix_sentences: that text itself instead.
        teacher: folder or name of the model to learn from, if the recipe has a teacher.
    Raises:
        TextError: a file is missing or unreadable; the corpus has fewer than two sentences, no repeated item for its
            lexicon, or no word of the vocabulary.
        ConfigError: the training cannot fit in memory, the vocabulary is too small for an adaptive softmax, or the start does
            not fit (`start_model.py`).
        CheckpointError: the start cannot be loaded.
        OutputError: the folder exists.
    """
    folder = run_folder(out)
    folder.refuse_existing(force=None)
    files = find_files(corpus) if sentences is None else []
    if sentences is not None:
        sentences = list(sentences)
        pretokenized = _is_pretokenized(sentences)
    if (teacher is None) != (recipe.teacher is None):
        raise ConfigError(
            "the recipe has a teacher, but none was given; use `elmo distil TEACHER`"
            if teacher is None
            else "a teacher was given, but the recipe has none; set teacher.weight"
        )
    mix_files = find_files(mix) if mix else []
    if mix_files or mix_sentences is not None:
        if recipe.adaptation is None and recipe.teacher is None:
            raise ConfigError("old text can only be mixed in where a model is adapted; use `elmo adapt`")
        recipe.mixed_rows()  # refused before anything is read
    # Errors in the small files are reported before the large files are read.
    given = None if vocabulary_file is None else read_given_vocabulary(vocabulary_file)
    model = None
    if start is not None:
        model, recipe = read_start(start, recipe, pretokenized)
        if model.softmax is not None and (given is not None or "vocabulary_size" in recipe.model_fields_set):
            raise ConfigError(f"{start} has its own vocabulary; leave out --vocabulary and --vocabulary-size")
    elif recipe.distillation or recipe.adaptation is not None:
        needs = "distillation needs a teacher, the" if recipe.distillation else "adaptation needs a"
        raise ConfigError(f"{needs} model that the run starts from; give it with --start")
    taught_by = None
    if teacher is not None and recipe.teacher is not None:
        taught_by = load_teacher(teacher)
        check_layers(recipe.teacher, recipe.bilm.n_layers, taught_by)
        model, recipe = with_word_vectors(model, recipe, taught_by)
        check_sentence_cosines(recipe)
    tokenizer = _tokenizer_of(recipe, model)
    given_sentences = None if sentences is None else _tokens_of(sentences, tokenizer)
    given_mix = None if mix_sentences is None else _tokens_of(mix_sentences, tokenizer)
    heldout = None
    if heldout_file is not None:
        heldout = list(corpus_words(find_files([heldout_file]), pretokenized, text_field, tokenizer))
    if heldout_sentences is not None:
        heldout = _tokens_of(heldout_sentences, tokenizer)
    if heldout == []:
        raise TextError(f"{heldout_file or 'heldout'}: contains no held-out text; give a file with some sentences")
    begun = time.monotonic()
    with atomic_write(out, replace=False) as part:
        part.mkdir()
        read = Corpus(files, pretokenized, text_field, tokenizer)
        pairs = read if given_sentences is None else _as_one_document(given_sentences)
        text = write_encoded_text(pairs, part / "corpus", recipe.seed if heldout is None else None)
        if text.n_sentences < 2:
            where = ", ".join(map(str, files)) or "the sentences"
            raise TextError(
                f"{where}: {'one sentence' if text.n_sentences else 'no text'} in the corpus; "
                "training needs at least two sentences, and a useful model about 100,000 words"
            )
        say(f"read {text.n_tokens:,} tokens in {text.n_sentences:,} sentences, {time.monotonic() - begun:.0f} s")
        if skipped := _skipped(read.counts):
            say(f"skipped {skipped}")
        mixed = None
        if mix_files or given_mix is not None:
            old = Corpus(mix_files, pretokenized, text_field, tokenizer)
            pairs = old if given_mix is None else _as_one_document(given_mix)
            source = ", ".join(map(str, mix_files)) or "the sentences to mix in"
            n_rows = recipe.mixed_rows()
            mixed = write_mixed_text(pairs, part, recipe.seed, source, n_rows / recipe.rows, teacher is None)
            kind = "old text" if teacher is None else "text for the teacher only"
            say(f"{kind}: {mixed.text.n_tokens:,} tokens, read by {n_rows} of {recipe.rows} rows")
        if heldout is None:
            heldout = [*map(text.sentence, text.heldout.tolist())]
        counts = text.count_words()
        n_new_words = 0
        if model is not None and model.vocabulary is not None:
            model, n_new_words = with_new_words(model, recipe.adaptation, counts)
            given = model.vocabulary
        vocabulary = given or vocabulary_from_counts(count_words_of_both(text, mixed), recipe.vocabulary_size)
        outside_fraction = fraction_outside(vocabulary, counts, vocabulary_file if start is None else Path(start))
        words = words_of_both(text, mixed)
        if model is None:
            lexicon = learn_lexicon(counts, recipe.bilm.alphabet_size, recipe.bilm.n_input_words)
            recipe = recipe.model_copy(update={"bilm": recipe.bilm.fitted_to(lexicon)})
        else:
            lexicon = model.lexicon
            n_positions = text.n_tokens - text.n_heldout_tokens + text.n_sentences - len(text.heldout)
            fraction_old = 0.0 if mixed is None else mixed.fraction
            recipe = settled_recipe(recipe, n_positions, fraction_old, max_steps, model.softmax is None)
            keep_start(model, part)
        if taught_by is not None:
            taught_by.keep(part / TEACHER_FOLDER)
        if model is None or model.softmax is None:
            cutoffs = cutoffs_of(recipe, text, vocabulary.encode(words), vocabulary, mixed)
        else:
            of_model = model.config.adaptive_cutoffs
            cutoffs = None if of_model is None else list(of_model)
        refuse_too_large(recipe, len(vocabulary), len(words), cutoffs)
        write_encoded_words(
            words,
            WordEncoder(
                recipe.bilm.max_characters,
                lexicon,
                BOUNDARIES if model is None else model.config.boundaries,
                recipe.bilm.longest_word,
                recipe.bilm.folds_case,
            ),
            vocabulary,
            part / "words",
        )
        write_encoded_text(((words, True) for words in heldout), part / "heldout")
        write_vocabulary(vocabulary, part / "vocabulary.txt")
        write_lexicon(lexicon, part)
        settings = RunSettings(
            recipe=recipe,
            corpus=[unicode_name(file) for file in files],
            tokens=text.n_tokens - text.n_heldout_tokens,
            sentences=text.n_sentences - len(text.heldout),
            vocabulary_file=None if vocabulary_file is None else unicode_name(vocabulary_file),
            heldout_file=None if heldout_file is None else unicode_name(heldout_file),
            pretokenized=pretokenized,
            tokenizer=1 if pretokenized else tokenizer.version,
            adaptive_cutoffs=cutoffs,
            start=None if start is None else unicode_name(Path(start)),
            new_words=n_new_words,
            mix=None
            if mixed is None
            else MixedFiles(
                files=[unicode_name(file) for file in mix_files],
                tokens=mixed.text.n_tokens - mixed.text.n_heldout_tokens,
                sentences=mixed.text.n_sentences - len(mixed.text.heldout),
            ),
            teacher=None if teacher is None else unicode_name(Path(teacher)),
            max_steps=max_steps,
            storage=storage,
            scripts=mix_scripts(counts).rounded_fractions(),
            word_files=checksums_of_word_files(part),
        )
        folder.write_settings(settings, part)
    outside = "" if given is None else f", {100 * outside_fraction:.1f} % of the tokens outside"
    gained = f", {n_new_words:,} of them new" if n_new_words else ""
    say(f"vocabulary {len(vocabulary):,} words{gained}{outside}; {len(heldout):,} sentences held out")
    if recipe.adaptation is not None and recipe.adaptation.softmax_steps:
        say(f"the first {recipe.adaptation.softmax_steps:,} steps train the softmax alone")
    if cutoffs is not None:
        say(f"adaptive softmax: {clusters_text(cutoffs, len(vocabulary))}")


def _tokenizer_of(recipe: PretrainConfig, model: SavedModel | None) -> Tokenizer:
    """What cuts raw text: the version of the initial model or of the recipe, else the newest. A student may have another."""
    of_start = model is not None and (model.config.tokenizer is not None or recipe.tokenizer is None)
    if model is not None and of_start and (recipe.teacher is None or recipe.tokenizer is None):
        return model.tokenizer
    return NEWEST if recipe.tokenizer is None else VERSIONS[recipe.tokenizer]


def _is_pretokenized(sentences: Sequence[Sentence]) -> bool:
    """Whether sentences in memory are lists of tokens.

    Raises:
        TextError: some are, some are strings.
    """
    strings = [isinstance(sentence, str) for sentence in sentences]
    if any(strings) and not all(strings):
        raise TextError(
            f"sentence {strings.index(not strings[0])}: the corpus mixes strings and lists of tokens; give one of the two"
        )
    return not any(strings)


def _tokens_of(sentences: Iterable[Sentence], tokenizer: Tokenizer) -> list[Sequence[str]]:
    """Strings tokenized, lists of tokens as they are; empty ones left out.

    Raises:
        TextError: one is neither, or there are both.
    """
    given = list(sentences)
    _is_pretokenized(given)
    words = [words_of(sentence, number, tokenizer) for number, sentence in enumerate(given)]
    return [w for w in words if w]


def _as_one_document(sentences: Sequence[Sequence[str]]) -> Iterator[tuple[Sequence[str], bool]]:
    """Each sentence, and whether a document begins with it."""
    return ((words, number == 0) for number, words in enumerate(sentences))


def read_given_vocabulary(path: Path) -> Vocabulary:
    """Read a vocabulary to train with; words must be different, because a repeated word would never be a target.

    Raises:
        TextError: it cannot be read, a line is empty, or a word occurs twice.
    """
    vocabulary = read_vocabulary(path)
    first: dict[str, int] = {}
    for number, word in enumerate(vocabulary.words, start=1):
        if not word or first.setdefault(word, number) != number:
            fault = f"{word!r} is already in line {first[word]}" if word else "empty"
            raise TextError(f"{path}, line {number}: {fault}; list each word once")
    return vocabulary


def fraction_outside(vocabulary: Vocabulary, counts: Counter[str], path: Path | None) -> float:
    """The fraction of tokens outside a vocabulary, literal `<unk>` included.

    If no word is in the vocabulary, the model would learn nothing but `<UNK>`, with a deceptively low perplexity.

    Args:
        counts: how often each word occurs in the text.
        path: of the vocabulary, if it was given.
    Raises:
        TextError: no word of the text is in the vocabulary.
    """
    n_known = sum(n for word, n in counts.items() if word in vocabulary and word not in (*SPECIALS, UNKNOWN_IN_TEXT))
    if n_known == 0:
        source = "the corpus" if path is None else str(path)
        raise TextError(
            f"{source}: the vocabulary ({len(vocabulary):,} words) contains none of the {len(counts):,} corpus words; "
            + (
                "give text with words"
                if path is None
                else "give the vocabulary of this text, or leave out --vocabulary"
            )
        )
    return 1 - n_known / counts.total()


def refuse_too_large(recipe: PretrainConfig, n_words: int, n_types: int, cutoffs: Sequence[int] | None) -> None:
    """Refuse a model that does not fit in the memory of this machine even with few rows; `elmo plan` counts the same.

    Args:
        n_words: of the vocabulary. n_types: different words of the corpus. cutoffs: of an adaptive softmax.
    Raises:
        ConfigError: it cannot.
    """
    of_step = StepWords(0, min(n_words, 2 * (recipe.rows * recipe.window + recipe.n_negatives)))
    needed, there = count_memory(recipe, n_words, n_types, of_step, cutoffs).steady, memory_of_machine()
    if there is not None and needed > there:
        raise ConfigError(
            f"training this model takes {needed / 2**30:,.0f} GiB without the activations of a step, but this machine has "
            f"{there / 2**30:,.0f} GiB; choose a smaller --size or --vocabulary-size (elmo plan counts the memory)"
        )


def _skipped(counts: CorpusCounts) -> str:
    named = (("empty file", counts.empty_files), ("record without text", counts.skipped_records))
    return ", ".join(f"{n:,} x {what}" for what, n in named if n)
