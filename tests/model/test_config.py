import json
import subprocess
import sys

import pytest
from pydantic import ValidationError

from elmo.errors import ConfigError
from elmo.model.bilm import BiLM
from elmo.model.config import BiLMConfig, CharCNNConfig, WordEmbeddingConfig, bilm_config
from elmo.model.encoders.gated_cnn.settings import GatedCNNConfig
from elmo.model.encoders.lstm.settings import LSTMConfig


@pytest.mark.parametrize(("size", "parameters"), [("small", 13_593_296), ("medium", 28_027_728)])
def test_published_sizes_have_the_published_number_of_parameters(size, parameters):
    bilm = BiLM(bilm_config(size))
    assert sum(p.numel() for p in bilm.parameters()) == parameters + 16  # and the row of padding tokens


def test_an_unknown_size_is_answered_with_those_there_are():
    with pytest.raises(ConfigError, match="'huge'; there are tiny, small, medium, original"):
        bilm_config("huge")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CharCNNConfig(filters=((60, 4),)), "wider than max_characters 50"),
        (lambda: CharCNNConfig(activation="gelu"), "'relu' or 'tanh'"),
        (lambda: LSTMConfig(projected=False, cell_size=3, projection_size=4), "projection_size 4 must be cell_size 3"),
        (lambda: LSTMConfig(cellsize=3), "cellsize"),
        (lambda: BiLMConfig(char_cnn=None), "neither char_cnn nor word_embedding"),
        (lambda: CharCNNConfig(alphabet_size=0), "greater than 0"),
        (lambda: WordEmbeddingConfig(n_words=0), "greater than 0"),
        (lambda: BiLMConfig(char_cnn=CharCNNConfig(projected=False)), "2048 filters must be projection_size 512"),
    ],
)
def test_what_cannot_work_is_refused(make, message):
    with pytest.raises(ValidationError, match=message):
        make()


def test_an_lstm_is_written_under_its_old_key_in_its_old_order_and_read_under_both():
    config = BiLMConfig(encoder=LSTMConfig(cell_size=24, projection_size=7))
    written = config.model_dump_json()
    assert written.endswith(
        '"lstm":{"n_layers":2,"cell_size":24,"projection_size":7,"cell_clip":3.0,"projection_clip":3.0,"forget_bias":1.0,'
        '"skip_connections":true,"projected":true}}'
    )
    settings = json.loads(written)
    assert BiLMConfig.model_validate(settings) == config
    settings["encoder"] = {"kind": "lstm", **settings.pop("lstm")}
    assert BiLMConfig.model_validate(settings) == config


def test_another_encoder_is_written_under_encoder_with_its_kind():
    config = BiLMConfig(encoder=GatedCNNConfig(channels=24))
    settings = config.model_dump(mode="json")
    assert settings["encoder"]["kind"] == "gated_cnn"
    assert "lstm" not in settings
    assert BiLMConfig.model_validate(settings) == config
    assert (config.n_layers, config.width) == (5, 256)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"lstm": {"cell_size": 0}}, r"lstm.cell_size\n  Input should be greater than 0"),
        ({"encoder": {"kind": "gated_cnn", "cell_size": 3}}, r"encoder.cell_size\n  Extra inputs"),
        ({"encoder": {"kind": "gru"}}, "no encoder 'gru'; there are lstm, gated_cnn"),
        ({"encoder": {"kind": ["lstm"]}}, "no encoder"),
        ({"encoder": 3}, "expected a table"),
        ({"encoder": {"kind": "gated_cnn"}, "lstm": {}}, r"lstm\n  Extra inputs"),
    ],
)
def test_settings_of_an_encoder_that_cannot_work_are_named(settings, message):
    with pytest.raises(ValidationError, match=message):
        BiLMConfig.model_validate(settings)


def test_settings_are_known_without_torch():
    code = "import sys, elmo.model.config; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
