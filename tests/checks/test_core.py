"""A check says what was expected, what was found and one hint, and gives the points that were earned."""

from __future__ import annotations

import re

import numpy as np
import pytest

from autograder.checking import core
from autograder.checking.core import CheckFailed, CheckResult, check, combine, part, run_check
from autograder.checking.expect import expect, expect_close, expect_equal, expect_range, expect_shape
from autograder.checking.messages import RETURN_HINT, Failed
from autograder.checking.values import Anything, Array, Batches, Dictionary, Function, Scalar, Sequence_, Text
from autograder.conversation.session import LocalSession


@check(points=2)
def images_are_scaled(images: Array) -> None:
    """The images are 4 x 4 pixels with values in [0, 1].

    More for the instructor.
    """
    with part("size", points=0.5):
        expect_shape(images, (None, 4, 4, 3), hint="Use tf.image.resize.")
    with part("range", points=1.5):
        expect_range(images, 0, 1, hint="Divide by 255 after resizing.")


@check(points=1)
def doubles(double: Function, rng: np.random.Generator) -> None:
    """`double` gives twice its argument."""
    x = rng.normal(size=5)
    expect_close(double(x), 2 * x)


@check(points=2, hidden=True)
def doubles_hidden(double: Function, rng: np.random.Generator) -> None:
    """`double` should also work for numbers below zero."""
    with part("a secret name", points=1):
        expect_close(double(-3.25), -6.5, what="double(-3.25)")
    with part("another", points=1):
        expect_close(double(rng.normal()), 99, what="a secret")


def run(one, names, seed=1, **settings) -> CheckResult:
    """Run a check on names of a notebook."""
    return run_check(one, LocalSession(names, **settings), seed=seed)


def test_a_right_answer_gets_all_points():
    result = run(images_are_scaled, {"images": np.zeros((2, 4, 4, 3))})
    assert (result.status, result.score, result.max_score, result.message) == ("passed", 2, 2, "")
    assert result.title == "The images are 4 x 4 pixels with values in [0, 1]."
    assert [(one.name, one.score, one.max_score) for one in result.parts] == [("size", 0.5, 0.5), ("range", 1.5, 1.5)]


def test_a_right_part_gets_its_points_and_the_other_says_expected_found_and_hint():
    result = run(images_are_scaled, {"images": np.full((2, 4, 4, 3), 255)})
    assert (result.status, result.score) == ("failed", 0.5)
    assert (
        result.message == "range: Expected values in [0, 1]; found values in [255, 255]. Divide by 255 after resizing."
    )


def test_everything_wrong_gets_nothing_and_a_line_a_part():
    result = run(images_are_scaled, {"images": [[1.0, 300.0]]})
    assert result.score == 0
    assert [line.split(":")[0] for line in result.message.splitlines()] == ["size", "range"]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ({}, "You have not defined `images` yet. Run the cell that defines it, then this one again."),
        ({"images": "text"}, 'Expected `images` to be an array; found "text".'),
        (
            {"images": None},
            "Expected `images` to be an array; found None. " + RETURN_HINT,
        ),
        ({"images": len}, "Expected `images` to be an array; found a builtin_function_or_method."),
        ({"images": [[1], [1, 2]]}, "Expected `images` to be an array; found [[1], [1, 2]]."),
        ({"images": {"a": 1}}, 'Expected `images` to be an array; found a dictionary with "a".'),
    ],
)
def test_a_missing_name_or_another_type_gets_a_message(names, words):
    result = run(images_are_scaled, names)
    assert (result.status, result.score, result.message) == ("failed", 0, words)


def raises(x):
    """Raise as learners' functions do."""
    raise ValueError("bad\x1b[31m " + "long " * 200)


def unfinished(x):
    """Raise as untouched exercises do."""
    raise NotImplementedError


def endless(x):
    """Never return."""
    while True:
        pass


def stubborn(x):
    """Never return, and not give up at the first interrupt's handler either."""
    try:
        while True:
            pass
    finally:
        x[0] = 1


