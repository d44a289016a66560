"""Speed of simple_elmo 0.9.2 in its own environment: it needs TensorFlow and an older NumPy.

    .venv-simple-elmo/bin/python -m benchmarks.measure.embedding.embed_simple_elmo FOLDER SENTENCES.json RUNS THREADS

FOLDER contains options.json and model.hdf5. Prints the seconds of each run as JSON, after one run that is not counted. All
sentences are embedded in one call, in batches of 32, as the mean of the layers.
"""

import json
import os
import sys
import time
from pathlib import Path

os.environ |= {"CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": sys.argv[4]}
import tensorflow as tf
from simple_elmo import ElmoModel


def main() -> None:
    """Load, embed, print."""
    folder, text, n_runs, n_threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    tf.config.threading.set_intra_op_parallelism_threads(n_threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    sentences = json.loads(text.read_text(encoding="utf-8"))
    begun = time.perf_counter()
    model = ElmoModel()
    model.load(folder, max_batch_size=32)
    load_s, seconds = time.perf_counter() - begun, []
    for _ in range(n_runs + 1):
        begun = time.perf_counter()
        model.get_elmo_vectors(sentences, warmup=False, layers="average")
        seconds.append(time.perf_counter() - begun)
    print(json.dumps({"load_s": load_s, "seconds": seconds[1:]}))


if __name__ == "__main__":
    main()
