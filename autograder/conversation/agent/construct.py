"""Making the arguments of a learner's function from plain parts: tensors, data sets, small models, files."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograder.conversation.protocol import Plain


def make(kind: str, parts: Mapping[str, Plain]) -> Any:
    """Return the thing of this kind that the parts describe; `MAKERS` lists the kinds.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in MAKERS:
        raise ValueError(f"cannot make a {kind}")
    return MAKERS[kind](**parts)


def tensor(value: Plain) -> Any:
    """Return a tensor."""
    import tensorflow as tf

    return tf.constant(value)


def read_only(value: np.ndarray) -> np.ndarray:
    """Return an array that cannot be written to."""
    value.flags.writeable = False
    return value


def dataset(components: list[Plain], batch_size: int | None) -> Any:
    """Return a tf.data set of tuples (of single values where there is one component), batched where asked.

    A component is an array whose rows are the elements, or a list of arrays of different sizes.
    """
    import tensorflow as tf

    if all(isinstance(component, np.ndarray) for component in components):
        made = tf.data.Dataset.from_tensor_slices(tuple(components) if len(components) > 1 else components[0])
    else:
        rows = [[np.asarray(row) for row in component] for component in components]
        signature = tuple(_signature(column) for column in rows)
        examples = list(zip(*rows, strict=True)) if len(rows) > 1 else rows[0]
        made = tf.data.Dataset.from_generator(
            lambda: iter(examples), output_signature=signature if len(rows) > 1 else signature[0]
        ).apply(tf.data.experimental.assert_cardinality(len(rows[0])))
    return made if batch_size is None else made.batch(batch_size)


def _signature(column: list[np.ndarray]) -> Any:
    import tensorflow as tf

    sizes = zip(*(row.shape for row in column), strict=True)
    shape = [size[0] if len(set(size)) == 1 else None for size in sizes]
    return tf.TensorSpec(shape, column[0].dtype)


def linear_model(kernel: np.ndarray, bias: np.ndarray, input_shape: list[int], compiled: bool) -> Any:
    """Return a small Keras model: its input, flattened, times `kernel` (inputs, outputs) plus `bias` (outputs,)."""
    import tf_keras as keras

    model = keras.Sequential(
        [keras.Input(tuple(input_shape)), keras.layers.Flatten(), keras.layers.Dense(kernel.shape[1])]
    )
    model.layers[-1].set_weights([kernel, bias])
    if compiled:
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model


def backbone(num_features: int, image_size: int, seed: int, trainable: bool = True) -> Any:
    """Return a small Keras layer with weights that turns images into features, in a pre-trained backbone's place."""
    import tf_keras as keras

    weights = np.random.default_rng(seed).normal(size=(3, num_features)).astype(np.float32)
    layers = [
        keras.Input((image_size, image_size, 3)),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(num_features, use_bias=False),
    ]
    model = keras.Sequential(layers, name="backbone")
    model.layers[-1].set_weights([weights])
    model.trainable = trainable
    return model


def history(values: dict[str, list[float]]) -> Any:
    """Return what `model.fit` returns, with these recorded values."""
    import tf_keras as keras

    recorded = keras.callbacks.History()
    recorded.history = dict(values)
    recorded.epoch = list(range(len(next(iter(values.values()), []))))
    recorded.params = {"epochs": len(recorded.epoch), "verbose": 0}
    return recorded


def dataset_info(class_names: list[str], splits: dict[str, int]) -> Any:
    """Return a data set's description as TFDS gives it: `features["label"]` and `splits[...].num_examples`."""
    import tensorflow_datasets as tfds

    label = tfds.features.ClassLabel(names=class_names)
    features = tfds.features.FeaturesDict({"image": tfds.features.Image(), "label": label})
    counts = {name: SimpleNamespace(name=name, num_examples=count) for name, count in splits.items()}
    return SimpleNamespace(features=features, splits=counts, name="flowers", supervised_keys=("image", "label"))


def file(name: str, content: bytes) -> Path:
    """Return the path of a new file with this content."""
    return folder({name: content}) / name


def folder(files: dict[str, bytes]) -> Path:
    """Return the path of a new folder with these files, named by their paths in it. It goes when the process ends.

    Raises:
        ValueError: a name leads out of the folder.
    """
    made = tempfile.TemporaryDirectory(prefix="flowers-")
    _TEMPORARY.append(made)
    top = Path(made.name)
    for name, content in files.items():
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or name.startswith("/"):
            raise ValueError(f"{name!r} is no path inside a folder")
        target = top.joinpath(*parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return top


_TEMPORARY: list[tempfile.TemporaryDirectory[str]] = []  # removed by their finalizers at exit


def axes() -> Any:
    """Return new, empty axes to draw on."""
    from matplotlib.figure import Figure

    return Figure().subplots()


MAKERS: dict[str, Callable[..., Any]] = {
    "tensor": tensor,
    "read_only": read_only,
    "dataset": dataset,
    "linear_model": linear_model,
    "backbone": backbone,
    "history": history,
    "dataset_info": dataset_info,
    "file": file,
    "folder": folder,
    "axes": axes,
}