def ends_the_process(x):
    """Call exit()."""
    raise SystemExit(0)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (raises, r"Expected `double\(...\)` to work; found it raised ValueError: bad \[31m long .* …\."),
        (unfinished, r"`double` is not written yet. Write your code in place of .*"),
        (endless, r"Expected an answer from `double\(...\)` within 0.3 seconds; found none. Is there a loop .*"),
        (stubborn, r"Expected an answer from `double\(...\)` within 0.3 seconds; found none. Is there a loop .*"),
        (lambda x: None, r"Expected \[.*\]; found None. Does the function have a `return`\? .*"),
        (lambda x: "no", r'Expected \[.*\]; found "no". A number is asked for, not text.*'),
        (lambda x: x[:2], r"Expected shape \(5,\); found shape \(2,\)."),
        (lambda x: x * np.nan, r"Expected \[.*\]; found \[nan, .*\]."),
        (lambda: 1, r"Expected `double\(...\)` to work; found it raised TypeError: .*"),
        (lambda x: object(), r"Expected \[.*\]; found an object."),
        (lambda x: (i for i in x), r"Expected \[.*\]; found a generator."),
        (lambda x: np.zeros(2**26, bool), r".*too large.*"),
        (5, r"Expected `double` to be a function; found an int."),
    ],
)
def test_whatever_a_function_does_there_is_a_message(function, words):
    result = run(doubles, {"double": function}, timeout_s=0.3)
    assert (result.status, result.score) == ("failed", 0)
    assert re.fullmatch(words, result.message), result.message
    assert result.message.isprintable()


def test_a_function_that_ends_its_process_is_no_reason_to_stop():
    with pytest.raises(SystemExit):  # here it is the learner's own kernel, which Jupyter keeps alive
        run(doubles, {"double": ends_the_process})


def test_interrupting_the_kernel_interrupts_the_check():
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(doubles, {"double": interrupted})


def test_inputs_are_fresh_for_every_seed_and_the_same_for_the_same():
    seen = []
    for seed in (1, 1, 2):
        run(doubles, {"double": lambda x: seen.append(x) or 2 * x}, seed=seed)
    assert np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[0], seen[2])


def test_a_hidden_check_shows_its_sentence_and_nothing_else():
    result = run(doubles_hidden, {"double": lambda x: 3 * x})
    assert result.message == result.title == "`double` should also work for numbers below zero."
    assert result.parts == ()
    assert "secret" not in repr(result)
    assert "3.25" not in repr(result)


def test_a_hidden_check_gives_its_parts_points_all_the_same():
    assert run(doubles_hidden, {"double": lambda x: 2 * x}).score == 1


@check(points=1)
def broken(images: Array) -> None:
    """The instructor made a mistake."""
    expect(images[99] > 0, "something")


@check(points=3)
def miscounted() -> None:
    """The parts don't add up."""
    with part("one", points=1):
        pass


@pytest.mark.parametrize(("one", "detail"), [(broken, "IndexError"), (miscounted, "worth 1 points, but the check 3")])
def test_a_mistake_of_ours_is_an_error_and_not_the_learners_failure(one, detail):
    result = run(one, {"images": [1]})
    assert (result.status, result.score) == ("error", 0)
    assert "not your fault" in result.message
    assert detail in result.detail
    assert detail not in result.message


@check(points=3)
def breaks_halfway(images: Array) -> None:
    """The instructor made a mistake in the last part."""
    with part("one", points=1):
        expect(len(images) > 0, "some")
    with part("two", points=1):
        expect(len(images) > 99, "many")
    with part("three", points=1):
        expect(images[99] > 0, "something")


def test_a_mistake_of_ours_takes_away_nothing_that_was_earned_before():
    result = run(breaks_halfway, {"images": [1]})
    assert (result.status, result.score, result.message) == ("error", 1, core.OUR_FAULT)
    assert [one.score for one in result.parts] == [1, 0]


def test_a_check_that_says_nothing_to_learners_or_asks_for_something_unknown_cannot_be_written():
    with pytest.raises(TypeError, match="must begin with a sentence"):

        @check(points=1)
        def silent(x: Array) -> None: ...

    @check(points=1)
    def unknown(x, rng) -> None:
        """Sentence."""

    with pytest.raises(TypeError, match="what kind of value `x` is"):
        print(unknown.needs)


@check(points=1)
def takes_everything(a: Array, b: Scalar, c: Text, d: Sequence_, e: Dictionary, f: Anything, g: Batches) -> None:
    """Everything arrives as plain data."""
    expect_equal([a, b, c, d, e, f], [[1, 2], 3, "text", [1, "x"], {"k": 1.5}, (1, 2)])
    expect_equal(g.take(2), [([0, 1],), ([2, 3],)])


def test_every_plain_kind_arrives():
    class Shouting(str):
        def __eq__(self, other):
            return True

        __hash__ = str.__hash__

    names = {
        "a": [1, 2],
        "b": np.array([3]),
        "c": Shouting("text"),
        "d": (1, "x"),
        "e": {"k": np.float64(1.5)},
        "f": (1, 2),
        "g": (np.arange(2) + 2 * i for i in range(10**12)),
    }
    assert run(takes_everything, names).message == ""
    assert run(takes_everything, {**names, "c": Shouting("other")}).status == "failed"


