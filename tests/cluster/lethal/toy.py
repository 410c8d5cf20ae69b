"""What `tests.attacks.visible.toy` holds, and a check that is deadly for those who judge with it."""

from __future__ import annotations

import os
import signal

import numpy as np

from autograder.checking.core import check
from autograder.checking.expect import expect_equal
from autograder.checking.values import Array
from tests.attacks.visible.toy import accuracy_is_measured, images_are_scaled, probabilities_add_up

DEADLY = 666

__all__ = ["accuracy_is_measured", "images_are_scaled", "labels_are_counted", "probabilities_add_up"]


@check(points=1)
def labels_are_counted(counts: Array) -> None:
    """`counts` says how often each label occurs."""
    if np.any(np.asarray(counts) == DEADLY):
        os.kill(os.getppid(), signal.SIGKILL)  # the process that has started this grader: the cluster's worker
    expect_equal(counts, np.array([2, 2, 4]))
