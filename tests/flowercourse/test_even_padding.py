"""Convolutions of stride 2 with a zero on each side, against the same with a padded copy of the image."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.mark.parametrize("size", [(224, 224), (7, 7), (8, 5), (2, 1)])
@pytest.mark.parametrize("depthwise", [False, True])
def test_they_give_what_a_padded_image_gives(size: tuple[int, int], depthwise: bool) -> None:
    from tf_keras import layers

    from flowercourse.backbones.conversion.even_padding import EvenlyPaddedConv2D, EvenlyPaddedDepthwiseConv2D

    images = np.random.default_rng(1).standard_normal((2, *size, 3)).astype(np.float32)
    padded = layers.ZeroPadding2D(1)(images)
    plain = {"kernel_size": 3, "strides": 2, "padding": "valid", "use_bias": False}
    ours = EvenlyPaddedDepthwiseConv2D() if depthwise else EvenlyPaddedConv2D(4)
    theirs = layers.DepthwiseConv2D(**plain) if depthwise else layers.Conv2D(4, **plain)
    found = ours(images)
    theirs.build(padded.shape)
    theirs.set_weights(ours.get_weights())
    expected = theirs(padded)
    assert found.shape == expected.shape == ours.compute_output_shape(images.shape)
    np.testing.assert_allclose(found, expected, atol=1e-5)
