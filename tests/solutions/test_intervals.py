"""Intervals are as wide as they say, and two models are told apart only where the images allow it."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowercourse.errors import CourseError
from solutions.evaluation.intervals import paired_difference, standard_error, wilson


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_the_ends_are_accuracies_that_lie_just_as_far_away_as_chance_allows(counts, confidence: float) -> None:
    right, trials = counts
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    for end in wilson(*counts, confidence):
        assert abs(right / trials - end) == pytest.approx(z * math.sqrt(end * (1 - end) / trials), abs=1e-6)


def test_nineteen_of_twenty_wilson_intervals_hold_the_true_accuracy() -> None:
    truth, trials = 0.9, 200
    right = np.random.default_rng(0).binomial(trials, truth, 4000).tolist()
    intervals = {count: wilson(count, trials) for count in set(right)}
    held = np.mean([low <= truth <= high for low, high in map(intervals.get, right)])
    assert 0.93 < held < 0.97


def test_an_interval_is_not_empty_where_everything_was_right() -> None:
    low, high = wilson(30, 30)
    assert high == 1.0
    assert 0.85 < low < 0.9


@pytest.mark.parametrize(("successes", "trials"), [(1, 0), (5, 4), (-1, 4)])
def test_impossible_counts_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(CourseError, match="out of"):
        wilson(successes, trials)


@pytest.mark.parametrize("confidence", [0.0, 1.0, 95.0])
def test_a_confidence_in_percent_is_refused(confidence: float) -> None:
    with pytest.raises(CourseError, match="confidence"):
        wilson(3, 4, confidence)


def test_standard_error_of_ninety_in_a_hundred_is_three_points() -> None:
    assert standard_error(90, 100) == pytest.approx(0.03)


@given(st.integers(0, 60), st.integers(0, 60))
def test_exchanging_the_models_turns_the_difference_around(only_first: int, only_second: int) -> None:
    here, there = paired_difference(only_first, only_second, 200), paired_difference(only_second, only_first, 200)
    assert here.difference == -there.difference
    assert here.interval == pytest.approx((-there.interval[1], -there.interval[0]))
    assert here.tells_apart == there.tells_apart


def test_equally_good_models_are_told_apart_about_once_in_twenty() -> None:
    rng = np.random.default_rng(1)
    counts = rng.multinomial(500, [0.05, 0.05, 0.9], 3000)
    wrongly = np.mean([paired_difference(int(a), int(b), 500).tells_apart for a, b, _ in counts])
    assert 0.03 < wrongly < 0.06


@pytest.mark.parametrize(("only_first", "only_second"), [(4, 0), (9, 2), (0, 0), (0, 5)])
def test_few_deciding_images_name_no_winner(only_first: int, only_second: int) -> None:
    assert not paired_difference(only_first, only_second, 550).tells_apart


@pytest.mark.parametrize("counts", [(8, 1), (0, 6), (10, 30)])
def test_deciding_images_that_are_uneven_enough_name_one(counts: tuple[int, int]) -> None:
    assert paired_difference(*counts, 550).tells_apart
