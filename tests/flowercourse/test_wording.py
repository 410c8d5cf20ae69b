"""Sentences that are made from numbers read well for every number."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from flowercourse.paired import LEVEL, mcnemar
from flowercourse.wording import are, count, listed, p_value, won_and_lost

BAD_GRAMMAR = re.compile(
    r"(?<![\d,.])1 (pictures|were)\b|(?<![\d,.])0(?![\d.])|\b([02-9]|\d+\d) picture\b"
    r"|\bNo \w+s\b|\b[Nn]one were\b|  |1 of all cases"
)
COUNTS = st.one_of(st.integers(0, 4), st.integers(0, 3000))


@given(COUNTS, COUNTS)
def test_a_comparison_reads_well_and_says_what_the_test_says(won: int, lost: int) -> None:
    text = won_and_lost(won, lost)
    assert not BAD_GRAMMAR.search(text), text
    assert text.endswith(".")
    assert text[0] in "N123456789"
    assert ("more than chance" in text) == (mcnemar(lost, won) < LEVEL)


def test_two_against_three_is_chance() -> None:
    assert won_and_lost(2, 3) == "2 pictures were won and 3 were lost. Chance alone can explain that (p = 1)."


def test_one_and_none() -> None:
    assert won_and_lost(1, 0) == "1 picture was won and none was lost. Chance alone can explain that (p = 1)."
    assert won_and_lost(0, 9).startswith("No picture was won and 9 were lost. That is more than chance explains")


@given(st.floats(0, 1))
def test_a_p_value_stays_on_its_side_of_the_level(p: float) -> None:
    sign, number = re.fullmatch(r"p ([=<]) ([\d.]+)", p_value(p)).groups()
    if sign == "<":
        assert p < float(number) == 0.001
    else:
        assert abs(float(number) - p) <= 0.051 * p
        assert (float(number) < LEVEL) == (p < LEVEL)


@given(COUNTS, st.sampled_from([("picture", ""), ("loss", "losses")]))
def test_counts_have_their_noun_and_their_verb(number: int, nouns: tuple[str, str]) -> None:
    one, many = nouns
    text = f"{count(number, one, many)} {are(number)}"
    assert text.endswith(f"{one} is") == (number == 1)
    assert text.endswith(f"{many or one + 's'} are") == (number != 1)
    assert text.startswith("no ") == (number == 0)


@given(st.lists(st.sampled_from(["roses", "0.1", "tulips"]), min_size=1, max_size=6))
def test_a_list_names_all_and_says_and_once(items: list[str]) -> None:
    text = listed(items)
    assert re.split(", | and ", text) == items
    assert text.count(" and ") == (len(items) > 1)
