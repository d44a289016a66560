"""Log-likelihoods of decoded texts: by the frequency of their characters, by pairs of Cyrillic letters, and by capitals.

The bytes of one encoding are letters in many others, but rarely frequent ones in a usual order. All logarithms are natural, and
those of ASCII characters are the same in every encoding, so that the likelihoods of two readings of the same bytes compare.
"""

import math
from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple

LogLikelihood = Callable[[str], float]

_ASCII = math.log(1 / 20)  # of a character
_NOISE = math.log(1 / 500)  # of a byte beyond ASCII in a text of none of the languages
_RARE_LETTER = math.log(1 / 2000)  # of a letter that the language does not have
_RARE_SIGN = math.log(1 / 20_000)  # of any other sign
_RARE = math.log(1e-6)  # of any other character of Chinese, Japanese or Korean
_INNER_CAPITAL = math.log(1 / 200)  # of a capital after a small letter
_FIRST_CAPITAL = math.log(1 / 5)  # of a capital at the beginning of a word
_ALL_CAPITALS = math.log(1 / 5)  # of a word in capitals, once it has two
_SIGN = math.log(1 / 100)  # of a sign that the language has
_BEFORE_BYTES, _SAMPLE_BYTES = 64, 2**12  # before and from the first byte beyond ASCII: enough to decide by
_BESIDE_EACH_OTHER = math.log(1 / 10)  # of a letter beyond ASCII beside another, in a language that has few
_OTHER_SCRIPT = math.log(1 / 500)  # of a letter beside one of ASCII

# Frequent pairs of letters in Russian, most of them in Ukrainian, Belarusian and Bulgarian too.
_PAIRS = """
    ра по ст ни ан ен ет но ол на пр то ов ис ро ка ер ко ме ат ть ва ль те от тр за ом им ес ре де ай сп ав ли во ны мо од
    та ся ия не ля ит об аз ма со ор да тс ок ог ри ем ие ле ар ти сл ой ак си ве вы нн го че ос ам же ел ае ск ин ед ла па
    ло дл ки зо бо лю ал ча оп до кл ых нд пи ап юч чи ыв пе ру тв чн ож ач оч бы ус он ры ое вк ас гр ил из жи ые са эт ый
    вл ую ей уд ви ич нт бу фа йл жн пу ди яе ще ши ми се ек ир ту зн ии ив зу кр ку чт ьн ду уп щи ут мы вс хо ня тн ая мя
    ий ум уч вн кс зд сс ьс ым ющ ше му ои аю ке кт ды рв лу ег ба ев ез их бе ик ну ят ги мн ци ря св сь тя тк др чк
""".split()
_SMALL_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюяёіїєґўјљњћђ"
# Frequent letters and rare ones.
_WESTERN = ("éèàäöüßñçêóíáô", "åøæîâãõúœëïùûìò")
_CENTRAL = ("ąęłśżźćńóěščřžý", "áíéúůďťňőűöüțșäôăâîđ")
_TURKISH = ("ığş", "çöüâîéêôûñ")
_GREEK = ("αοιετσνηυρπκμ", "λςωδγάίόέήύώθχφβξζψ")
_HEBREW = ("יוהלאתרבמשנ", "םדעפקחכטגןצזסךץף")
_ARABIC = ("اليمونرتبة", "عدسفهكقحجأىطصخشإذضزثغظئءؤآ")
_CHINESE = (  # most frequent first
    "的一是人有在不了为我个国和以中这他法大第也学地于上定来行下时可十条生用出事本者民之当得所子部其到理应或要经后物管会二作"
    "而主关家种自对然就规还院年们海过区位化务成门三发安说里现机科业同公道无去方政但工证那属能分多着并日名保前处及尔使进常四"
    "动口由因都天合文市制实将小书与特长最产通全建品五没起员看利被些只任外知如明面州相内设县代据图便性数开很先从记军件两单西"
    "么间等许已见正高元却权加险情心责此亚入危监提点构重变它请拉目期运立级表样报意照该东场新依又置总美水列教境她金南治向款式给"
    "资府至别施电取原组百担罗营花克信程城好传北非查山阿站士度共回检六项环想交头未司亲系问路反画活做受车称指果类德老台体接华准"
    "格父曾决平次七督结义比候月马示巴商告解收基清放罚例议几量布九八什死模统字害镇古震案世省委护存算办计改专力予具太根直女违你"
    "医京形申论历洋确儿究身认质参求且集流似支约河话色按张神联完型兰首节线万叫己爱则供白退服王即题何职球乐输手役复标网船况故审"
    "备际母诉序真效器执空虽听象光气警达债持广赛史言留早必各域引更石限语连读习近强需叶源研觉校调转少造验写维术态园带息兴致负影"
    "住普界声今打印游夫木除企呢馆领再选择居概章试技展推防往券买失户较察社星费村拍采病整符难足料铁眼红师官价终食错误件键输帮助"
    "谢吗吧把让跟对走吃喝睡坐坏快慢男朋友上午饭店票钱春夏秋冬冷热雨雪风晚昨每些哪谁怎样孩妈爸喜欢工作桥树桌房间窗床门衣服鞋"
)
_SIMPLIFIED = (
    "国这为个时学会来对后发过们间长动种经说产书关门无应进开两还没样头从电话实现问题数处当点业东车见总务区规体将战系气机权义员设与"
    "军华许论认计记议证该语请调资费买质转较达运连远选边报场备条极构标并广几优传价决写创别剧办协单历变号听响图园声专导属带录张强复"
    "态显术档检欢汉济热爱状独环画确离称积级红约组织终结给统继续维网罗职联脑节药虽观视觉让训识译试详读谁课谈谢责负财赛输载辑错误键"
    "锁闭队际险隐难静页项顺预领频风飞饭馆马验鱼鸟黄区护执违医儿诉绍则仅龙万门"
)
_TRADITIONAL = (
    "國這為個時學會來對後發過們間長動種經說產書關門無應進開兩還沒樣頭從電話實現問題數處當點業東車見總務區規體將戰係氣機權義員設與"
    "軍華許論認計記議證該語請調資費買質轉較達運連遠選邊報場備條極構標並廣幾優傳價決寫創別劇辦協單歷變號聽響圖園聲專導屬帶錄張強復"
    "態顯術檔檢歡漢濟熱愛狀獨環畫確離稱積級紅約組織終結給統繼續維網羅職聯腦節藥雖觀視覺讓訓識譯試詳讀誰課談謝責負財賽輸載輯錯誤鍵"
    "鎖閉隊際險隱難靜頁項順預領頻風飛飯館馬驗魚鳥黃區護執違醫兒訴紹則僅龍萬門"
)
_HIRAGANA = "".join(map(chr, range(0x3041, 0x3094)))
_KATAKANA = "".join(map(chr, range(0x30A1, 0x30F7))) + "ー"
_KANJI = (
    "日一人年大十本中国会二出事上分行生学三時者社新月高方東京部五後手場前間来見何四今金長気立名内文当書語"
    "自動体地入力編集表示使用定設指変更読込検索置換開閉"
)
_KOREAN = (
    "이다는에의을가고하지은로를한도서그나있사라기어자대시리해과정일수보인으성부들제것전아만없할면스니우안년여장상게원비주였습았었음"
    "적했된공동마세유조구신소경선모두무미와용때위간말국거입회생계방운개발관중물실오바식더집단문내법연진화산행당분요파트재교물되"
)  # fmt: skip