def test_a_hidden_check_draws_other_inputs_than_the_visible_one_of_the_same_seed():
    seen = []

    def draws(double: Function, rng: np.random.Generator) -> None:
        """`double` gives twice its argument."""
        seen.append(rng.normal(size=5))

    for hidden in (False, True):
        run(check(points=1, hidden=hidden)(draws), {"double": len})
    assert not np.isin(*seen).any()


class AlwaysEqual:
    """Claims to equal everything."""

    def __eq__(self, other):
        return True

    def __array__(self, *args, **kwargs):
        return np.zeros(3)

    __hash__ = object.__hash__


def test_an_object_that_equals_everything_equals_nothing():
    result = run(doubles, {"double": lambda x: AlwaysEqual()})
    assert result.message.endswith("found an AlwaysEqual.")
    assert run(doubles, {"double": lambda x: [AlwaysEqual()] * 5}).status == "failed"


# --- a graded cell: visible and hidden together ---


def result_of(status: str, score: float, message: str = "", max_score: float = 2) -> CheckResult:
    """Make a result."""
    return CheckResult("cell", "Title.", status, score, max_score, message)


@pytest.mark.parametrize(
    ("visible", "hidden", "status", "score", "message"),
    [
        (result_of("passed", 2), result_of("passed", 3, max_score=3), "passed", 2, ""),
        (result_of("passed", 2), result_of("failed", 0, "hidden"), "failed", 0, "hidden"),
        (result_of("failed", 1, "visible"), result_of("failed", 0.5, "hidden"), "failed", 0.5, "visible"),
        (result_of("failed", 1, "visible"), result_of("passed", 2), "failed", 1, "visible"),
        (result_of("passed", 2), result_of("error", 0, core.OUR_FAULT), "error", 0, core.OUR_FAULT),
        (result_of("error", 0, core.OUR_FAULT), result_of("passed", 2), "error", 0, core.OUR_FAULT),
        (result_of("error", 1, core.OUR_FAULT), result_of("passed", 2), "error", 1, core.OUR_FAULT),
        (result_of("passed", 2), result_of("error", 1, core.OUR_FAULT), "error", 1, core.OUR_FAULT),
        (result_of("failed", 1), result_of("error", 0, core.OUR_FAULT), "error", 0, core.OUR_FAULT),
        (result_of("passed", 2), None, "passed", 2, ""),
    ],
)
def test_a_cell_earns_the_smaller_of_its_two_fractions(visible, hidden, status, score, message):
    combined = combine(visible, hidden)
    assert (combined.status, combined.score, combined.max_score, combined.message) == (status, score, 2, message)


# --- in a notebook ---

images = np.full((2, 4, 4, 3), 7.0)


def test_called_in_a_notebook_a_check_sees_its_names_and_shows_a_short_block(capsys):
    with pytest.raises(CheckFailed) as caught:
        images_are_scaled()
    assert caught.value._render_traceback_() == [
        "✗ images_are_scaled: 0.5 of 2 points\n"
        "  The images are 4 x 4 pixels with values in [0, 1].\n"
        "  range: Expected values in [0, 1]; found values in [7, 7]. Divide by 255 after resizing."
    ]
    assert capsys.readouterr() == ("", "")


def double(x):
    """Give twice the argument, noisily."""
    import sys

    print("noise")
    print("warning", file=sys.stderr)
    return 2 * x


def test_a_check_that_passes_prints_one_line_and_returns_nothing(capsys):
    assert doubles() is None
    assert capsys.readouterr() == ("✓ doubles: 1 of 1 point\n", "")


def test_with_arguments_a_check_is_its_function():
    with pytest.raises(Failed, match="shape"):
        images_are_scaled(np.zeros(3))


def test_jupyter_shows_the_block_and_no_traceback():
    from IPython.core.interactiveshell import InteractiveShell

    shown = []
    shell = InteractiveShell.instance()
    try:
        shell._showtraceback = lambda kind, value, lines: shown.append("\n".join(lines))
        shell.user_ns.update(images=images, images_are_scaled=images_are_scaled)
        shell.run_cell("images_are_scaled()")
    finally:
        InteractiveShell.clear_instance()
    assert shown
    assert shown[0].startswith("✗ images_are_scaled: 0.5 of 2 points")
    assert "Traceback" not in shown[0]
