"""What the report says of two models reads well and is true, whatever was counted."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from flowercourse.paired import LEVEL, mcnemar
from solutions.evaluation.comparison import describe_difference
from solutions.evaluation.intervals import paired_difference

COUNTS = st.one_of(st.integers(0, 5), st.integers(0, 600))


@given(COUNTS, COUNTS, st.integers(1, 900))
def test_a_difference_in_words(only_first: int, only_second: int, alike: int) -> None:
    text = describe_difference("A", "B", paired_difference(only_first, only_second, only_first + only_second + alike))
    assert text.endswith(".")
    assert not re.search(r"nan|-0\.0 |\+0\.0 |p = 0\.0+\)|  |\.\.", text.split("interval")[0]), text
    if mcnemar(only_first, only_second) >= LEVEL:
        assert text.startswith("These pictures don't tell A and B apart")
    else:
        better = "A is better than B" if only_first > only_second else "B is better than A"
        assert text.startswith(better)
