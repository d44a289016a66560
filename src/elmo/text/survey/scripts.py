"""The scripts of a text (Unicode's Script property), from the counts of its words."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

import regex

_NAMES = (
    "Latin Han Hiragana Katakana Hangul Bopomofo Cyrillic Greek Arabic Hebrew Devanagari Bengali Tamil Telugu Kannada "
    "Malayalam Gujarati Gurmukhi Sinhala Thai Lao Khmer Myanmar Tibetan Georgian Armenian Ethiopic Mongolian"
).split()
_SCRIPT = regex.compile(
    "|".join(rf"(?P<{name}>[\p{{Script={name}}}&&[\p{{L}}\p{{M}}]])" for name in _NAMES)
    + r"|(?P<Other>[\p{L}--[\p{Script=Common}\p{Script=Inherited}]])",
    regex.VERSION1,
)
_ONE_SYSTEM = frozenset({"Han", "Hiragana", "Katakana", "Hangul", "Bopomofo"})  # Japanese and Korean mix them in a word
_N_EXAMPLES = 5


@dataclass
class ScriptMix:
    """Letters and marks of a text by script; signs and digits have no script.

    Attributes:
        letters: script -> letters.
        bytes: script -> their bytes in UTF-8.
        mixed_tokens: words with letters of two unrelated scripts: homoglyphs, OCR errors.
        mixed_examples: the most frequent of them.
    """

    letters: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    mixed_tokens: int = 0
    mixed_examples: list[str] = field(default_factory=list)

    def fractions(self) -> dict[str, float]:
        """Script -> fraction of all letters, largest first."""
        total = self.letters.total()
        return {script: n / total for script, n in self.letters.most_common()}

    def rounded_fractions(self) -> dict[str, float]:
        """`fractions` for a model's config: rounded to a millionth, without smaller ones."""
        return {script: round(fraction, 6) for script, fraction in self.fractions().items() if fraction >= 1e-6}

    def bytes_per_letter(self) -> float:
        """The mean over all scripts; 0 for a text without letters."""
        return self.bytes.total() / self.letters.total() if self.letters else 0.0


@cache
def script_of(character: str) -> str | None:
    """The script of a letter or mark; None for a sign, a digit, or a mark of any script."""
    match = _SCRIPT.match(character)
    return match.lastgroup if match else None


def mix_scripts(counts: Mapping[str, int]) -> ScriptMix:
    """Count the scripts of the words of a text.

    Args:
        counts: word -> its count.
    """
    mix = ScriptMix()
    mixed: Counter[str] = Counter()
    characters: Counter[str] = Counter()  # outside ASCII
    n_latin = 0
    for word, n in counts.items():
        if word.isascii():
            n_latin += n * (len(word) if word.isalpha() else sum(map(str.isalpha, word)))
            continue
        systems = set()
        for character in word:
            characters[character] += n
            if script := script_of(character):
                systems.add("East Asian" if script in _ONE_SYSTEM else script)
        if len(systems) > 1:
            mixed[word] = n
    mix.letters["Latin"] = mix.bytes["Latin"] = n_latin
    for character, n in characters.items():
        if script := script_of(character):
            mix.letters[script] += n
            mix.bytes[script] += n * len(character.encode("utf-8", "ignore"))
    mix.letters, mix.bytes = +mix.letters, +mix.bytes
    mix.mixed_tokens = mixed.total()
    mix.mixed_examples = [word for word, _ in sorted(mixed.items(), key=lambda item: (-item[1], item[0]))[:_N_EXAMPLES]]
    return mix
