"""Which encoding bytes are most likely in, from texts of many lines down to a word."""

import pytest

from elmo.text.sources.encoding_likelihood import encodings, most_likely

CHINESE = [
    "北京——中国的首都——很大。",
    "海湖车站是桃园县政府利用林口线货运铁路办理客运时期所设立的车站。",
    "境内有哈伊姆城火车站。",
    "今天天气很好",
    "是母亲在",
    "请写信到info@example.com联系我们",
    "第3章 Python 教程",
    "你好",
    "谢谢！",
    "石桥",
    "这座古老的石桥在河边。我们在这里看到了两条船，他们慢慢地走过去。\n" * 50,
]
RUSSIAN = [
    "Старый каменный мост стоит у реки.",
    "В том случае, если пароль не задан, платформа отвечает отказом.",
    "Проф. Иванов и др. живут на ул. Садовой, д. 5.",
    "Привет, мир!",
    "Старый мост",
    "мост",
    "перемещения",
    "СТАРЫЙ КАМЕННЫЙ МОСТ",
    "ОТ ЗАПУСТИВШЕЙ ПРОГРАММЫ",
    "См. раздел README.md и файл config.json",
    "Две лодки медленно плывут мимо.\n" * 100,
]
OTHERS = {
    "WINDOWS-1252": [
        "près de la forêt",
        "Die Straße über den Fluß",
        "¿Qué hora es? Es la una.",
        "Menü",
        "Das kostet 3 €",
    ],
    "WINDOWS-1250": ["Zażółć gęślą jaźń", "Opcje włączone są"],
    "WINDOWS-1254": ["Şehrin ışıkları gece görünür"],
    "BIG5": ["這座古老的石橋在河邊。", "使用說明", "選項"],
    "SHIFT_JIS": ["この古い石の橋は川のそばにあります。", "ファイルを開く"],
    "EUC-JP": ["この古い石の橋は川のそばにあります。", "ファイルを開く"],
    "EUC-KR": ["이 오래된 돌다리는 강가에 있습니다.", "파일을 찾을 수 없습니다"],
    "CP866": RUSSIAN,
    "WINDOWS-1253": ["Η παλιά πέτρινη γέφυρα βρίσκεται κοντά στο ποτάμι."],
    "WINDOWS-1255": ["הגשר הישן עומד ליד הנהר."],
    "WINDOWS-1256": ["الجسر القديم قريب من النهر.", "مرحبا بالعالم"],
}
TEXTS = {
    "GB18030": CHINESE,
    "KOI8-R": RUSSIAN,
    "WINDOWS-1251": [*RUSSIAN, "Кам’яний міст стоїть біля річки."],
    **OTHERS,
}
CODECS = {encoding.name: encoding.codec for encoding in encodings()}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in TEXTS.items() for text in texts])
def test_a_text_of_any_length_is_likeliest_in_its_encoding(name, text):
    assert most_likely((text + "\n").encode(CODECS[name])) == name


def test_every_encoding_has_a_text():
    assert CODECS.keys() == TEXTS.keys()


def test_a_text_may_end_within_a_character():
    raw = "这座古老的石桥在河边。".encode("gb18030")
    assert most_likely(raw[:-1]) == "GB18030"


def test_what_comes_late_in_a_text_counts():
    assert most_likely(b"plain text\n" * 10_000 + "Старый мост\n".encode("koi8_r")) == "KOI8-R"


@pytest.mark.parametrize("raw", [b"", b"plain", bytes(range(128, 256))])
def test_bytes_of_no_language_have_no_likely_encoding(raw):
    assert most_likely(raw) is None
