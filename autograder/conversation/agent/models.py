"""Describing Keras models and training histories as data. Works for tf_keras and Keras 3, and imports neither."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.conversation.agent.plain import WrongType, plain, type_name
from autograder.conversation.protocol import Plain

MAX_LAYERS = 500


def describe(model: Any) -> dict[str, Plain]:
    """Return what a check may want to know of a model; None for what it does not have (yet)."""
    if not hasattr(model, "layers") or not hasattr(model, "compile"):
        raise WrongType(f"a Keras model, not {type_name(model)}")
    return {
        "type": type_name(model),
        "name": str(model.name),
        "built": bool(getattr(model, "built", True)),
        "layers": [_layer(layer) for layer in model.layers[:MAX_LAYERS]],
        "trainable_parameters": _count(model, "trainable_weights"),
        "frozen_parameters": _count(model, "non_trainable_weights"),
        "input_shape": _shape(lambda: model.input_shape),
        "output_shape": _shape(lambda: model.output_shape),
        "optimizer": _optimizer(getattr(model, "optimizer", None)),
        "loss": _loss(getattr(model, "loss", None)),
        "metrics": _metrics(model),
    }


def weights(model: Any, layer: int | None) -> dict[str, Plain]:
    """Return one layer's weights; for None those of the last layer that has any."""
    if not hasattr(model, "layers"):
        raise WrongType(f"a Keras model, not {type_name(model)}")
    if layer is None:
        layers = [candidate for candidate in model.layers if candidate.weights]
        chosen = layers[-1:]
    else:
        chosen = [model.layers[layer]]
    trainable = {id(weight) for one in chosen for weight in one.trainable_weights}
    found = [
        {"name": str(weight.name), "array": np.asarray(weight.numpy()), "trainable": id(weight) in trainable}
        for one in chosen
        for weight in one.weights
    ]
    return {"weights": found}


def history(recorded: Any) -> dict[str, Plain]:
    """Return each recorded quantity's values, one float an epoch, from a History object or a dictionary."""
    series = getattr(recorded, "history", recorded)
    if not isinstance(series, Mapping):
        raise WrongType(f"what model.fit returns, not {type_name(recorded)}")
    epochs = getattr(recorded, "epoch", None)
    return {
        "history": {str(name): [float(value) for value in values] for name, values in series.items()},
        "epochs": [int(epoch) for epoch in epochs] if isinstance(epochs, list) else None,
    }


def _layer(layer: Any) -> dict[str, Plain]:
    activation = getattr(layer, "activation", None)
    return {
        "type": type_name(layer),
        "name": str(layer.name),
        "trainable": bool(layer.trainable),
        "input_shape": _shape(lambda: layer.input_shape) or _shape(lambda: layer.input.shape),
        "output_shape": _shape(lambda: layer.output_shape) or _shape(lambda: layer.output.shape),
        "activation": getattr(activation, "__name__", type_name(activation)) if activation is not None else None,
        "units": _integer(getattr(layer, "units", None)),
        "rate": _number(getattr(layer, "rate", None)),
        "trainable_parameters": _count(layer, "trainable_weights"),
        "frozen_parameters": _count(layer, "non_trainable_weights"),
    }


def _count(layer: Any, kind: str) -> int:
    """Return how many numbers its weights hold; of a model that has not been built yet, those of its built layers."""
    try:
        return sum(math.prod(variable.shape) for variable in getattr(layer, kind))
    except ValueError:
        return sum(_count(inner, kind) for inner in layer.layers)


def _shape(get: Any) -> list[int | None] | None:
    """Return a shape as a list, for several inputs or outputs the first one's; None where there is none yet."""
    try:
        shape = get()
        if isinstance(shape, list):
            shape = shape[0]
        if isinstance(shape, Mapping):
            shape = next(iter(shape.values()))
        return [None if size is None else int(size) for size in shape]
    except Exception:  # an unbuilt layer raises whatever its Keras version likes
        return None


def _optimizer(optimizer: Any) -> dict[str, Plain] | None:
    if optimizer is None:
        return None
    if isinstance(optimizer, str):
        return {"type": optimizer, "learning_rate": None}
    rate = getattr(optimizer, "learning_rate", None)
    return {"type": type_name(optimizer), "learning_rate": _number(rate)}


def _loss(loss: Any) -> dict[str, Plain] | None:
    if loss is None:
        return None
    if isinstance(loss, str):
        return {"type": loss, "from_logits": False}
    settings = loss.get_config() if hasattr(loss, "get_config") else {}
    name = getattr(loss, "__name__", None) or type_name(loss)
    return {"type": str(name)[:100], "from_logits": bool(settings.get("from_logits", False))}


def _metrics(model: Any) -> list[str]:
    """Return the names of the metrics that the model was compiled with."""
    # Keras 2 and 3 keep them in different places until training begins.
    kept = (getattr(model, place, None) for place in ("compiled_metrics", "_compile_metrics"))
    asked = next((found for one in kept if (found := getattr(one, "_user_metrics", None)) is not None), None)
    if asked is None:
        asked = [metric for metric in getattr(model, "metrics", []) if getattr(metric, "name", "") != "loss"]
    return [_metric_name(metric) for metric in _flat(asked)]


def _flat(metrics: Any) -> list[Any]:
    if isinstance(metrics, Mapping):
        metrics = list(metrics.values())
    if isinstance(metrics, (list, tuple)):
        return [one for metric in metrics for one in _flat(metric)]
    return [] if metrics is None else [metrics]


def _metric_name(metric: Any) -> str:
    name = metric if isinstance(metric, str) else getattr(metric, "name", None) or getattr(metric, "__name__", "")
    return str(name)[:100]


def _number(value: Any) -> float | None:
    value = plain(value)
    if isinstance(value, np.ndarray):
        value = value.item() if value.size == 1 else None
    return float(value) if isinstance(value, (int, float)) else None


def _integer(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)
