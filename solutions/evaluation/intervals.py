"""How sure an accuracy is: intervals for a proportion, and for the difference of two models on the same images.

All functions take counts of images and give proportions in [0, 1].

Sources: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
Statistical Association 22 (1927); Q. McNemar, "Note on the sampling error of the difference between correlated
proportions", Psychometrika 12 (1947); D. G. Bonett and R. M. Price, "Adjusted Wald confidence interval for a difference
of binomial proportions based on paired data", Journal of Educational and Behavioral Statistics 37 (2012).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from flowercourse.errors import CourseError
from flowercourse.paired import mcnemar


def _check_counts(successes: int, trials: int) -> None:
    if trials < 1 or not 0 <= successes <= trials:
        raise CourseError(
            f"No proportion of {successes} out of {trials}",
            "the second number is how many were tried, at least 1, and the first is how many of them succeeded",
            "pass (number right, number of pictures)",
        )


def _check_confidence(confidence: float) -> None:
    if not 0 < confidence < 1:
        raise CourseError(f"No interval with confidence {confidence}", "it lies between 0 and 1", "try 0.95")


def wilson(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Return Wilson's score interval for a proportion.

    Unlike the interval "p plus or minus 1.96 standard errors", it stays inside [0, 1], and is not empty when everything
    or nothing succeeded.

    Args:
        successes: Number of pictures classified right, from 0 to ``trials``.
        trials: Number of images, at least 1.
        confidence: Share of such intervals that hold the true proportion, between 0 and 1.

    Returns:
        Lower and upper end, in [0, 1].

    Raises:
        CourseError: If the counts or the confidence are out of range.

    >>> low, high = wilson(90, 100)
    >>> print(f"{low:.3f} to {high:.3f}")
    0.826 to 0.945
    """
    from scipy.stats import binomtest

    _check_counts(successes, trials)
    _check_confidence(confidence)
    found = binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    return float(found.low), float(found.high)


def standard_error(successes: int, trials: int) -> float:
    """Return the standard error of a proportion, the square root of p (1 - p) / n.

    >>> round(standard_error(90, 100), 3)
    0.03
    """
    _check_counts(successes, trials)
    share = successes / trials
    return math.sqrt(share * (1 - share) / trials)


@dataclass(frozen=True)
class PairedDifference:
    """How two models compare on the same images.

    Attributes:
        difference: Accuracy of the second model minus that of the first, in [-1, 1].
        interval: Confidence interval of the difference.
        confidence: Confidence of the interval, in (0, 1).
        only_first: Number of images that only the first model gets right.
        only_second: Number of images that only the second model gets right.
        p_value: Probability of so uneven a split of these images, or a more uneven one, between equally good models.
    """

    difference: float
    interval: tuple[float, float]
    confidence: float
    only_first: int
    only_second: int
    p_value: float

    @property
    def tells_apart(self) -> bool:
        """Whether the exact test tells the two models apart: its p-value is below 1 - ``confidence``.

        The interval is approximate and leaves out 0 too easily where few images decide: 4 against 0 is p = 0.125.
        """
        return self.p_value < 1 - self.confidence


def paired_difference(only_first: int, only_second: int, trials: int, confidence: float = 0.95) -> PairedDifference:
    """Compare two models on the same images, from the images on which exactly one of them is right.

    Images that both get right, or both wrong, say nothing about which model is better. So this is sharper than
    comparing two intervals. The interval is Bonett and Price's, the p-value that of McNemar's exact test.

    Args:
        only_first: Number of images that only the first model gets right.
        only_second: Number of images that only the second model gets right.
        trials: Number of all images, at least ``only_first + only_second``.
        confidence: Confidence of the interval, in (0, 1).

    Raises:
        CourseError: If the counts or the confidence are out of range.

    >>> paired_difference(10, 30, 500).tells_apart
    True
    """
    _check_counts(only_first, trials)
    _check_counts(only_second, trials)
    _check_counts(only_first + only_second, trials)
    _check_confidence(confidence)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    first, second = (only_first + 1) / (trials + 2), (only_second + 1) / (trials + 2)
    margin = z * math.sqrt((first + second - (second - first) ** 2) / (trials + 2))
    return PairedDifference(
        difference=(only_second - only_first) / trials,
        interval=(max(-1.0, second - first - margin), min(1.0, second - first + margin)),
        confidence=confidence,
        only_first=only_first,
        only_second=only_second,
        p_value=mcnemar(only_first, only_second),
    )
