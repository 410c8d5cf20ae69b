"""Cut a data set into training, validation and test parts, by the rules of TFDS's slicing.

A spec such as ``"70/15/15"`` names the parts' sizes in whole percent, in order; they add up to 100.
"""

from __future__ import annotations

import itertools

from flowercourse.errors import CourseError

DEFAULT = "70/15/15"


def percentages(spec: str) -> tuple[int, ...]:
    """Return the sizes in `spec` in percent, each at least 1, together 100.

    >>> percentages("70/15/15")
    (70, 15, 15)

    Raises:
        CourseError: if `spec` is anything else than two or three such numbers.
    """
    parts = str(spec).strip().split("/")
    sizes = tuple(int(part) if part.isascii() and part.isdigit() else 0 for part in parts)
    if len(sizes) not in (2, 3) or min(sizes) < 1 or sum(sizes) != 100:
        raise CourseError(
            f"The split {spec!r} was not understood",
            "it must be two or three whole percentages that add up to 100",
            'Use "70/15/15" (training, validation, test) or "70/30" (training, validation)',
        )
    return sizes


def split_names(spec: str = DEFAULT) -> tuple[str, ...]:
    """Return the TFDS split of each part.

    >>> split_names("70/15/15")
    ('train[:70%]', 'train[70%:85%]', 'train[85%:]')
    """
    bounds = [0, *itertools.accumulate(percentages(spec))]
    return tuple(
        f"train[{f'{start}%' if start else ''}:{f'{stop}%' if stop < 100 else ''}]"
        for start, stop in itertools.pairwise(bounds)
    )


def split_ranges(n: int, spec: str = DEFAULT) -> tuple[range, ...]:
    """Return the example numbers of each part of a data set of `n` examples, exactly as TFDS slices it.

    >>> [len(part) for part in split_ranges(3670, "70/30")]
    [2569, 1101]
    """
    # TFDS rounds each boundary to the closest example, halves to even, as Python does.
    bounds = [0, *(round(percent * n / 100) for percent in itertools.accumulate(percentages(spec)))]
    return tuple(range(start, stop) for start, stop in itertools.pairwise(bounds))
