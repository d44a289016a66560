"""Made-up tables in the layouts of public data sets, with what is in them: any order, delimiter, quoting, encoding, index column.

No text is of the data sets; the names of columns are theirs. `layout(seed)` is the same table every time.
"""

import csv
import io
import json
import random
from typing import NamedTuple


class Columns(NamedTuple):
    """The columns of a data set: `role=name`, the roles text, a, b, label, id, number, word, blank."""

    task: str
    columns: str  # separated by |
    header: bool = True
    chinese: bool = False
    labels: str = "0 1"


DATA_SETS = {
    "CoLA": Columns("classify", "word=source|label=label|blank=mark|text=sentence", header=False),
    "SST-2": Columns("classify", "text=sentence|label=label"),
    "MRPC": Columns("pair", "label=Quality|id=#1 ID|id=#2 ID|a=#1 String|b=#2 String"),
    "QQP": Columns("pair", "id=id|id=qid1|id=qid2|a=question1|b=question2|label=is_duplicate"),
    "STS-B": Columns(
        "pair", "id=index|word=genre|word=filename|word=year|id=old_index|word=source1|word=source2|a=sentence1|b=sentence2"
        "|label=score"
    ),
    "MNLI": Columns(
        "pair",
        "id=index|id=promptID|id=pairID|word=genre|word=sentence1_parse|word=sentence2_parse|a=sentence1|b=sentence2|label=gold_label",
        labels="entailment neutral contradiction",
    ),
    "QNLI": Columns("pair", "id=index|a=question|b=sentence|label=label", labels="entailment not_entailment"),
    "RTE": Columns("pair", "id=index|a=sentence1|b=sentence2|label=label", labels="entailment not_entailment"),
    "SNLI": Columns(
        "pair",
        "label=gold_label|word=sentence1_binary_parse|word=sentence1_parse|a=sentence1|b=sentence2|id=captionID|id=pairID|word=label1",
        labels="entailment neutral contradiction",
    ),
    "SICK": Columns(
        "pair",
        "id=pair_ID|a=sentence_A|b=sentence_B|label=entailment_label|number=relatedness_score|word=sentence_A_original",
        labels="ENTAILMENT NEUTRAL CONTRADICTION",
    ),
    "PAWS": Columns("pair", "id=id|a=sentence1|b=sentence2|label=label"),
    "Jigsaw": Columns("classify", "id=id|text=comment_text|label=toxic|number=severe_toxic|number=obscene|number=insult"),
    "IMDB": Columns("classify", "text=review|label=sentiment", labels="positive negative"),
    "AG News": Columns("classify", "label=Class Index|word=Title|text=Description", labels="1 2 3 4"),
    "Yelp": Columns(
        "classify", "id=review_id|id=user_id|label=stars|number=useful|number=funny|text=text|word=date", labels="1 2 3 4 5"
    ),
    "Amazon": Columns("classify", "id=reviewerID|id=asin|text=reviewText|label=overall|word=summary", labels="1.0 3.0 5.0"),
    "Financial PhraseBank": Columns("classify", "label=sentiment|text=text", header=False, labels="positive neutral negative"),
    "CLINC150": Columns("classify", "text=text|label=intent", labels="translate transfer timer"),
    "Banking77": Columns("classify", "text=text|label=category", labels="card_arrival lost_card top_up"),
    "Airline tweets": Columns(
        "classify", "id=tweet_id|label=airline_sentiment|number=confidence|word=airline|text=text|word=tweet_created",
        labels="positive neutral negative",
    ),
    "SMS Spam": Columns("classify", "label=v1|text=v2|blank=|blank=|blank=", labels="ham spam"),
    "ChnSentiCorp": Columns("classify", "label=label|text=review", chinese=True),
    "LCQMC": Columns("pair", "a=text_a|b=text_b|label=label", chinese=True),
    "foreign names": Columns("classify", "text=评论|label=标签", chinese=True, labels="好评 差评"),
}  # fmt: skip
_WORDS = "the a film bank river old slow green boat house money letter answer morning runs reads finds loses under of".split()
_CHINESE = "石桥河边两条船慢走过老人今天早上信钱房子电影好看不"
_ODD = ['he said "no"', "well, yes", "a; b", "50%", "it's", "#1", "x | y"]


