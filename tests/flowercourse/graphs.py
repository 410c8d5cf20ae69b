"""A small network with every pattern that the simplification of graphs must treat, or leave alone."""

from __future__ import annotations

from typing import Any

import numpy as np


def convolutions() -> Any:
    """Return a Keras model from (n, 11, 14, 3), an odd and an even side, with weights of every size."""
    from tf_keras import Model, layers

    from flowercourse.backbones.conversion.even_padding import EvenlyPaddedConv2D

    def normalized(x):
        return layers.ReLU(6.0)(layers.BatchNormalization(epsilon=1e-3)(x))

    images = layers.Input((11, 14, 3))
    x = normalized(EvenlyPaddedConv2D(6)(images))  # its kernel is a constant with zeros around it
    x = normalized(layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x))
    x = layers.ZeroPadding2D(((2, 0), (0, 1)))(x)
    x = normalized(layers.DepthwiseConv2D(3, strides=2, depth_multiplier=2, use_bias=False)(x))
    shared = layers.Conv2D(4, 1)(x)  # read twice, with a bias: must not be folded
    x = layers.Concatenate()([layers.BatchNormalization(scale=False)(shared), shared])
    model = Model(images, layers.GlobalAveragePooling2D()(x))
    rng = np.random.default_rng(5)
    model.set_weights([rng.uniform(0.3, 1.2, weight.shape) for weight in model.get_weights()])
    return model


def frozen_graph(model: Any) -> Any:
    """Return the model as a graph with constant weights."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    call = tf.function(lambda images: model(images, training=False))
    return convert_variables_to_constants_v2(
        call.get_concrete_function(tf.TensorSpec((None, *model.input_shape[1:]), tf.float32))
    ).graph


def run(definition: Any, graph: Any, images: np.ndarray) -> np.ndarray:
    """Run a GraphDef whose input and output are named as in ``graph``."""
    import tensorflow as tf

    imported = tf.compat.v1.wrap_function(lambda: tf.import_graph_def(definition, name=""), [])
    return imported.prune(graph.inputs[0].name, graph.outputs[0].name)(tf.constant(images)).numpy()
