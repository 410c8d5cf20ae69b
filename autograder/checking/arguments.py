"""Arguments for a learner's function that are not plain data: made in her process from plain parts.

Plain values and NumPy arrays are given to a `Function` as they are. These stand for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from autograder.conversation.protocol import Build, Plain


def tensor(value: Plain) -> Build:
    """A TensorFlow tensor of this value."""
    return Build("tensor", {"value": value})


def dataset(*components: np.ndarray | Sequence[np.ndarray], batch_size: int | None = None) -> Build:
    """A tf.data set of (component, component, ...), or of single values where there is one component.

    Args:
        components: each an array whose rows are the elements, or a list of arrays of different sizes (photographs).
        batch_size: elements a batch, None for a data set that is not batched.
    """
    parts = [part if isinstance(part, np.ndarray) else list(part) for part in components]
    return Build("dataset", {"components": parts, "batch_size": batch_size})


def linear_model(
    kernel: np.ndarray, bias: np.ndarray, input_shape: Sequence[int] | None = None, *, compiled: bool = False
) -> Build:
    """A Keras model whose answers are known: its input, flattened, times `kernel` plus `bias`.

    Args:
        kernel: (inputs, outputs).
        bias: (outputs,).
        input_shape: the shape of one input, `(inputs,)` where it is None; its product is the number of inputs.
        compiled: whether it has been compiled, for cross entropy from logits and accuracy.
    """
    sizes = list(input_shape or (kernel.shape[0],))
    parts = {"kernel": np.asarray(kernel, np.float32), "bias": np.asarray(bias, np.float32), "input_shape": sizes}
    return Build("linear_model", {**parts, "compiled": compiled})


def backbone(num_features: int = 16, image_size: int = 32, *, seed: int = 0, trainable: bool = True) -> Build:
    """A small Keras layer with weights from (size, size, 3) images to features, in a pre-trained backbone's place."""
    parts = {"num_features": num_features, "image_size": image_size, "seed": seed, "trainable": trainable}
    return Build("backbone", parts)


def history(values: Mapping[str, Sequence[float]]) -> Build:
    """What `model.fit` returns, with these recorded values: one float an epoch for each name."""
    return Build("history", {"values": {name: [float(v) for v in series] for name, series in values.items()}})


def dataset_info(class_names: Sequence[str], splits: Mapping[str, int]) -> Build:
    """A data set's description as TFDS gives it, with these class names and numbers of examples a split."""
    return Build("dataset_info", {"class_names": list(class_names), "splits": dict(splits)})


def file(name: str, content: bytes) -> Build:
    """The path (`pathlib.Path`) of a new file with this content."""
    return Build("file", {"name": name, "content": content})


def folder(files: Mapping[str, bytes]) -> Build:
    """The path (`pathlib.Path`) of a new folder with these files: `{"daisy/1.jpg": b"..."}`."""
    return Build("folder", {"files": dict(files)})


def axes() -> Build:
    """New, empty Matplotlib axes."""
    return Build("axes", {})


def learners(value: Any) -> Build:
    """The learner's own object: a `Model`, `Function`, `Batches`, ... that a check got, or a name as text."""
    target = {"root": value, "path": []} if isinstance(value, str) else value.target.plain()
    return Build("learners", target)