class Encoding(NamedTuple):
    """An encoding by the name that iconv knows, and how likely a text is that was decoded with it."""

    name: str
    codec: str
    likelihood: LogLikelihood


@cache
def encodings() -> tuple[Encoding, ...]:
    """The encodings that are known; of equally likely ones the first counts."""
    kanji = (0.15, _KANJI), (0.1, _level("euc_jp", 0xB0, 0xCF)), (0.005, _level("euc_jp", 0xD0, 0xF4))
    japanese = _by_frequency((0.1, "、。「」（）・"), (0.45, _HIRAGANA), (0.2, _KATAKANA), *kanji)
    signs, quotes = "，。、！？：；（）《》「」“”‘’—…", "\xa0’‘“”–—…«»„·°§№£€©"
    traditional = _CHINESE.translate(str.maketrans(_SIMPLIFIED, _TRADITIONAL))
    return (
        Encoding("WINDOWS-1252", "cp1252", _of_words(_WESTERN, quotes + "¿¡", beside_ascii=True)),
        Encoding("WINDOWS-1250", "cp1250", _of_words(_CENTRAL, quotes, beside_ascii=True)),
        Encoding("WINDOWS-1254", "cp1254", _of_words(_TURKISH, quotes, beside_ascii=True)),
        Encoding("GB18030", "gb18030", _han(_CHINESE, signs, "gb2312", 0xB0, 0xD7, 0xF7)),
        Encoding("BIG5", "big5", _han(traditional, signs, "big5", 0xA4, 0xC6, 0xF9)),
        Encoding("SHIFT_JIS", "shift_jis", japanese),
        Encoding("EUC-JP", "euc_jp", japanese),
        Encoding("EUC-KR", "euc_kr", _by_frequency((0.78, _KOREAN), (0.2, _level("euc_kr", 0xB0, 0xC8)))),
        Encoding("WINDOWS-1251", "cp1251", _cyrillic(quotes)),
        Encoding("KOI8-R", "koi8_r", _cyrillic("\xa0°©")),
        Encoding("CP866", "cp866", _cyrillic("\xa0")),
        Encoding("WINDOWS-1253", "cp1253", _of_words(_GREEK, quotes, beside_ascii=False)),
        Encoding("WINDOWS-1255", "cp1255", _of_words(_HEBREW, quotes, beside_ascii=False)),
        Encoding("WINDOWS-1256", "cp1256", _of_words(_ARABIC, quotes + "،؛؟", beside_ascii=False)),
    )


