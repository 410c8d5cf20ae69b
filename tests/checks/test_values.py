"""Data sets, models, histories and figures of a learner's reach a check as plain facts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autograder.checking.arguments import (
    axes,
    backbone,
    dataset,
    dataset_info,
    file,
    folder,
    history,
    learners,
    linear_model,
    tensor,
)
from autograder.checking.messages import Failed
from autograder.checking.values import Anything, Array, Batches, Dictionary, Function, Scalar, Sequence_, Text, kind_of
from autograder.checking.values_keras import Figure, History, Model
from autograder.conversation.session import LocalSession


def fetch(kind, **names):
    """Fetch the only name as this kind of value."""
    (name,) = names
    return kind_of(kind).fetch(LocalSession(names), name)


def function(learners_function) -> Function:
    """See a function as a check does."""
    return Function.fetch(LocalSession({"f": learners_function}), "f")


def head(num_classes: int, **settings):
    """Make and compile a head as learners do."""
    import tf_keras as keras

    model = keras.Sequential(
        [keras.Input((8,)), keras.layers.Dropout(0.2), keras.layers.Dense(num_classes, **settings)], name="head"
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(0.01), loss=loss, metrics=["accuracy"])
    return model


# --- plain kinds ---


def test_tensors_and_their_relatives_arrive_as_arrays():
    import tensorflow as tf

    assert fetch(Array, x=tf.constant([1.5, 2])).tolist() == [1.5, 2]
    assert fetch(Array, x=tf.Variable([1, 2])).dtype == np.int32
    assert fetch(Array, x=tf.cast([1.5], tf.bfloat16)).tolist() == [1.5]
    assert fetch(Array, x=tf.constant(["daisy", "rose"])).tolist() == ["daisy", "rose"]
    assert fetch(Array, x=np.array([b"daisy"], object)).tolist() == ["daisy"]
    assert fetch(Array, x=np.ma.masked_array([1, 2])).tolist() == [1, 2]
    assert fetch(Array, x=np.arange(3)[::-1]).tolist() == [2, 1, 0]
    assert fetch(Scalar, x=tf.constant(3)) == 3
    assert type(fetch(Scalar, x=np.float32(0.5))) is float
    assert fetch(Text, x=tf.constant("daisy")) == "daisy"
    assert fetch(Text, x=Path("a") / "b") == "a/b"
    assert fetch(Sequence_, x=tf.constant([1, 2])) == [1, 2]
    assert fetch(Dictionary, x={np.int64(1): tf.constant(2)}) == {1: 2}
    assert str(fetch(Anything, x=len)) == "a builtin_function_or_method"


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (Scalar, [1, 2], r"`x` to be a number; found \[1, 2\]"),
        (Text, 3, "`x` to be a text; found 3"),
        (Sequence_, {"a": 1}, "`x` to be a list; found a dictionary"),
        (Dictionary, [1], "`x` to be a dictionary"),
        (Array, np.array([{}, 1], object), "`x` to be an array; found an array of object"),
        (Function, "text", "`x` to be a function; found a str"),
        (Batches, 3, "`x` should be a data set of batches, not int"),
        (Batches, "text", "`x` should be a data set of batches, not str"),
        (Model, len, "`x` should be a Keras model, not builtin_function_or_method"),
        (History, 3, "`x` should be what model.fit returns, not int"),
        (History, {"loss": ["a"]}, "`x` to work; found it raised ValueError"),
        (Figure, [], "`x` should be a Matplotlib figure, not list"),
    ],
)
def test_another_kind_gets_a_message(kind, value, words):
    with pytest.raises(Failed, match=words):
        fetch(kind, x=value)


# --- batches ---


def test_batches_of_a_data_set_are_taken_and_counted():
    import tensorflow as tf

    images, labels = np.arange(70 * 12, dtype=np.float32).reshape(70, 2, 2, 3), np.arange(70)
    batches = fetch(Batches, x=tf.data.Dataset.from_tensor_slices((images, labels)).batch(32))
    first, first_labels = batches.images_and_labels()
    assert (first.shape, first.dtype, first_labels.tolist()) == ((32, 2, 2, 3), np.float32, list(range(32)))
    assert batches.labels().tolist() == list(range(70))
    assert batches.count() == 3
    assert batches.count(at_most=2) == 2
    assert [part.shape for (part,) in batches.take(9, only=[0])] == [(32, 2, 2, 3), (32, 2, 2, 3), (6, 2, 2, 3)]
    assert [images.shape for images, _ in batches.take(1, step=2)] == [(32, 1, 1, 3)]


def test_shuffling_is_seen_in_the_second_pass():
    import tensorflow as tf

    data = tf.data.Dataset.range(100).map(lambda i: (i, i)).shuffle(100).batch(10)
    batches = fetch(Batches, x=data)
    assert batches.labels().tolist() != batches.labels().tolist()
    assert sorted(batches.labels().tolist()) == list(range(100))


def test_a_generator_that_never_ends_gives_what_is_asked_for_and_loses_nothing():
    def endless():
        number = 0
        while True:
            yield np.full((4, 2), number), np.full(4, number)
            number += 1

    batches = fetch(Batches, x=endless())
    assert [int(labels[0]) for _, labels in batches.take(3)] == [0, 1, 2]
    assert batches.images_and_labels()[1].tolist() == [3] * 4


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "`x` to hold at least one batch; found none"),
        ([np.zeros(3)], r"each element of `x` to be \(images, labels\); found \(\[0, 0, 0\]\)"),
        ([(np.zeros(3), object())], r"to be \(images, labels\); found"),
        ([{"image": 1, "label": None}], r"to be \(images, labels\); found \(1, None\)"),
    ],
)
def test_batches_that_are_no_pairs_get_a_message(value, words):
    with pytest.raises(Failed, match=words):
        fetch(Batches, x=value).images_and_labels()


def test_batches_that_raise_when_they_are_read_get_a_message():
    with pytest.raises(Failed, match=r"`x` to work; found it raised ZeroDivisionError"):
        fetch(Batches, x=(1 / i for i in [0])).first()


# --- models ---


def test_a_model_is_described():
    model = fetch(Model, x=head(5))
    assert (model.trainable_parameters, model.frozen_parameters) == (45, 0)
    assert (model.input_shape, model.output_shape) == ((None, 8), (None, 5))
    assert (model.loss, model.from_logits, model.compiled) == ("SparseCategoricalCrossentropy", True, True)
    assert (model.optimizer, round(model.learning_rate, 4), model.metrics) == ("Adam", 0.01, ["accuracy"])
    dropout, dense = model.layers
    assert (dropout.type, dropout.rate, dense.type, dense.units, dense.activation) == (
        "Dropout",
        0.2,
        "Dense",
        5,
        "linear",
    )
    assert dense.output_shape == (None, 5)
    assert fetch(Model, x=head(5, activation="softmax")).layers[-1].activation == "softmax"


def test_a_model_that_is_neither_compiled_nor_built_is_described_too():
    import tf_keras as keras

    model = fetch(Model, x=keras.Sequential([keras.layers.Dense(3)]))
    assert (model.compiled, model.loss, model.optimizer, model.learning_rate) == (False, None, None, None)
    assert (model.input_shape, model.trainable_parameters, model.metrics) == (None, 0, [])


def test_a_model_of_keras_3_is_described_too():
    import keras

    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    seen = fetch(Model, x=model)
    assert (seen.loss, seen.from_logits, seen.metrics) == ("sparse_categorical_crossentropy", False, ["accuracy"])
    assert (seen.output_shape, seen.layers[-1].output_shape) == ((None, 3), (None, 3))


def test_frozen_layers_are_counted_as_frozen():
    import tf_keras as keras

    inner = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
    inner.trainable = False
    model = fetch(Model, x=keras.Sequential([keras.Input((8,)), inner, keras.layers.Dense(2)]))
    assert (model.trainable_parameters, model.frozen_parameters) == (10, 36)
    assert [layer.trainable for layer in model.layers] == [False, True]


def test_a_head_is_exported_and_a_model_can_be_asked():
    model = head(5)
    seen = fetch(Model, x=model)
    kernel, bias = seen.head(8, 5)
    x = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)
    assert np.allclose(seen.predict(x), x @ kernel + bias, atol=1e-5)
    assert seen.weights(-1)[0].shape == (8, 5)
    with pytest.raises(Failed, match="to end with a Dense layer from 1,280 features to 5 classes; found weights"):
        seen.head(1280, 5)
    model.layers[-1].set_weights([kernel * np.nan, bias])
    with pytest.raises(Failed, match="to be finite; found NaN or infinity"):
        seen.head(8, 5)


def test_a_model_that_raises_gets_a_message():
    with pytest.raises(Failed, match=r"`x\(...\)` to work; found it raised"):
        fetch(Model, x=head(5)).predict(np.zeros((1, 9)))


def test_a_history_is_read_from_fit_and_from_a_dictionary():
    recorded = head(2).fit(np.zeros((4, 8)), np.zeros(4), epochs=3, verbose=0)
    assert fetch(History, x=recorded).epochs == 3
    assert fetch(History, x={"loss": [np.float32(0.5), 0.25]})["loss"] == [0.5, 0.25]
    with pytest.raises(Failed, match="`x` to hold val_loss; found only loss"):
        fetch(History, x={"loss": [1.0]})["val_loss"]


# --- figures ---


def draw(values, ax=None):
    """Draw a line, an image and a title, and show them as learners do."""
    import matplotlib.pyplot as plt

    axes = plt.gca() if ax is None else ax
    axes.plot(values.history["accuracy"], "o-", label="training", color="blue")
    axes.imshow(np.zeros((4, 5, 3)))
    axes.set(xlabel="epoch", ylabel="accuracy")
    axes.set_title("right ✓", color="red")
    axes.text(0, 0, "note")
    axes.legend()
    plt.show()
    return ax


@pytest.mark.parametrize("arguments", [[], [axes()]])
def test_a_figure_is_seen_whether_it_is_returned_or_shown(arguments):
    import matplotlib.pyplot as plt

    plt.close("all")  # another test's
    figure = function(draw).returning(Figure, history({"accuracy": [0.1, 0.2]}), *arguments)
    (one,) = figure.axes
    assert (one.title, one.title_color, one.xlabel, one.ylabel) == ("right ✓", (1, 0, 0, 1), "epoch", "accuracy")
    (line,) = one.lines
    assert (line.label, line.x.tolist(), line.y.tolist(), line.color) == ("training", [0, 1], [0.1, 0.2], (0, 0, 1, 1))
    assert (one.image_shapes, one.texts, one.legend) == (((4, 5, 3),), ("note",), ("training",))
    assert not np.any(one.pixels[0])
    assert plt.get_fignums() == []


def test_a_grid_is_seen_through_any_of_its_axes():
    import matplotlib.pyplot as plt

    drawn, grid = plt.subplots(2, 3)
    grid[1, 2].bar([0, 1], [3, 4])
    drawn.suptitle("All")
    plt.close(drawn)
    for thing in (drawn, grid, grid[0, 0], list(grid.flat)):
        figure = fetch(Figure, x=thing)
        assert (len(figure.axes), figure.title, figure.axes[5].bars) == (6, "All", (3.0, 4.0))


# --- arguments ---


def names_of_kind(thing) -> str:
    """Say what kind of thing it is."""
    return f"{type(thing).__module__.partition('.')[0]} {type(thing).__name__}"


@pytest.mark.parametrize(
    ("argument", "kind"),
    [
        (3, "builtins int"),
        ([1, (2, "a")], "builtins list"),
        (np.zeros(3), "numpy ndarray"),
        (tensor(np.zeros(3)), "tensorflow EagerTensor"),
        (linear_model(np.eye(3), np.zeros(3)), "tf_keras Sequential"),
        (backbone(), "tf_keras Sequential"),
        (history({"loss": [1.0]}), "tf_keras History"),
        (file("a.jpg", b"x"), "pathlib PosixPath"),
        (learners("f"), "builtins function"),
    ],
)
def test_arguments_are_made_there(argument, kind):
    assert function(names_of_kind)(argument) == kind


def test_a_data_set_of_photographs_of_different_sizes_can_be_given():
    def sizes(data):
        return [(tuple(image.shape), int(label)) for image, label in data], len(data), str(data.element_spec[0].dtype)

    photographs = [np.zeros((h, 4, 3), np.uint8) for h in (2, 5)]
    seen, length, dtype = function(sizes)(dataset(photographs, np.array([1, 0])))
    assert seen == [((2, 4, 3), 1), ((5, 4, 3), 0)]
    assert (length, dtype) == (2, "<dtype: 'uint8'>")
    assert function(lambda data: [x.shape[0] for x in data])(dataset(np.zeros((5, 2)), batch_size=2)) == [2, 2, 1]


def test_a_known_model_gives_known_answers():
    kernel, bias = np.arange(24.0).reshape(12, 2), np.array([1.0, -1.0])
    x = np.random.default_rng(1).normal(size=(3, 2, 2, 3)).astype(np.float32)
    answers = function(lambda model, x: model.predict(x, verbose=0))(linear_model(kernel, bias, (2, 2, 3)), x)
    assert np.allclose(answers, x.reshape(3, 12) @ kernel + bias, rtol=1e-4)


def test_a_data_set_can_be_described_and_files_read():
    def describe(info, top):
        names = [info.features["label"].int2str(i) for i in range(info.features["label"].num_classes)]
        content = sorted(str(path.relative_to(top)) for path in top.rglob("*.jpg"))
        return names, info.splits["train"].num_examples, content

    given = dataset_info(["tulip", "daisy"], {"train": 7}), folder({"daisy/1.jpg": b"1", "tulip/2.jpg": b"2"})
    assert function(describe)(*given) == (["tulip", "daisy"], 7, ["daisy/1.jpg", "tulip/2.jpg"])


@pytest.mark.parametrize("name", ["../x", "/etc/x", "", "a/../../x"])
def test_no_file_is_made_outside_its_folder(name):
    with pytest.raises(Failed, match="could not be looked at"):
        function(names_of_kind)(folder({name: b""}))


def test_results_can_be_used_again():
    def build(n):
        return head(n)

    def count(model):
        return model.count_params()

    session = LocalSession({"build": build, "count": count})
    model = Function.fetch(session, "build").returning(Model, 7)
    assert Function.fetch(session, "count")(learners(model)) == 8 * 7 + 7
    assert model.attribute("count_params", Function)() == 63
    assert Function.fetch(session, "build").parameters == ["n"]


def test_a_seed_makes_random_functions_repeatable():
    import tensorflow as tf

    def draw_numbers():
        return tf.random.normal([2]), np.random.normal(), __import__("random").random()

    seen = function(draw_numbers).seeded(3)
    assert str(seen()) == str(seen())
    assert str(seen()) != str(function(draw_numbers).seeded(4)())
