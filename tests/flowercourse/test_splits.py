"""Splits are cut exactly where TFDS cuts them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowercourse import datasets
from flowercourse.errors import CourseError


def tfds_lengths(n: int, names: tuple[str, ...]) -> list[tuple[int, int]]:
    """Return (first, end) of each split of a data set of `n` examples, as TFDS cuts it."""
    import tensorflow_datasets as tfds

    cut = []
    for name in names:
        (instruction,) = tfds.core.ReadInstruction.from_spec(name).to_absolute({"train": _SplitInfo(n)})
        cut.append((instruction.from_ or 0, n if instruction.to is None else instruction.to))
    return cut


class _SplitInfo:
    def __init__(self, n: int) -> None:
        self.num_examples = n


@st.composite
def specs(draw: st.DrawFn) -> str:
    first = draw(st.integers(1, 98))
    second = draw(st.integers(1, 99 - first))
    rest = 100 - first - second
    return draw(st.sampled_from([f"{first}/{second}/{rest}", f"{first}/{100 - first}"]))


@given(n=st.integers(100, 100_000), spec=specs())
def test_ranges_are_those_of_tfds_slicing(n, spec):
    ranges = datasets.split_ranges(n, spec)
    assert [(part.start, part.stop) for part in ranges] == tfds_lengths(n, datasets.split_names(spec))


@given(n=st.integers(0, 5000), spec=specs())
def test_every_example_is_in_exactly_one_part(n, spec):
    together = [example for part in datasets.split_ranges(n, spec) for example in part]
    assert together == list(range(n))


def test_names_of_the_courses_splits():
    assert datasets.split_names() == ("train[:70%]", "train[70%:85%]", "train[85%:]")
    assert datasets.split_names("70/30") == ("train[:70%]", "train[70%:]")


@pytest.mark.parametrize("spec", ["70/15", "70/15/16", "100", "0/100", "70/15/10/5", "70.5/29.5", "a/b", "", "-10/110"])
def test_other_specs_are_refused_with_an_example_of_a_right_one(spec):
    with pytest.raises(CourseError, match="70/15/15"):
        datasets.split_names(spec)
