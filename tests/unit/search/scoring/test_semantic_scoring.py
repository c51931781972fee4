"""Differences between languages are removed, and similarities are compared with fixed texts."""

from dataclasses import replace

import numpy as np

from search.scoring.text import (
    average_nearest,
    compare_passages,
    find_directions,
    make_reference_texts,
    measure_query,
    remove_directions,
    standardize,
)

WIDTH = 32
LANGUAGES = ["en"] * 8 + ["zh"] * 8 + ["de"] * 8


def draw(count, seed):
    rows = np.random.default_rng(seed).normal(size=(count, WIDTH)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def speak(topics, language):
    """Return topics as texts in a language: moved by what is common to all of it."""
    rows = topics + 1.5 * draw(3, 77)[language]
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def make():
    topics = draw(8, 1)
    parallel = np.concatenate([speak(topics, language) for language in range(3)])
    return make_reference_texts(LANGUAGES, [parallel, parallel], speak(draw(60, 2), 0), speak(draw(40, 3), 0))


def test_texts_in_one_language_are_no_nearer_than_in_two():
    reference = make()
    one, other = draw(1, 10), draw(200, 11)
    same, foreign = (remove_directions(speak(other, language), reference.directions) for language in (1, 2))
    query = remove_directions(speak(one, 1), reference.directions)[0]
    assert (speak(other, 1) @ speak(one, 1)[0]).mean() > (speak(other, 2) @ speak(one, 1)[0]).mean() + 0.3
    assert abs((same @ query).mean() - (foreign @ query).mean()) < 0.1


def test_directions_are_orthonormal_and_fewer_than_languages():
    topics = draw(8, 1)
    parallel = np.concatenate([speak(topics, language) for language in range(3)])
    directions = find_directions(LANGUAGES, [parallel])
    assert len(directions) == 2
    np.testing.assert_allclose(directions @ directions.T, np.eye(2), atol=1e-5)


def test_a_translation_has_the_same_vector():
    reference = make()
    topics = draw(5, 12)
    first, second = (remove_directions(speak(topics, language), reference.directions) for language in (0, 1))
    assert ((first @ second.T).argmax(axis=1) == np.arange(5)).all()


def test_what_is_unrelated_scores_about_zero_and_the_same_thing_far_above():
    reference = make()
    query = remove_directions(speak(draw(1, 20), 0), reference.directions)[0]
    baseline = measure_query(query, reference)
    others = remove_directions(speak(draw(500, 21), 1), reference.directions)
    assert abs(np.median(standardize(others @ query, baseline))) < 0.5
    assert standardize(np.array([0.95], np.float32), baseline)[0] > 3


def test_passages_are_compared_as_if_the_directions_had_been_removed_from_them():
    reference = make()
    passages, queries = speak(draw(20, 30), 2), remove_directions(speak(draw(2, 31), 0), reference.directions)
    rows = remove_directions(passages, reference.directions)
    compared = compare_passages(passages, queries, reference)
    np.testing.assert_allclose(compared.similarities, queries @ rows.T, atol=1e-6)
    nearest = average_nearest(rows @ reference.questions.T)
    np.testing.assert_allclose(compared.hubs, (nearest - reference.hub_center) / reference.hub_spread, atol=1e-4)


def test_questions_that_were_stored_in_few_bits_are_no_exception():
    exact = make()
    rounded = replace(exact, questions=np.round(exact.questions, 2))
    passages, query = speak(draw(20, 32), 1), remove_directions(speak(draw(1, 33), 0), exact.directions)
    expected = average_nearest(
        remove_directions(passages, exact.directions) @ remove_directions(rounded.questions, exact.directions).T
    )
    hubs = compare_passages(passages, query, rounded).hubs
    np.testing.assert_allclose(hubs, (expected - exact.hub_center) / exact.hub_spread, atol=1e-4)


def test_the_score_of_a_passage_does_not_depend_on_the_others():
    reference, passages = make(), speak(draw(20, 30), 0)
    query = remove_directions(speak(draw(1, 31), 0), reference.directions)
    every, some = (compare_passages(rows, query, reference) for rows in (passages, passages[:3]))
    np.testing.assert_allclose(every.hubs[:3], some.hubs, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(every.similarities[:, :3], some.similarities, atol=1e-6)


def test_no_passages_have_no_hubs():
    query = remove_directions(speak(draw(1, 31), 0), make().directions)
    compared = compare_passages(np.zeros((0, WIDTH), np.float32), query, make())
    assert compared.hubs.shape == (0,)
    assert compared.similarities.shape == (1, 0)
