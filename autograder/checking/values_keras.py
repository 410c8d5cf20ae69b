"""Views of a learner's Keras models and training histories, and of her figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checking.arguments import tensor
from autograder.checking.messages import Failed, in_words
from autograder.checking.values import Function, View
from autograder.conversation.protocol import Plain
from autograder.conversation.session import Answer, Garbled

Shape = tuple[int | None, ...]
ACCURACY = ("accuracy", "acc", "sparse_categorical_accuracy")  # one measure, by the names that Keras gives it


@dataclass(frozen=True)
class Layer:
    """A layer of a learner's model.

    Attributes:
        type: its class's name, such as "Dense".
        name: its own name.
        trainable: whether training changes it.
        input_shape: with None for the batch; None where it has none yet.
        output_shape: the same.
        activation: the activation function's name ("linear" for none), None where the layer has no such thing.
        units: units of a dense layer.
        rate: rate of a dropout layer.
        trainable_parameters: numbers that training changes.
        frozen_parameters: numbers that it does not.
    """

    type: str
    name: str
    trainable: bool
    input_shape: Shape | None
    output_shape: Shape | None
    activation: str | None
    units: int | None
    rate: float | None
    trainable_parameters: int
    frozen_parameters: int


class Model(View):
    """A Keras model of the learner's, as it was when it was fetched.

    Attributes:
        layers: its layers, in order.
        trainable_parameters: numbers that training changes.
        frozen_parameters: numbers that it does not.
        input_shape: with None for the batch; None where the model has not been built.
        output_shape: the same.
        compiled: whether it has been compiled.
        loss: the loss's class or name, such as "SparseCategoricalCrossentropy"; None before compiling.
        from_logits: whether the loss expects logits.
        optimizer: the optimizer's class or name; None before compiling.
        learning_rate: a number, or None where it is not known.
        metrics: names of the metrics.
    """

    def look(self) -> None:
        """Fetch the description."""
        answer = self.ask("model")
        self.layers = [_layer(layer) for layer in answer.parts("layers")]
        self.trainable_parameters = answer.number("trainable_parameters")
        self.frozen_parameters = answer.number("frozen_parameters")
        self.input_shape = _shape(answer, "input_shape")
        self.output_shape = _shape(answer, "output_shape")
        loss = _part(answer, "loss")
        self.loss = loss.text("type") if loss else None
        self.from_logits = bool(loss and loss.of_type("from_logits", bool))
        optimizer = _part(answer, "optimizer")
        self.optimizer = optimizer.text("type") if optimizer else None
        self.learning_rate = optimizer.of_type("learning_rate", (float, type(None))) if optimizer else None
        self.compiled = loss is not None
        self.metrics = [str(name) for name in answer.of_type("metrics", list)]

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Return the model's answers to these inputs: float array (batch, ...).

        They come from the learner's process, so they show how the model behaves, not how good it is: for that, apply
        `head()` to features that the grader computed.
        """
        answers = Function(self.session, self.target, self.name)(tensor(np.asarray(images, np.float32)))
        if not isinstance(answers, np.ndarray) or answers.dtype.kind != "f":
            raise Failed(f"`{self.name}` to answer with an array of numbers", in_words(answers))
        return answers

    def weights(self, layer: int | None = None) -> list[np.ndarray]:
        """Return the weights of the layer at this position (negative: from the end); None: the last with any."""
        found = [part.value("array") for part in self.ask("weights", layer=layer).parts("weights")]
        if not all(isinstance(array, (np.ndarray, np.floating)) and array.dtype.kind == "f" for array in found):
            raise Failed(f"the weights of `{self.name}` to be numbers")
        return [np.asarray(array) for array in found]

    def head(self, num_features: int, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the last layer's kernel (features, classes) and bias (classes,), finite, as float64.

        Raises:
            Failed: the last layer has no such weights.
        """
        found = self.weights()
        shapes = [array.shape for array in found]
        if shapes not in ([(num_features, num_classes), (num_classes,)], [(num_features, num_classes)]):
            wanted = f"`{self.name}` to end with a Dense layer from {num_features:,} features to {num_classes} classes"
            raise Failed(wanted, f"weights of shapes {', '.join(map(str, shapes)) or 'none at all'}")
        kernel = found[0].astype(np.float64)
        bias = found[1].astype(np.float64) if len(found) == 2 else np.zeros(num_classes)
        if not (np.isfinite(kernel).all() and np.isfinite(bias).all()):
            raise Failed(
                f"the weights of `{self.name}` to be finite", "NaN or infinity", "Is the learning rate too high?"
            )
        return kernel, bias


class History(View):
    """What training recorded.

    Attributes:
        series: for each name ("accuracy", "val_loss", ...) one float an epoch.
        epochs: how many epochs the longest series has.
    """

    def look(self) -> None:
        """Fetch the recorded values."""
        series = self.ask("history").of_type("history", dict)
        self.series = {str(name): _floats(values) for name, values in series.items()}
        self.epochs = max(map(len, self.series.values()), default=0)

    def __getitem__(self, name: str) -> list[float]:
        """Return the values of "loss", "val_accuracy", ...; accuracy by any name that Keras knows it by."""
        prefix = "val_" if name.startswith("val_") else ""
        if name == f"{prefix}accuracy":
            name = next((f"{prefix}{one}" for one in ACCURACY if f"{prefix}{one}" in self.series), name)
        if name not in self.series:
            recorded = ", ".join(sorted(self.series)) or "nothing"
            raise Failed(f"`{self.name}` to hold {name}", f"only {recorded}" if self.series else recorded)
        return self.series[name]


class Figure(View):
    """A Matplotlib figure: the learner's, or one that her function drew.

    Attributes:
        title: the title above all axes, "" for none.
        axes: what each of its axes shows, in order, without colorbars.
    """

    def look(self) -> None:
        """Fetch what the figure shows."""
        answer = self.ask("figure")
        self.title = answer.text("title")
        self.axes = [Axes.of(part) for part in answer.parts("axes")]

    def drawing(self) -> np.ndarray:
        """Return the figure as a reader sees it, drawn small: uint8 (height, width, 4).

        It has about 2**16 pixels at most, and 40 to an inch.
        """
        answer = self.ask("pixels")
        pixels, width = answer.of_type("pixels", np.ndarray), answer.of_type("width", int)
        if pixels.dtype != np.uint8 or pixels.ndim != 2 or pixels.shape[1] != 4 or not 0 < width <= len(pixels):
            raise Garbled("the answer holds a drawing that is none")
        return pixels[: len(pixels) // width * width].reshape(-1, width, 4)


@dataclass(frozen=True)
class Line:
    """A line: `x` and `y` float64 arrays of the same length, `color` red, green, blue, alpha in [0, 1].

    `seen` says whether it is drawn, thick and opaque enough, and in another color than what is behind it.
    """

    label: str
    x: np.ndarray
    y: np.ndarray
    color: tuple[float, ...]
    style: str
    marker: str
    seen: bool


@dataclass(frozen=True)
class Axes:
    """What one of a figure's axes shows.

    Attributes:
        title: its title's text, and `title_color` red, green, blue, alpha in [0, 1].
        images: of each image drawn the shape, and `pixels`, its array where it is small enough to look at.
        texts: of each text inside the axes the text itself.
        box: where they lie in the figure: left, top, right and bottom, as shares of its width and height.

    Titles, labels and legends that nobody can read are "".
    """

    title: str
    title_color: tuple[float, ...]
    xlabel: str
    ylabel: str
    xticklabels: tuple[str, ...]
    yticklabels: tuple[str, ...]
    xlim: tuple[float, ...]
    ylim: tuple[float, ...]
    lines: tuple[Line, ...]
    bars: tuple[float, ...]
    image_shapes: tuple[Shape, ...]
    pixels: tuple[np.ndarray | None, ...]
    texts: tuple[str, ...]
    legend: tuple[str, ...]
    box: tuple[float, ...]

    @classmethod
    def of(cls, part: Answer) -> Axes:
        """Return the axes that an answer describes."""
        images = part.parts("images")
        return cls(
            title=part.text("title"),
            title_color=tuple(_floats(part.value("title_color"))),
            xlabel=part.text("xlabel"),
            ylabel=part.text("ylabel"),
            xticklabels=_texts(part.value("xticklabels")),
            yticklabels=_texts(part.value("yticklabels")),
            xlim=tuple(_floats(part.value("xlim"))),
            ylim=tuple(_floats(part.value("ylim"))),
            lines=tuple(_line(line) for line in part.parts("lines")),
            bars=tuple(float(bar.of_type("height", float)) for bar in part.parts("bars")),
            image_shapes=tuple(_shape(image, "shape") or () for image in images),
            pixels=tuple(image.of_type("pixels", (np.ndarray, type(None))) for image in images),
            texts=tuple(text.text("text") for text in part.parts("texts")),
            legend=_texts(part.value("legend")),
            box=tuple(_floats(part.value("box"))),
        )


def _line(part: Answer) -> Line:
    x, y = part.of_type("x", np.ndarray), part.of_type("y", np.ndarray)
    if x.shape != y.shape or x.ndim != 1 or x.dtype.kind != "f" or y.dtype.kind != "f":
        raise Garbled("the answer holds a line that is none")
    color = tuple(_floats(part.value("color")))
    seen = part.of_type("seen", bool)
    return Line(part.text("label"), x, y, color, part.text("style"), part.text("marker"), seen)


def _layer(part: Answer) -> Layer:
    return Layer(
        type=part.text("type"),
        name=part.text("name"),
        trainable=part.of_type("trainable", bool),
        input_shape=_shape(part, "input_shape"),
        output_shape=_shape(part, "output_shape"),
        activation=part.of_type("activation", (str, type(None))),
        units=part.of_type("units", (int, type(None))),
        rate=part.of_type("rate", (float, type(None))),
        trainable_parameters=part.number("trainable_parameters"),
        frozen_parameters=part.number("frozen_parameters"),
    )


def _part(answer: Answer, name: str) -> Answer | None:
    value = answer.of_type(name, (dict, type(None)))
    return None if value is None else Answer(value)


def _shape(answer: Answer, name: str) -> Shape | None:
    sizes = answer.of_type(name, (list, type(None)))
    if sizes is None:
        return None
    if not all(size is None or type(size) is int for size in sizes):
        raise Garbled("the answer holds a shape that is none")
    return tuple(sizes)


def _floats(values: Plain) -> list[float]:
    if type(values) is not list or not all(type(value) is float for value in values):
        raise Garbled("the answer holds something else than numbers")
    return list(values)


def _texts(values: Any) -> tuple[str, ...]:
    if type(values) is not list or not all(type(value) is str for value in values):
        raise Garbled("the answer holds something else than text")
    return tuple(values)
