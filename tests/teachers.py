"""A small Transformer with random weights, for tests of teachers."""

import json
from pathlib import Path

import torch

from elmo.checkpoints.tensors import write_tensors
from elmo.train.teachers.transformer import TransformerConfig, shapes_of

WORDS = "the bank of a river in which we swim money is kept not far from here and there".split()
PIECES = ["[CLS]", "[PAD]", "[SEP]", "[UNK]", *WORDS, "-", ",", ".", "'", "##s", "##er", "##t", "ban", "##k", "##x"]
ODD_WORDS = ["The", "RIVERS", "don't", "bank-er", "x" * 150, "né", "\u200b", "\x07", "\ufe0f", "日本", "a.b,c"]


def write_teacher(folder: Path, kind: str = "bert", positions: int = 128, hidden: int = 16, seed: int = 0) -> Path:
    """The folder of a random `BertModel` or `MPNetModel` with two layers."""
    folder.mkdir()
    config = {
        "model_type": kind, "architectures": ["BertModel" if kind == "bert" else "MPNetModel"], "vocab_size": len(PIECES),
        "hidden_size": hidden, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 32,
        "max_position_embeddings": positions + (2 if kind == "mpnet" else 0), "hidden_act": "gelu", "layer_norm_eps": 1e-12,
        "pad_token_id": 1, "tie_word_embeddings": False,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config))
    random = torch.Generator().manual_seed(seed)
    tensors = {
        name: torch.randn(shape, generator=random) * 0.3 + (1 if name.endswith("LayerNorm.weight") else 0)
        for name, shape in shapes_of(TransformerConfig.model_validate(config)).items()
    }
    write_tensors(tensors, folder / "model.safetensors")
    ids = {piece: number for number, piece in enumerate(PIECES)}
    special = [
        {"id": ids[p], "content": p, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
        for p in PIECES[:4]
    ]  # fmt: skip
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
        "normalizer": {
            "type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", ids["[SEP]"]], "cls": ["[CLS]", ids["[CLS]"]]},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
            "vocab": ids,
        },
    }  # fmt: skip
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]", "pad_token": "[PAD]"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder
