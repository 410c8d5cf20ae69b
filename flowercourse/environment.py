"""Environment variables of processes with TensorFlow in them, and how many processors these may share."""

from __future__ import annotations

import os
from collections.abc import Mapping

from flowercourse.startup import ALWAYS, DEFAULTS

_QUIET = {**DEFAULTS, "CUDA_VISIBLE_DEVICES": "-1"}


def quiet(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return `environment` with what it leaves open: no notices, fast kernels, no graphics processor; and Keras 2."""
    return {**_QUIET, **environment, **ALWAYS}


def processors() -> int:
    """Return how many processors this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def share_of_processors(jobs: int) -> dict[str, str]:
    """Return the variables that give each of `jobs` processes its share of the processors.

    Processes side by side that each start a thread for every processor wait for one another more than they compute.
    """
    share = str(max(1, processors() // jobs))
    return dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), share)
