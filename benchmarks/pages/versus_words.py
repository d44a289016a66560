"""The words of docs/elmo-vs-static.md and of its Chinese version."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from elmo.analysis.probe_scores import MAJORITY
from elmo.apps.studies.probe import RANDOM

WORD2VEC, FASTTEXT, TOKEN, CONTEXT = "word2vec", "fasttext", "token layer", "layers with context"
CONTESTANTS = (MAJORITY, WORD2VEC, FASTTEXT, TOKEN, CONTEXT, RANDOM)

Kind = tuple[str, str]  # probe, measure


class Language(NamedTuple):
    """The words of a page."""

    probes: Mapping[Kind, str]
    systems: Mapping[str, str]
    views: Sequence[tuple[str, str]]  # of the benchmark -> of the page, one after the other, as regular expressions
    mean_of: str
    heads: Mapping[str, Sequence[str]]  # of a table the columns that are no systems
    cost: Mapping[str, str]


ENGLISH = Language(
    probes={
        ("sense", "first neighbour"): "sense, first neighbour (accuracy)",
        ("sense", "logistic"): "sense, linear probe (accuracy)",
        ("pos", "accuracy"): "part of speech (accuracy)",
        ("entities", "f1"): "named entities (F1)",
        ("wic", "accuracy"): "word in context (accuracy)",
        ("sentences", "pearson"): "similar sentences (Pearson)",
        ("words", "spearman"): "similar words (Spearman)",
    },
    systems={
        MAJORITY: "majority",
        WORD2VEC: "Word2Vec",
        FASTTEXT: "fastText",
        TOKEN: "ELMo, token layer",
        CONTEXT: "ELMo, best layer with context",
        RANDOM: "ELMo, random weights",
    },
    views=[(r"^mean\b", "mean of layers"), ("^sentence$", "layer 0, averaged over the sentence")],
    mean_of="mean of {}",
    heads={
        "scores": ("probe", "set"),
        "views": ("vector", "view"),
        "differences": ("probe", "set"),
        "typing": ("probe", "set"),
        "cost": ("", "Word2Vec, fastText", "ELMo"),
    },
    cost={
        "vector": "a token",
        "static vector": "200 numbers, looked up",
        "elmo vector": "{layers} layers of {width} numbers, computed",
        "parameters": "parameters",
        "static parameters": "200 for each word; fastText: and for each piece of a word",
        "seconds": "seconds for {sentences:,} sentences, two threads",
        "static seconds": "a look-up",
    },
)
CHINESE = Language(
    probes={
        ("sense", "first neighbour"): "词义，最近邻（准确率）",
        ("sense", "logistic"): "词义，线性探针（准确率）",
        ("pos", "accuracy"): "词性（准确率）",
        ("entities", "f1"): "命名实体（F1）",
        ("wic", "accuracy"): "同词是否同义（准确率）",
        ("sentences", "pearson"): "句子相似度（Pearson）",
        ("words", "spearman"): "词语相似度（Spearman）",
    },
    systems={
        MAJORITY: "多数类",
        WORD2VEC: "Word2Vec",
        FASTTEXT: "fastText",
        TOKEN: "ELMo 词元层",
        CONTEXT: "ELMo 最好的上下文层",
        RANDOM: "随机权重的 ELMo",
    },
    views=[
        (r"^mean\b", "各层平均"),
        ("^sentence$", "第 0 层，整句平均"),
        (r"layer (\d+)", r"第 \1 层"),
        ("^word and context$", "词加邻词"),
        ("^word$", "词"),
        ("^context$", "邻词"),
        (" and context$", "加邻词"),
        (", context$", "的邻词"),
    ],
    mean_of="{} 组平均",
    heads={
        "scores": ("探针", "数据"),
        "views": ("向量", "读法"),
        "differences": ("探针", "数据"),
        "typing": ("探针", "数据"),
        "cost": ("", "Word2Vec、fastText", "ELMo"),
    },
    cost={
        "vector": "每个词元",
        "static vector": "200 个数，查表得到",
        "elmo vector": "{layers} 层，每层 {width} 个数，计算得到",
        "parameters": "参数量",
        "static parameters": "每个词 200 个；fastText 的每个词片段也有 200 个",
        "seconds": "{sentences:,} 句所需秒数，两个线程",
        "static seconds": "查表",
    },
)
