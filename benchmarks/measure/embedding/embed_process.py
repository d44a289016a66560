"""Time to load an embedder in a separate process, without `import torch`, and its peak memory while embedding a corpus.

    python -m benchmarks.measure.embedding.embed_process allennlp|float32|bfloat16|int8 FOLDER SENTENCES.json THREADS

Prints JSON: seconds from `import torch` to the vectors of one word, and VmHWM in MB after all sentences.
"""

import json
import sys
import time
from pathlib import Path

import torch


def main() -> None:
    """Load, embed a word, embed all, print."""
    who, folder, text = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    torch.set_num_threads(int(sys.argv[4]))
    begun = time.perf_counter()
    if who == "allennlp":
        from benchmarks.measure.embedding.embed_rivals import allennlp

        embed = allennlp(folder)
    else:
        from elmo import Elmo

        embed = Elmo.from_pretrained(folder, dtype=who).embed
    embed([["ready"]])
    ready_s = time.perf_counter() - begun
    embed(json.loads(text.read_text(encoding="utf-8")))
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()  # ru_maxrss survives exec
    peak_kb = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    print(json.dumps({"ready_s": ready_s, "peak_mb": peak_kb / 1024}))


if __name__ == "__main__":
    main()
