"""Six steps of bilm-tf's own trainer, reproduced in every array: losses, gradient norms, weights, Adagrad's accumulators."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from conftest import encode_text, step_of
from elmo.checkpoints.formats.allennlp_hdf5 import datasets
from elmo.checkpoints.saved_model import ModelConfig, SavedModel
from elmo.model.bilm import BiLM
from elmo.model.config import BiLMConfig
from elmo.model.output.softmax import Softmax
from elmo.text.windows import Window
from elmo.text.words.vocabulary import read_vocabulary
from elmo.text.words.word_encoder import WordEncoder
from elmo.train.data.encoded_corpus import encode_corpus
from elmo.train.ranks import Ranks
from elmo.train.recipe import pretrain_config
from elmo.train.trainer import Trainer

CONFIG = BiLMConfig.model_validate(
    {
        "char_cnn": {
            "embedding_size": 4,
            "filters": [[1, 4], [2, 8], [3, 16], [4, 16], [5, 16]],
            "n_highway": 1,
        },
        "lstm": {"cell_size": 32, "projection_size": 8},
    }
)


def arrays_of(trace, what):
    """Arrays of one moment of the trace by the names of the published weights."""
    renamed = [("|", "/"), ("multi_rnn_cell/cell_", "MultiRNNCell/Cell"), ("rnn/", "RNN/"), ("lstm_cell/", "LSTMCell/")]
    renamed += [("projection/kernel", "W_P_0"), ("kernel", "W_0"), ("LSTMCell/bias", "LSTMCell/B")]
    arrays = {}
    for name in trace.files:
        if name.startswith(f"{what}|"):
            own = name.removeprefix(f"{what}|")
            for old, new in renamed:
                own = own.replace(old, new)
            arrays[own] = trace[name]
    return arrays


def parameters_of(arrays):
    """The same arrays by the names of our parameters."""
    named = {"softmax.weight": arrays["softmax/W"], "softmax.bias": arrays["softmax/b"]}
    for dataset in datasets(CONFIG):
        named |= dataset.to_parameters(torch.from_numpy(arrays[dataset.name]))
    return {name: torch.as_tensor(value) for name, value in named.items()}


@pytest.mark.parametrize("clip", [10, 1])
@pytest.mark.parametrize("accumulate", [1, 2])
def test_six_steps_of_the_reference_trainer_are_reproduced(shared, clip, accumulate):
    folder = shared / "fixtures" / "bilm_tf" / "tiny_lm"
    trace = np.load(folder / "train_trace.npz")
    options = json.loads((folder / "train_trace_options.json").read_text())
    assert (options["batch_size"], options["unroll_steps"], options["dropout"]) == (2, 10, 0.0)
    vocabulary = read_vocabulary(folder / "vocab.txt")
    config = pretrain_config(
        {
            "bilm": CONFIG.model_dump(), "softmax": "full", "rows": 2, "window": 10, "dropout": 0.0,
            "state_reset": "never", "accumulate": accumulate,
            "optimizer": {
                "name": "adagrad", "learning_rate": 0.2, "warmup_steps": 0, "schedule": "constant", "clip_norm": clip
            },
        },
        [],
    )  # fmt: skip
    model = SavedModel(ModelConfig(bilm=CONFIG, n_words=32), BiLM(CONFIG), Softmax(32, 8), vocabulary)
    named = {**dict(model.bilm.named_parameters()), **{f"softmax.{n}": p for n, p in model.softmax.named_parameters()}}
    with torch.no_grad():
        for name, value in parameters_of(arrays_of(trace, f"clip{clip}_init")).items():
            named[name].copy_(value)
    # Each different spelling is a word of the corpus, and so is each word of the vocabulary, which is what targets name.
    characters = [trace[f"batch{k}|tokens_characters{end}"] + 1 for k in range(6) for end in ("", "_reverse")]
    spellings, inputs = np.unique(np.stack(characters).reshape(-1, 50), axis=0, return_inverse=True)
    inputs = inputs.reshape(6, 2, 2, 10).astype(np.int32)
    corpus = encode_corpus(encode_text([["neural"]]), [], vocabulary, WordEncoder(50))
    numbers = np.concatenate([np.zeros(len(spellings), np.int32), np.arange(len(vocabulary), dtype=np.int32)])
    corpus = replace(corpus, spellings=np.resize(spellings, (len(numbers), 50)), targets=numbers)
    trainer = Trainer(model, corpus, config, Ranks())
    state = trainer.zero_state()
    nowhere, unread = np.zeros((2, 10), dtype=bool), np.full((2, 10), -1)
    for k in range(6):
        targets = [trace[f"batch{k}|next_token_id{end}"].astype(np.int32) + len(spellings) for end in ("", "_reverse")]
        window = Window(inputs[k, 0], targets[0], inputs[k, 1], targets[1], nowhere, nowhere, *[unread] * 3)
        result = step_of(trainer, k, 6, window, state)
        state = result.state
        forward, backward, norm = trace[f"clip{clip}_loss_fwd_loss_bwd_norm"][k]
        assert result.loss_nats == pytest.approx((forward + backward) / 2, abs=1e-5)
        assert result.gradient_norm == pytest.approx(norm, rel=1e-5)
    for name, value in parameters_of(arrays_of(trace, f"clip{clip}_final")).items():
        assert torch.allclose(named[name].detach(), value, atol=1e-5), name
    accumulators = dict(zip(named, (m for n, m in trainer.update.moments().items() if n.endswith("sum")), strict=True))
    for name, value in parameters_of(arrays_of(trace, f"clip{clip}_accum")).items():
        if name == "char_cnn.embedding.weight":
            value[0] = 1.0  # the row of padding tokens, which the reference does not have
        assert torch.allclose(accumulators[name], value, atol=1e-5, rtol=1e-5), name
