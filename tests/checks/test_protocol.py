"""Whatever bytes a learner's process sends, the grader gets plain data or a `ProtocolError`."""

from __future__ import annotations

import contextlib
import json
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.checking.expect import equal
from autograder.conversation import protocol
from autograder.conversation.protocol import (
    MAGIC,
    PREFIX,
    Build,
    MessageLimits,
    Opaque,
    ProtocolError,
    TooLarge,
    decode,
    encode,
)
from tests.conftest import tries

numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
arrays = hnp.arrays(
    st.sampled_from([np.dtype(name) for name in protocol.DTYPES]),
    hnp.array_shapes(min_dims=0, max_dims=4, max_side=5, min_side=0),
)
leaves = st.none() | st.booleans() | numbers | texts | st.binary(max_size=50) | arrays | st.builds(Opaque, texts)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(texts | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


def same(left, right) -> bool:
    """Whether two plain values are identical: in type, dtype, shape and content, NaN included."""
    if isinstance(left, (np.ndarray, np.generic)):
        return left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()
    if isinstance(left, (list, tuple)):
        return type(left) is type(right) and len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    return type(left) is type(right) and left == right


def is_plain(value) -> bool:
    """Whether a value is built of plain types alone, exactly those."""
    if type(value) in (list, tuple):
        return all(map(is_plain, value))
    if type(value) is dict:
        return all(is_plain(key) and is_plain(item) for key, item in value.items())
    if isinstance(value, (np.ndarray, np.generic)):
        return value.dtype.kind in "biufU" and (isinstance(value, np.generic) or type(value) is np.ndarray)
    return value is None or type(value) in (bool, int, float, str, bytes, Opaque)


def message(top: object, data: bytes = b"") -> bytes:
    """A message with any JSON in it."""
    text = json.dumps(top).encode()
    return PREFIX.pack(MAGIC, len(text), len(data)) + text + data


@given(values)
def test_a_value_arrives_as_it_was_sent(value):
    arrived = decode(encode(value))
    # A 0-dimensional array arrives as the number in it.
    assert same(decode(encode(arrived)), arrived)
    assert is_plain(arrived)
    assert same(arrived, value) or _has_scalar_arrays(value)


def _has_scalar_arrays(value) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim == 0 or value.dtype == bool
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else []
    return any(map(_has_scalar_arrays, items))


@given(hnp.arrays(hnp.unicode_string_dtypes(max_len=8), hnp.array_shapes(min_dims=1, max_dims=2, max_side=4)))
def test_arrays_of_text_arrive(value):
    arrived = decode(encode(value))
    assert arrived.shape == value.shape
    assert [str(text) for text in arrived.flat] == [
        str(text).encode("utf-8", "replace").decode() for text in value.flat
    ]


@given(st.binary(max_size=400))
def test_random_bytes_never_crash_the_reader(data):
    with pytest.raises(ProtocolError):
        decode(data)


@given(st.binary(max_size=200), st.binary(max_size=60))
def test_random_bytes_after_a_good_prefix_never_crash_the_reader(text, data):
    with pytest.raises(ProtocolError):
        decode(PREFIX.pack(MAGIC, len(text), len(data)) + text + data)


json_trees = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(["array", "dict", "texts", "<f4", "list"]),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["tree", "blobs"]), inner, max_size=2),
    max_leaves=20,
)


@given(json_trees, json_trees, st.binary(max_size=20))
def test_any_json_gives_plain_data_or_an_error(tree, blobs, data):
    with contextlib.suppress(ProtocolError):
        assert is_plain(decode(message({"tree": tree, "blobs": blobs}, data)))


@settings(max_examples=tries(300))
@given(values, st.data())
def test_a_message_with_a_changed_byte_gives_plain_data_or_an_error(value, data):
    good = bytearray(encode(value))
    position = data.draw(st.integers(0, len(good) - 1))
    good[position] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ProtocolError):
        assert is_plain(decode(bytes(good)))


@pytest.mark.parametrize(
    ("tree", "data"),
    [
        (["array", "|O8", [1], 0], b"\0" * 8),
        (["array", "O", [1], 0], b"\0" * 8),
        (["array", "V8", [1], 0], b"\0" * 8),
        (["array", "<M8[s]", [1], 0], b"\0" * 8),
        (["array", "<c8", [1], 0], b"\0" * 8),
        (["array", "<U2", [1], 0], b"\xff" * 8),
        (["array", "<f4", [2], 0], b"\0" * 4),
        (["array", "<f4", [-1], 0], b"\0" * 4),
        (["array", "<f4", [1.0], 0], b"\0" * 4),
        (["array", "<f4", [True], 0], b"\0" * 4),
        (["array", "<f4", [1], 1], b"\0" * 4),
        (["array", "<f4", [1], -1], b"\0" * 4),
        (["array", "<f4", [1], True], b"\0" * 4),
        (["array", "<f4", [2**40, 2**40], 0], b""),
        (["array", "<f4", [0, 2**62], 0], b""),
        (["array", "<f4", [1] * 40, 0], b"\0" * 4),
        (["texts", [2], ["a"]], b""),
        (["texts", [1], [1]], b""),
        (["dict", [[["list", []], 1]]], b""),
        (["dict", [[1]]], b""),
        (["build", "tensor", None], b""),
        (["pickle", "gASVAAAA"], b""),
        ({"list": []}, b""),
        ([], b""),
        (10**400, b""),
    ],
)
def test_what_is_not_plain_data_is_refused(tree, data):
    with pytest.raises(ProtocolError):
        decode(message({"tree": tree, "blobs": [[0, len(data)]]}, data))


