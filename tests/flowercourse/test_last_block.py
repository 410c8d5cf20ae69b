"""MobileNet V2 cut below its last block: two pieces that compute what the whole computes."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from flowercourse import backbones
from flowercourse.backbones.forward import frozen, last_block
from flowercourse.errors import CourseError


def test_the_two_pieces_compute_what_the_whole_backbone_computes() -> None:
    backbone = backbones.resolve("mobilenet_v2", untrained=True)
    images = np.random.default_rng(0).random((2, 224, 224, 3), np.float32)
    below, block = last_block.cut(backbone)
    maps = below(images)
    assert maps.shape == (2, 7, 7, 160)
    np.testing.assert_allclose(block(maps), frozen.forward(backbone)(images), atol=1e-4)
    assert len(block.trainable_weights) == 8  # four kernels and their biases


def test_another_backbone_is_refused_by_name() -> None:
    backbone = backbones.resolve("mobilenet_v2", untrained=True)
    other = dataclasses.replace(backbone, spec=dataclasses.replace(backbone.spec, name="another", title="Another"))
    with pytest.raises(CourseError, match="Another"):
        last_block.cut(other)
