"""MobileNet V2 without its classifier, exactly as PyTorch's weights want it.

Keras Applications has the same network with other details, and weights trained with one don't fit the other: PyTorch
pads each side by one pixel where Keras' "same" pads the far side only, batch normalization's epsilon is 1e-5 where
Keras Applications has 1e-3, and images are normalized by ImageNet's mean and standard deviation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

# Expansion, channels, repeats and first stride of each group of blocks: table 2 of the paper.
GROUPS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
EPSILON = 1e-5
MEAN = (0.485, 0.456, 0.406)
STANDARD_DEVIATION = (0.229, 0.224, 0.225)


def build(image_size: int = 224) -> Any:
    """Return the network as a Keras model: float32 (n, image_size, image_size, 3) in [0, 1] to float32 (n, 1280).

    Its layers are named by their place in PyTorch's file: ``features.1.conv.0`` is a convolution or a batch
    normalization, whatever stands there.
    """
    from tf_keras import Model, layers

    inputs = layers.Input((image_size, image_size, 3), name="images")
    scale = [1 / deviation for deviation in STANDARD_DEVIATION]
    offset = [-mean / deviation for mean, deviation in zip(MEAN, STANDARD_DEVIATION, strict=True)]
    x = layers.Rescaling(scale, offset, name="normalize")(inputs)
    x = _convolution(x, "features.0.0", "features.0.1", channels=32, kernel=3, stride=2)
    place = 0
    for expansion, channels, repeats, first_stride in GROUPS:
        for repeat in range(repeats):
            place += 1
            x = _block(x, f"features.{place}.conv", expansion, channels, first_stride if repeat == 0 else 1)
    x = _convolution(x, f"features.{place + 1}.0", f"features.{place + 1}.1", channels=1280, kernel=1)
    return Model(inputs, layers.GlobalAveragePooling2D(name="features")(x), name="mobilenet_v2")


def _block(x: Any, name: str, expansion: int, channels: int, stride: int) -> Any:
    """Widen, filter each channel by itself, narrow again without an activation; add the input where shapes allow."""
    from tf_keras import layers

    entry, width, place = x, x.shape[-1], 0
    if expansion > 1:
        x = _convolution(x, f"{name}.0", f"{name}.1", channels=expansion * width, kernel=1)
        place = 3
    x = _convolution(x, f"{name}.{place}", f"{name}.{place + 1}", kernel=3, stride=stride)
    x = _convolution(x, f"{name}.{place + 3}", f"{name}.{place + 4}", channels=channels, kernel=1, active=False)
    return layers.Add(name=f"{name}.add")([entry, x]) if stride == 1 and width == channels else x


def _convolution(
    x: Any, conv: str, norm: str, *, channels: int | None = None, kernel: int, stride: int = 1, active: bool = True
) -> Any:
    """Convolution (of each channel by itself where ``channels`` is None), batch normalization, ReLU6."""
    from tf_keras import layers

    from flowercourse.backbones.conversion.even_padding import EvenlyPaddedConv2D, EvenlyPaddedDepthwiseConv2D

    if stride == 2:  # one pixel on each side, as PyTorch has it; with stride 1, "same" is that already
        layer = EvenlyPaddedConv2D(channels, name=conv) if channels else EvenlyPaddedDepthwiseConv2D(name=conv)
    else:
        options = {"padding": "same", "use_bias": False, "name": conv}
        layer = layers.Conv2D(channels, kernel, **options) if channels else layers.DepthwiseConv2D(kernel, **options)
    x = layers.BatchNormalization(epsilon=EPSILON, momentum=0.9, name=norm)(layer(x))
    return layers.ReLU(6.0, name=f"{norm}.relu6")(x) if active else x


def load_torch_weights(model: Any, tensors: Mapping[str, np.ndarray]) -> None:
    """Put PyTorch's tensors, as ``torch_file.read`` gives them, into the model that ``build`` made.

    Raises:
        ValueError: a tensor is missing, left over, of another shape, or not finite.
    """
    left = {name for name in tensors if not name.endswith("num_batches_tracked")}
    for layer in model.layers:
        if not layer.weights:
            continue
        arrays = []
        for name, axes in _torch_names(layer):
            if name not in left:
                raise ValueError(f"the tensor {name} is missing")
            if not np.isfinite(tensors[name]).all():
                raise ValueError(f"the tensor {name} has values that are not finite")
            left.discard(name)
            arrays.append(tensors[name].transpose(axes) if axes else tensors[name])
        layer.set_weights(arrays)  # raises ValueError where a shape is another
    if left:
        raise ValueError(f"there are tensors that the network does not have, such as {min(left)}")


def _torch_names(layer: Any) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield PyTorch's name of each of the layer's weights, and the order of axes that Keras wants (() for none)."""
    if "depthwise_kernel" in layer.weights[0].name:
        yield f"{layer.name}.weight", (2, 3, 0, 1)
    elif "kernel" in layer.weights[0].name:
        yield f"{layer.name}.weight", (2, 3, 1, 0)
    else:
        for part in ("weight", "bias", "running_mean", "running_var"):
            yield f"{layer.name}.{part}", ()
