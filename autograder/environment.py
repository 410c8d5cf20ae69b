"""The environment of our own processes with TensorFlow in them."""

from __future__ import annotations

import os
from collections.abc import Mapping

_QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "1", "CUDA_VISIBLE_DEVICES": "-1"}


def quiet(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return `environment` with what it leaves open: no notices, fast kernels, no graphics processor."""
    return {**_QUIET, **environment}