def most_likely(sample: bytes) -> str | None:
    """The name of the encoding in which the bytes of a text are most likely; None: any bytes are likelier."""
    first = next((i for i, byte in enumerate(sample) if byte >= 0x80), 0)
    sample = sample[max(0, first - _BEFORE_BYTES) : first + _SAMPLE_BYTES]
    high = sum(byte >= 0x80 for byte in sample)
    best, name = high * _NOISE + (len(sample) - high) * _ASCII, None
    for encoding in encodings():
        found = _log_likelihood(sample, encoding)
        if found > best:
            best, name = found, encoding.name
    return name


def _log_likelihood(sample: bytes, encoding: Encoding) -> float:
    try:
        return encoding.likelihood(sample.decode(encoding.codec))
    except UnicodeDecodeError as error:
        left = len(sample) - error.start
        if left > 3:  # the sample may end within a character
            return -math.inf
        return encoding.likelihood(sample[: error.start].decode(encoding.codec)) + left * _RARE


def _han(characters: str, signs: str, codec: str, first: int, last: int, end: int) -> LogLikelihood:
    """The likelihood of Chinese.

    Args:
        characters: frequent ones, most frequent first. codec: of a standard whose first bytes are `first` to `last` for
            frequent characters, and up to `end` for rare ones.
    """
    own = [c for c in dict.fromkeys(characters) if not c.isascii()]
    frequent = (0.15, signs), (0.3, own[:100]), (0.35, own[100:])
    return _by_frequency(*frequent, (0.2, _level(codec, first, last)), (0.005, _level(codec, last + 1, end)))


def _level(codec: str, first: int, last: int) -> list[str]:
    """The characters of a standard whose first bytes are `first` to `last`."""
    pairs = [bytes((a, b)) for a in range(first, last + 1) for b in range(0x40, 0xFF)]
    return [text for pair in pairs if len(text := pair.decode(codec, "ignore")) == 1]


def _by_frequency(*tiers: tuple[float, Iterable[str]]) -> LogLikelihood:
    """The likelihood of independent characters.

    Args:
        tiers: the fraction of the text's characters that the tier has, and its characters, equally frequent; a character in
            several tiers counts in the first.
    """
    log_of: dict[str, float] = {}
    for fraction, characters in tiers:
        own = dict.fromkeys(characters)
        for character in own:
            log_of.setdefault(character, math.log(fraction / len(own)))

    def likelihood(text: str) -> float:
        return sum(_ASCII if c.isascii() else log_of.get(c, _RARE) for c in text)

    return likelihood


def _of_words(letters: tuple[str, str], others: str, *, beside_ascii: bool) -> LogLikelihood:
    """The likelihood of words whose capitals come first or throughout.

    Args:
        letters: small letters beyond ASCII, frequent ones and rare ones. others: signs.
        beside_ascii: whether the letters are sparse among those of ASCII, as in French, or make whole words, as in Greek.
    """
    tiers = (0.7, letters[0]), (0.25, letters[1])
    logs = {letter: math.log(fraction / len(own)) for fraction, own in tiers for letter in own}

    def log_of(letter: str, before: str) -> float:
        log = logs.get(letter, _RARE_LETTER)
        return log + _BESIDE_EACH_OTHER if beside_ascii and before and not before.isascii() else log

    return _in_words(log_of, frozenset(others), beside_ascii=beside_ascii)


def _cyrillic(others: str) -> LogLikelihood:
    """The likelihood of Cyrillic words by their pairs of letters.

    Args:
        others: signs.
    """
    pairs, letters = frozenset(_PAIRS), frozenset(_SMALL_CYRILLIC)
    first, frequent, rare = math.log(1 / 25), math.log(1 / 9), math.log(1 / 150)

    def log_of(letter: str, before: str) -> float:
        if letter not in letters:
            return _RARE_LETTER
        return first if not before else frequent if before + letter in pairs else rare

    return _in_words(log_of, frozenset(others), beside_ascii=False)


def _in_words(log_of: Callable[[str, str], float], others: frozenset[str], *, beside_ascii: bool) -> LogLikelihood:
    """The likelihood of words of which `log_of` knows a small letter after another ("": at the beginning of the word)."""

    def likelihood(text: str) -> float:
        log, before = 0.0, " "
        capitals = 0  # at the beginning of the word so far
        small = False  # whether the word has small letters
        for c in text:
            in_word = before.isalpha()
            if not in_word:
                capitals, small = 0, False
            if c.isalpha():
                capital, foreign = c.isupper(), not c.isascii()
                log += log_of(c.lower(), before.lower() if in_word else "") if foreign else _ASCII
                if in_word and not beside_ascii and foreign == before.isascii():
                    log += _OTHER_SCRIPT
                if foreign or (in_word and not before.isascii()):
                    if capital:
                        log += _INNER_CAPITAL if small else (_FIRST_CAPITAL, _ALL_CAPITALS, 0.0)[min(capitals, 2)]
                    elif capitals > 1:
                        log += _INNER_CAPITAL
                capitals, small = capitals + (capital and not small), small or not capital
            elif c.isascii():
                log += _ASCII
            else:
                log += _SIGN if c in others else _RARE_SIGN
            before = c
        return log

    return likelihood
