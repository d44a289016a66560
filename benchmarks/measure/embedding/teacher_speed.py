"""Speed of the model in the package beside that of its teacher in the fastest runtime: a text, and one sentence.

    pip install onnx onnxscript onnxruntime
    python -m benchmarks.measure.embedding.teacher_speed TEACHER [--save]

TEACHER: see `benchmarks/measure/tasks/teacher.py`. 600 sentences of WikiText-2, batches of 32 sorted by length; one sentence of
22 words. The programs take turns in one process with all its cores; medians of five for the text, of forty for the sentence. The
teacher's times are those of its layers alone, without cutting words into pieces and without the means over pieces; ours are
those of `Elmo.embed`, which returns the vectors of words.
"""

import gzip
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np
import torch

from benchmarks.record import SHARED, parser_with_save, record, show
from elmo.checkpoints.load import bundled_models
from elmo.embed.embedder import Elmo
from elmo.train.teachers.pieces import TOKENIZER_FILE, PieceTokenizer
from elmo.train.teachers.transformer import Transformer

NAME = "teacher_speed"
_TEXT = SHARED / "data" / "lm" / "wikitext2" / "valid.txt.gz"
_SENTENCES, _BATCH, _ROUNDS, _SINGLE_ROUNDS, _WORDS = 600, 32, 5, 40, 22
Words = Sequence[Sequence[str]]
Program = Callable[[Words], object]
_PRECISIONS: tuple[Literal["float32", "bfloat16", "int8"], ...] = ("float32", "bfloat16", "int8")


def sentences() -> list[list[str]]:
    """The sentences of the text with 9 to 79 words, from its beginning."""
    with gzip.open(_TEXT, "rt", encoding="utf-8") as file:
        lines = [line.split() for line in file]
    return [words for words in lines if 8 < len(words) < 80][:_SENTENCES]


def onnx_programs(teacher: Path, folder: Path) -> dict[str, Program]:
    """The teacher of the library transformers in ONNX Runtime, float32 and with int8 weights (dynamic quantization)."""
    import onnxruntime
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from transformers import BertModel

    class Layers(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bert = BertModel.from_pretrained(teacher, add_pooling_layer=False, attn_implementation="eager").eval()

        def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
            return found

    plain, quantized = folder / "float32.onnx", folder / "int8.onnx"
    shape = {0: torch.export.Dim("B", min=1, max=256), 1: torch.export.Dim("T", min=2, max=512)}
    torch.onnx.export(
        Layers(),
        (torch.ones(3, 9, dtype=torch.int64), torch.ones(3, 9, dtype=torch.int64)),
        plain,
        input_names=["ids", "mask"],
        output_names=["layers"],
        dynamo=True,
        dynamic_shapes=(shape, shape),
        external_data=False,
    )
    quantize_dynamic(plain, quantized, weight_type=QuantType.QInt8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    tokenizer = PieceTokenizer(teacher / TOKENIZER_FILE, 510)

    def program(path: Path) -> Program:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        kept: dict[int, list[tuple[np.ndarray, np.ndarray]]] = {}  # pieces are cut once, outside of the time

        def embed(some: Words) -> object:
            if id(some) not in kept:
                kept[id(some)] = _batches(tokenizer, some)
            return [session.run(None, {"ids": ids, "mask": mask}) for ids, mask in kept[id(some)]]

        return embed

    return {
        "teacher, ONNX Runtime, float32": program(plain),
        "teacher, ONNX Runtime, int8": program(quantized),
    }


def _batches(tokenizer: PieceTokenizer, some: Words) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pieces and masks of batches sorted by length: int64 (B, T) each."""
    rows = [[tokenizer.begin, *(i for run in runs for i in run.ids), tokenizer.end] for runs in tokenizer.split(some)]
    rows.sort(key=len, reverse=True)
    batches = []
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        ids = np.zeros((len(batch), len(batch[0])), np.int64)
        mask = np.zeros_like(ids)
        for row, pieces in enumerate(batch):
            ids[row, : len(pieces)], mask[row, : len(pieces)] = pieces, 1
        batches.append((ids, mask))
    return batches


def programs(teacher: Path, folder: Path) -> dict[str, Program]:
    """All that are compared."""
    found = onnx_programs(teacher, folder)
    for name, precision in (("float32", None), ("bfloat16", torch.bfloat16)):
        found[f"teacher, PyTorch, {name}"] = Transformer(teacher, precision).read  # type: ignore[assignment]
    for model in ("en", "en-text"):
        for precision in _PRECISIONS if model in bundled_models() else ():
            found[f"{model}, {precision}"] = Elmo.from_pretrained(model, dtype=precision).embed
    return found


def seconds(run: Program, words: Words) -> float:
    """Of one call."""
    begun = time.perf_counter()
    run(words)
    return time.perf_counter() - begun


def measure(teacher: Path) -> dict[str, Any]:
    """Words per second and milliseconds of each program."""
    text = sentences()
    n_words, one = sum(map(len, text)), [max(text, key=len)[:_WORDS]]
    with TemporaryDirectory() as folder:
        compared = programs(teacher, Path(folder))
        of_text: dict[str, list[float]] = {name: [] for name in compared}
        of_one: dict[str, list[float]] = {name: [] for name in compared}
        for run in compared.values():
            run(text)
        for _ in range(_ROUNDS):
            for name, run in compared.items():
                of_text[name].append(seconds(run, text))
        for _ in range(_SINGLE_ROUNDS):
            for name, run in compared.items():
                of_one[name].append(seconds(run, one))
    speeds = {f"{name}, words/s": n_words / median(of_text[name]) for name in compared}
    return speeds | {f"{name}, ms": 1000 * median(of_one[name]) for name in compared}


def main() -> None:
    """Print the figures."""
    parser = parser_with_save(__doc__)
    parser.add_argument("teacher", type=Path, help="folder of the Transformer")
    given = parser.parse_args()
    figures: Mapping[str, float] = measure(given.teacher)
    show(figures)
    if given.save:
        print(record(NAME, "python -m benchmarks.measure.embedding.teacher_speed TEACHER --save", dict(figures)))


if __name__ == "__main__":
    main()
