"""Perplexities before and after as a table of a card and as facts of a report."""

from elmo.train.adaptation.facts import adaptation_facts, adaptation_section, before_and_after

TRAINING = {
    "adapted_from": "en",
    "new_words": 1234,
    "model_step": 5678,
    "old_text": ["old.txt"],
    **{f"before_{way}": 103.25 for way in ("forward", "backward", "mean")},
    **{f"heldout_{way}": 46.125 for way in ("forward", "backward", "mean")},
    **{f"old_{way}": 53.0 for way in ("forward", "backward", "mean")},
    **{f"old_before_{way}": 52.0 for way in ("forward", "backward", "mean")},
}


def test_both_texts_are_compared_with_the_initial_model():
    assert before_and_after(TRAINING)["new text, mean"] == ("103.2", "46.12")
    assert before_and_after(TRAINING)["old text, backward"] == ("52.00", "53.00")
    section = adaptation_section(TRAINING)
    assert "| new text, mean | 103.2 | 46.12 |" in section
    assert "it is that of step 5,678, the best of the run" in section
    facts = adaptation_facts(TRAINING)
    assert facts["held-out perplexity, old text, mean"] == "52.00 before, 53.00 after"
    assert (facts["adapted from"], facts["new words"], facts["old text"]) == ("en", "1,234", "old.txt")


def test_a_new_softmax_has_no_before_and_a_model_that_was_not_improved_says_so():
    training = {name: value for name, value in TRAINING.items() if "before" not in name} | {"model_step": 0}
    assert "| new text, mean | no softmax | 46.12 |" in adaptation_section(training)
    assert "no step improved it, so it is the initial model" in adaptation_section(training)
    assert adaptation_facts(training)["held-out perplexity, new text, mean"].startswith(
        "46.12 after; the initial model"
    )


def test_a_first_phase_is_told_apart_from_the_rest():
    training = TRAINING | {"softmax_alone_mean": 61.25}
    assert "At the end of the first phase, a new softmax on the unchanged biLM, it was 61.25" in adaptation_section(
        training
    )
    assert adaptation_facts(training)["held-out perplexity after the first phase, new text, mean"] == "61.25"
    assert "first phase" not in adaptation_section(TRAINING) + str(adaptation_facts(TRAINING))


def test_a_model_that_was_not_adapted_has_no_such_section():
    assert adaptation_section({"heldout_mean": 46.1}) == ""
    assert adaptation_facts({}) == {}
