'''Checks: what a learner's work must be, one function a graded point.

How to write one
----------------
    from __future__ import annotations
    from autograder.checking.core import check, part
    from autograder.checking.expect import expect, expect_close, expect_equal, expect_range, expect_shape
    from autograder.checking.values import Array, Batches, Function, Scalar, Text

    @check(points=2)
    def images_are_scaled(train_batches: Batches, rng):
        """The training images are 224 x 224 pixels with values in [0, 1]."""
        images, labels = train_batches.images_and_labels()
        with part("size", points=1):
            expect_shape(images, (None, 224, 224, 3), what="train_batches", hint="Use tf.image.resize.")
        with part("range", points=1):
            expect_range(images, 0, 1, what="train_batches", hint="Divide by 255 after resizing.")

- The function's name is the graded cell's id, its docstring's first sentence what the learner sees.
- A parameter's name is the learner's name, its annotation says what kind of value that is. Missing names, wrong kinds,
  exceptions and endless loops in the learner's code become messages by themselves: don't write checks for them.
- `rng` (no annotation) is a `numpy.random.Generator`, seeded afresh for every submission: draw all inputs from it.
- `reference` (no annotation) is `autograder.checking.reference.Reference`: class names, sizes, features and labels as
  the grader computed them. It never crosses to the learner.
- With `part(...)`, a failure costs the part's points and the check goes on. Points of the parts add up to the check's.
  Statements outside of parts are conditions for all that follows. Without parts a check is all or nothing.
- Everything that arrives is plain Python and NumPy. Checks import no TensorFlow: with a prepared cache, none is needed.
- Any other exception (a bug in the check) gives the result "error", which costs the learner nothing silently: it is
  shown to the instructor. A value that you index or compare must be checked first (`expect_shape`, `expect_kind`).
- Judge values and behavior, never spelling. Compare with tolerances that a wrong formula does not meet.

What a parameter can be (`autograder.checking.values`, `autograder.checking.values_keras`)
---------------------------------------------------------------------------------------
| annotation | the learner has | the check gets |
|---|---|---|
| `Array` | array, tensor, list of numbers or text | `numpy.ndarray` |
| `Scalar` | number, 0-d array or tensor | Python number |
| `Text` | text | `str` |
| `Sequence_` | list, tuple, array | `list` |
| `Dictionary` | dictionary | `dict` |
| `Anything` | anything | plain data; `Opaque(type_name)` for what is no data |
| `Function` | function, method, callable object | call it: see below |
| `Batches` | tf.data set, generator, list | `.take(n)`, `.first()`, `.images_and_labels()`, `.labels()`, `.count()` |
| `Model` | Keras model | `.layers`, counts, shapes, `.loss`, `.from_logits`, `.predict(x)`, `.head(d, k)` |
| `History` | what fit returns, or its dictionary | `history["val_accuracy"]`, `.series`, `.epochs` |
| `Figure` | figure, axes, array of axes | `.axes[i].title`, `.title_color`, `.lines`, `.image_shapes`, ... |

    @check(points=1)
    def normalizes(normalize: Function, rng):
        """`normalize` brings pixels from [0, 255] to [0, 1]."""
        pixels = rng.integers(0, 256, (3, 5, 5, 3)).astype("float32")
        expect_close(normalize(pixels), pixels / 255, what="normalize(pixels)")

    @check(points=1)
    def prepares(prepare: Function, rng):
        """`prepare` makes batches of 32 from a data set of photographs of any size."""
        photographs = [rng.integers(0, 256, (int(h), 40, 3), dtype="uint8") for h in rng.integers(30, 60, 50)]
        batches = prepare.returning(Batches, dataset(photographs, rng.integers(0, 5, 50)))   # arguments.dataset
        images, labels = batches.images_and_labels()
        expect_shape(images, (32, 224, 224, 3))

    @check(points=1)
    def builds_the_head(build_model: Function):
        """`build_model(n)` ends in one logit for each of n classes."""
        model = build_model.returning(Model, 7)
        expect_equal(model.output_shape, (None, 7), hint="Dense(num_classes)")

    @check(points=2)
    def trained_head_knows_flowers(model: Model, reference):
        """The trained model recognizes flowers in images that it was not trained on."""
        kernel, bias = model.head(1280, reference.num_classes)
        _, _, (features, labels) = reference.features("mobilenet_v2")       # train, validation, test
        expect_between(accuracy(kernel, bias, features, labels), 0.6, 1.0, what="test accuracy")

    @check(points=1)
    def draws_curves(plot_curves: Function, rng):
        """`plot_curves` draws training and validation accuracy."""
        figure = plot_curves.returning(Figure, history({"accuracy": [0.2, 0.5], "val_accuracy": [0.3, 0.4]}))
        expect(len(figure.axes[0].lines) == 2, "two lines", f"{len(figure.axes[0].lines)}")

Arguments beyond plain values and arrays are made in the learner's process (`autograder.checking.arguments`): `tensor`,
`dataset`, `linear_model`, `backbone`, `history`, `dataset_info`, `file`, `folder`, `axes`, and `learners(view)` for
one of her own objects. Further: `f.seeded(0)(...)` (seeds set before the call), `f.within(60)(...)` (another
time limit), `f.returning(View, ...)` (keep the result there, look at it as a view), `f.attempt(...)` (raises `Refused`
where the function raised), `expect_raises(f, bad, errors=("ValueError",))`, `view.attribute("predict", Function)`.

Hidden checks
-------------
They live in `solutions/hidden_checks/`, are written alike and named like the visible check whose cell they share, with
`@check(points=..., hidden=True)`. When one fails, the learner sees its docstring's first sentence and nothing else: it
must help her without telling the input. Cells earn the smaller fraction of the two (`core.combine`).

In a notebook
-------------
`checks.images_are_scaled()` checks the notebook's own names: it prints a line, or raises `CheckFailed`, which Jupyter
shows as a short block. It returns None. Plain nbgrader knows only all or nothing there; the grader gives the parts.
'''
