import pytest
from pydantic import ValidationError

from elmo.errors import ConfigError
from elmo.model.bilm import BiLM
from elmo.model.config import BiLMConfig, CharCNNConfig, WordEmbeddingConfig, bilm_config
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