class Layout(NamedTuple):
    """A file with what is true of it."""

    name: str  # of the data set, and how its file is made
    task: str
    file: str
    content: bytes
    truth: list[tuple[tuple[str, ...], str]]  # texts and label of each record
    whole: bool  # no text and no label is blank


def layout(seed: int) -> Layout:
    """The table of a seed."""
    rng = random.Random(seed)
    name = list(DATA_SETS)[seed % len(DATA_SETS)]
    columns = DATA_SETS[name]
    roles, names = zip(*(column.split("=") for column in columns.columns.split("|")), strict=True)
    form = rng.choice(["csv", "csv", "tsv", "tsv", "jsonl"])
    with_header = form == "jsonl" or columns.header == (rng.random() < 0.95)
    records = _records(rng, columns, roles, rng.randrange(12, 30))
    order = list(range(len(roles)))
    if with_header and rng.random() < 0.4:
        rng.shuffle(order)
    rows = [[record[i] for i in order] for record in records]
    header = [_varied(rng, names[i]) if form != "jsonl" else names[i] for i in order]
    own = [roles[i] for i in order]
    if form != "jsonl" and rng.random() < 0.25:  # as pandas writes its index
        rows, header, own = (
            [[str(i), *row] for i, row in enumerate(rows)],
            [rng.choice(["", "Unnamed: 0"]), *header],
            ["id", *own],
        )
    whole = True
    if rng.random() < 0.1:
        at = rng.choice([i for i, role in enumerate(own) if role in ("text", "a", "label")])
        rows[rng.randrange(1, len(rows))][at], whole = "", False
    texts = [own.index(role) for role in (("text",) if columns.task == "classify" else ("a", "b"))]
    truth = [(tuple(row[i].strip() for i in texts), row[own.index("label")]) for row in rows]
    written, how = _written(rng, form, header, rows, with_header)
    encoding = rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16", "gb18030" if columns.chinese else "utf-8"])
    shown = f"{seed} {name}: {form}, {how}, {encoding}, {'header' if with_header else 'no header'} {header}"
    return Layout(shown, columns.task, f"a.{form}", written.encode(encoding), truth, whole)


def _records(rng: random.Random, columns: Columns, roles: tuple[str, ...], n: int) -> list[list[str]]:
    labels = columns.labels.split()
    records = []
    for number in range(n):
        values = {
            "label": labels[number % len(labels)],
            "blank": "",
        }
        made = {
            "id": lambda: str(rng.randrange(10**6)),
            "number": lambda: rng.choice(["0", "1", "0.5"]),
            "word": lambda: rng.choice(
                ["", rng.choice(_WORDS), f"{rng.choice(_WORDS)} {rng.choice(_WORDS)}", "2020-01-01"]
            ),
        }
        records.append(
            [
                values[r] if r in values else made[r]() if r in made else _text(rng, columns.chinese, number)
                for r in roles
            ]
        )
    return records


def _text(rng: random.Random, chinese: bool, number: int) -> str:
    if chinese:
        return "".join(rng.choice(_CHINESE) for _ in range(rng.randrange(8, 20))) + f"{number}。"
    words = [rng.choice(_WORDS) for _ in range(rng.randrange(4, 12))]
    if rng.random() < 0.3:
        words.insert(rng.randrange(len(words) + 1), rng.choice(_ODD))
    return f"{' '.join(words)} {number}."


def _varied(rng: random.Random, name: str) -> str:
    """A name as another hand writes it."""
    return rng.choice([name] * 5 + [name.upper(), name.title(), f" {name}", name.replace("_", " ")])


def _written(
    rng: random.Random, form: str, header: list[str], rows: list[list[str]], with_header: bool
) -> tuple[str, str]:
    """The text of the file, and how it is written."""
    if form == "jsonl":
        keys = [name or f"column_{i}" for i, name in enumerate(header)]
        lines = (dict(zip(keys, (int(v) if v.isdecimal() else v for v in row), strict=True)) for row in rows)
        return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "records"
    end = rng.choice(["\n", "\n", "\r\n"])
    table = [header, *rows] if with_header else rows
    if form == "tsv" and rng.random() < 0.5:
        return "".join("\t".join(row) + end for row in table), "bare"
    delimiter = "\t" if form == "tsv" else rng.choice(",,;\t|")
    quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC])
    file = io.StringIO()
    csv.writer(file, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(table)
    return file.getvalue(), f"{delimiter!r}, quoting {quoting}"
