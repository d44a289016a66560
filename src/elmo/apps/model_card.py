"""What a trained model says of itself: the facts in its config, and the card made of them."""

from collections.abc import Sequence
from typing import Any

from elmo.checkpoints.saved_model import ModelConfig
from elmo.train.config import PretrainConfig
from elmo.train.perplexity import Perplexity
from elmo.train.run_state import Place


def training_facts(
    recipe: PretrainConfig, corpus: Sequence[str], tokens: int, sentences: int, place: Place, heldout: Perplexity
) -> dict[str, Any]:
    """Facts of a run for `ModelConfig.training`.

    Args:
        corpus: names of the files read. tokens, sentences: in them, without those held out.
        place: where the run ended. heldout: of the final model.
    """
    n_places = tokens + sentences  # every sentence mark is predicted too
    return {
        "corpus": list(corpus),
        "tokens": tokens,
        "sentences": sentences,
        "steps": place.step,
        "epochs": round(place.step * recipe.rows * recipe.window / n_places, 2),
        "rows": recipe.rows,
        "window": recipe.window,
        "seconds": round(place.seconds),
        "seed": recipe.seed,
        "optimizer": recipe.optimizer.model_dump(),
        "dropout": recipe.dropout,
        "heldout_forward": round(heldout.forward, 3),
        "heldout_backward": round(heldout.backward, 3),
        "heldout_mean": round(heldout.mean, 3),
        "heldout_tokens": heldout.tokens,
        "heldout_oov_rate": round(heldout.oov_rate, 5),
    }


def write_card(config: ModelConfig) -> str:
    """The README.md of a model folder."""
    facts = config.training
    return (
        "# A bidirectional language model (ELMo)\n\n"
        f"Trained by `elmo pretrain` on {', '.join(facts['corpus'])}: {facts['tokens']:,} tokens, "
        f"{facts['steps']:,} steps of {facts['rows']} x {facts['window']} places, {facts['seconds'] / 60:.0f} minutes.\n\n"
        f"Held-out perplexity (full softmax, {facts['heldout_tokens']:,} tokens): forward {facts['heldout_forward']}, "
        f"backward {facts['heldout_backward']}, mean {facts['heldout_mean']}; "
        f"{100 * facts['heldout_oov_rate']:.2f} % of them outside the vocabulary of {config.n_words:,} words.\n\n"
        f'```python\nfrom elmo import Elmo\nvectors = Elmo.from_pretrained("this folder").embed(["A sentence of yours."])\n```\n'
    )
