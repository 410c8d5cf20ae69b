"""Two classifiers on the same images: the course's one test of whether the images tell them apart."""

from __future__ import annotations

from flowercourse.errors import CourseError

LEVEL = 0.05
"""The images tell two classifiers apart where `mcnemar` is below this."""


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the two-sided p-value of McNemar's exact test.

    Only images on which exactly one of the two classifiers is right say which is better. Were both equally good, each
    of these would be the toss of a fair coin. This is how often fair coins fall at least as unevenly.

    Args:
        only_first: Number of images that only the first classifier gets right, at least 0.
        only_second: Number of images that only the second one gets right, at least 0.

    Returns:
        A probability in (0, 1]; 1 where no image tells them apart.

    Raises:
        CourseError: a number is negative.

    Source: Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
    Psychometrika 12 (1947), 153-157; here with the exact binomial test.

    >>> mcnemar(4, 0)
    0.125
    """
    one, other = int(only_first), int(only_second)
    if one < 0 or other < 0:
        raise CourseError(
            "The two classifiers were not compared",
            f"{only_first} and {only_second} are no numbers of pictures",
            "Count the pictures on which exactly one of the two is right",
        )
    from scipy.stats import binomtest

    return float(binomtest(one, one + other).pvalue) if one + other else 1.0
