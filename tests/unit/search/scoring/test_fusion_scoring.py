"""The features of both text retrievers are combined into one probability."""

import numpy as np

from search.scoring.text import (
    EXACT_LOGIT,
    LEXICAL_FEATURES,
    SEMANTIC_FEATURES,
    TextFeatures,
    Weights,
    compute_log_odds,
    describe_weights,
    make_lexical_features,
    parse_weights,
    read_weights,
)


def column(*values):
    return np.array(values, np.float32)


def test_the_packaged_weights_reward_evidence_and_nothing_else():
    weights = read_weights()
    assert parse_weights(describe_weights(weights)) == weights
    for one in vars(weights).values():
        assert set(one.features) <= {*SEMANTIC_FEATURES, *LEXICAL_FEATURES}
        assert all(one.weights.get(name, 0) >= 0 for name in ("similarity", "strength", "contained_share"))
        assert one.weights.get("query_length", 0) <= 0


def test_an_exact_match_is_clearly_relevant_and_keeps_its_order():
    evidence = TextFeatures({"similarity": column(-9, -3, 5)}, np.array([True, True, True]))
    logits = compute_log_odds(evidence, Weights(0.0, {"similarity": 1.0}))
    assert (logits >= EXACT_LOGIT).all()
    assert (np.diff(logits) > 0).all()


def test_without_an_exact_match_nothing_is_raised():
    evidence = TextFeatures({"similarity": column(-9)}, np.array([False]))
    assert compute_log_odds(evidence, Weights(1.0, {"similarity": 1.0}))[0] == -8


def test_words_count_more_in_a_longer_query_of_which_more_must_match():
    short, long = (make_lexical_features(column(0.5), column(0.5), terms) for terms in (2, 30))
    assert short["strength"][0] < long["strength"][0]
    assert short["query_length"][0] == 0 < long["query_length"][0]
