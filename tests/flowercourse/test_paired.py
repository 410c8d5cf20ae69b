"""The course's one test for two classifiers on the same images."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowercourse.errors import CourseError
from flowercourse.paired import LEVEL, mcnemar


@given(st.integers(0, 80), st.integers(0, 80))
def test_p_value_is_how_often_fair_coins_fall_at_least_as_unevenly(only_first: int, only_second: int) -> None:
    tosses, unevenness = only_first + only_second, abs(only_first - only_second)
    ways = sum(math.comb(tosses, heads) for heads in range(tosses + 1) if abs(tosses - 2 * heads) >= unevenness)
    assert mcnemar(only_first, only_second) == pytest.approx(float(Fraction(ways, 2**tosses)))


def test_four_against_none_and_nine_against_two_are_within_luck() -> None:
    assert mcnemar(4, 0) == 0.125
    assert mcnemar(2, 9) > LEVEL


def test_thousands_of_images_are_no_overflow() -> None:
    assert 0 < mcnemar(5000, 5100) < 1


def test_a_negative_number_of_images_is_refused() -> None:
    with pytest.raises(CourseError, match="-1"):
        mcnemar(-1, 3)