def test_data_may_neither_overlap_nor_be_left_over():
    tree = ["list", [["array", "|u1", [4], 0], ["array", "|u1", [4], 1]]]
    good = decode(message({"tree": tree, "blobs": [[0, 4], [4, 4]]}, bytes(8)))
    assert equal(good, [[0, 0, 0, 0], [0, 0, 0, 0]])
    for blobs in ([[0, 4], [0, 4]], [[0, 4], [2, 4]], [[0, 4], [4, 3]], [[4, 4], [0, 4]]):
        with pytest.raises(ProtocolError):
            decode(message({"tree": tree, "blobs": blobs}, bytes(8)))


def test_one_piece_of_data_cannot_be_used_to_fill_the_memory():
    """A hundred thousand arrays of the same large piece would be much larger than the message."""
    tree = ["list", [["array", "|u1", [2**20], 0]] * 50]
    with pytest.raises(ProtocolError, match="twice"):
        decode(message({"tree": tree, "blobs": [[0, 2**20]]}, bytes(2**20)))
    wide = ["texts", [1000], ["x" * 1000, *[""] * 999]]
    with pytest.raises(TooLarge):
        decode(message({"tree": ["list", [wide] * 50], "blobs": []}))


def test_a_message_that_announces_too_much_is_refused_before_anything_is_allocated():
    tracemalloc.start()
    for prefix in (PREFIX.pack(MAGIC, 2**62, 0), PREFIX.pack(MAGIC, 10, 2**62), PREFIX.pack(MAGIC, 2**25, 0)):
        with pytest.raises(TooLarge):
            protocol.body_length(prefix)
    huge = ["texts", [90_000], ["x" * 60_000] + [""] * 89_999]
    with pytest.raises(TooLarge):
        decode(message({"tree": huge, "blobs": []}))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * 2**20


def test_deeply_nested_json_is_refused():
    for text in (b"[" * 100_000, b'{"tree":' * 50_000):
        with pytest.raises(ProtocolError):
            decode(PREFIX.pack(MAGIC, len(text), 0) + text)


def test_booleans_are_true_or_false_whatever_the_byte_was():
    arrived = decode(message({"tree": ["array", "|b1", [3], 0], "blobs": [[0, 3]]}, bytes([0, 1, 255])))
    assert arrived.tobytes() == bytes([0, 1, 1])


def test_text_that_no_file_takes_is_mended():
    arrived = decode(message({"tree": ["dict", [["\ud800", "a\udfff"]]], "blobs": []}))
    assert json.dumps(arrived, ensure_ascii=False).encode() == b'{"?": "a?"}'


def test_numbers_that_are_not_finite_arrive():
    arrived = decode(encode([math.inf, -math.inf, math.nan]))
    assert arrived[:2] == [math.inf, -math.inf]
    assert math.isnan(arrived[2])


def test_arrays_own_their_memory_and_can_be_written():
    arrived = decode(encode(np.arange(6, dtype=">i4").reshape(2, 3)))
    assert arrived.flags.owndata or arrived.base.flags.owndata
    arrived[0, 0] = 7
    assert arrived.dtype == np.dtype("<i4")


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, np.array([object()]), np.array([1j]), np.zeros(1, "M8[s]"), np.zeros(1, "i4,f4")]
)
def test_what_is_not_plain_cannot_be_sent(value):
    with pytest.raises(ProtocolError):
        encode(value)


def test_nothing_larger_than_the_limits_is_sent():
    small = MessageLimits(message_bytes=2000, json_bytes=500, array_elements=100, items=50)
    for value in (np.zeros(101), ["x"] * 60, "x" * 600, [np.zeros(90)] * 3, 2**2000, np.zeros((1,) * 9)):
        with pytest.raises(TooLarge):
            encode(value, small)
    loop: list = []
    loop.append(loop)
    with pytest.raises(TooLarge):
        encode(loop)


def test_only_the_trusted_side_can_ask_for_things_to_be_made():
    request = encode([Build("tensor", {"value": 1})])
    assert decode(request, builds=True) == [Build("tensor", {"value": 1})]
    with pytest.raises(ProtocolError):
        decode(request)
