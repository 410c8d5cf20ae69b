"""What may pass between the trusted side and a learner's process: plain data in length-prefixed messages.

A message is four parts, one after the other:

    magic     4 bytes    b"FLW1"
    lengths   2 x 8      big-endian: bytes of the JSON part, bytes of the data part
    JSON      UTF-8      {"tree": TREE, "blobs": [[offset, length], ...]} in the spelling below
    data      raw        the arrays' elements and byte strings, C order, little-endian

`TREE` spells a value. None, bool, int, float and str stand for themselves; everything else is a list whose first item
says what it is:

    ["list", [TREE, ...]]   ["tuple", [TREE, ...]]   ["dict", [[TREE, TREE], ...]]
    ["array", dtype, shape, blob]          dtype one of `DTYPES`
    ["texts", shape, [str, ...]]           an array of text
    ["bytes", blob]
    ["opaque", type name]                  something that is not plain data: only its type's name crosses
    ["build", kind, TREE]                  trusted side to learner only: a thing to be made there (`Build`)

There are no pickles, nothing is evaluated, and nothing is allocated before its size was checked against `MessageLimits`
and against the bytes that really came. `decode` answers any bytes whatever with plain Python and NumPy values or with
`ProtocolError`; the tests hold it to that with random bytes. Decoded arrays own their memory, their class is exactly
`numpy.ndarray` (a NumPy scalar where the shape is empty), and text holds no lone surrogates, so that it can be written
anywhere.
"""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MAGIC = b"FLW1"
PREFIX = struct.Struct(">4sQQ")
DTYPES = ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8")


class ProtocolError(Exception):
    """Bytes that are no message, or a value that cannot be one. The text says why, without quoting the bytes."""


class TooLarge(ProtocolError):
    """A message or a part of it that is larger than the limits allow."""


@dataclass(frozen=True)
class MessageLimits:
    """The most that one message may hold."""

    message_bytes: int = 128 * 2**20
    json_bytes: int = 4 * 2**20
    array_elements: int = 32 * 2**20
    items: int = 100_000
    depth: int = 12
    ndim: int = 8
    integer_bits: int = 512  # all of these are numbers as a float, too


LIMITS = MessageLimits()


@dataclass(frozen=True)
class Opaque:
    """Stands for a learner's value that is not plain data: all that is known of it is its type's name."""

    type_name: str

    def __str__(self) -> str:
        return f"a {self.type_name}"


@dataclass(frozen=True)
class Build:
    """A thing that the learner's process is asked to make, such as a tensor or a data set, from plain parts."""

    kind: str
    parts: Any = field(repr=False)


Plain = Any  # None, bool, int, float, str, bytes, list, tuple, dict, numpy.ndarray, Opaque (and Build in requests)


# --- encoding ---------------------------------------------------------------------------------------------------------


class _Writer:
    def __init__(self, limits: MessageLimits) -> None:
        self.limits = limits
        self.items = 0
        self.offset = 0
        self.blobs: list[tuple[int, int]] = []
        self.chunks: list[bytes] = []

    def blob(self, data: bytes) -> int:
        if self.offset + len(data) > self.limits.message_bytes:
            raise TooLarge(f"more than {self.limits.message_bytes:,} bytes in one message")
        self.blobs.append((self.offset, len(data)))
        self.chunks.append(data)
        self.offset += len(data)
        return len(self.blobs) - 1

    def tree(self, value: Plain, depth: int = 0) -> Any:
        self.items += 1
        if self.items > self.limits.items:
            raise TooLarge(f"more than {self.limits.items:,} values in one message")
        if depth > self.limits.depth:
            raise TooLarge(f"values nested deeper than {self.limits.depth}")
        if value is None or type(value) in (bool, float):
            return value
        if type(value) is int:
            if value.bit_length() > self.limits.integer_bits:
                raise TooLarge(f"an integer of more than {self.limits.integer_bits} bits")
            return value
        if type(value) is str:
            return clean_text(value)
        if type(value) is list or type(value) is tuple:
            return [type(value).__name__, [self.tree(item, depth + 1) for item in value]]
        if type(value) is dict:
            pairs = [[self.tree(key, depth + 1), self.tree(item, depth + 1)] for key, item in value.items()]
            return ["dict", pairs]
        if isinstance(value, (np.ndarray, np.generic)):
            return self.array(np.asarray(value))
        if type(value) is bytes:
            return ["bytes", self.blob(value)]
        if type(value) is Opaque:
            return ["opaque", clean_text(value.type_name)]
        if type(value) is Build:
            return ["build", value.kind, self.tree(value.parts, depth + 1)]
        raise ProtocolError(f"a {type(value).__name__} is not plain data")

    def array(self, value: np.ndarray) -> Any:
        if value.ndim > self.limits.ndim:
            raise TooLarge(f"an array of {value.ndim} dimensions")
        if value.size > self.limits.array_elements:
            raise TooLarge(f"an array of {value.size:,} elements")
        if value.dtype.kind == "U":
            self.items += value.size
            if self.items > self.limits.items:
                raise TooLarge(f"more than {self.limits.items:,} values in one message")
            return ["texts", list(value.shape), [clean_text(str(text)) for text in value.ravel()]]
        dtype = value.dtype.newbyteorder("<").str
        if dtype not in DTYPES:
            raise ProtocolError(f"an array of dtype {value.dtype} is not plain data")
        data = np.ascontiguousarray(value, dtype=dtype).tobytes()
        return ["array", dtype, list(value.shape), self.blob(data)]


def encode(value: Plain, limits: MessageLimits = LIMITS) -> bytes:
    """Return the message that spells `value`.

    Raises:
        ProtocolError: the value is not plain data.
        TooLarge: it is more than the limits allow.
    """
    writer = _Writer(limits)
    try:
        tree = writer.tree(value)
    except RecursionError:
        raise TooLarge(f"values nested deeper than {limits.depth}") from None
    text = json.dumps({"tree": tree, "blobs": writer.blobs}, ensure_ascii=False, separators=(",", ":")).encode()
    if len(text) > limits.json_bytes:
        raise TooLarge(f"more than {limits.json_bytes:,} bytes of text and structure in one message")
    if PREFIX.size + len(text) + writer.offset > limits.message_bytes:
        raise TooLarge(f"more than {limits.message_bytes:,} bytes in one message")
    return b"".join((PREFIX.pack(MAGIC, len(text), writer.offset), text, *writer.chunks))


# --- decoding ---------------------------------------------------------------------------------------------------------


def body_length(prefix: bytes, limits: MessageLimits = LIMITS) -> int:
    """Return how many bytes follow a message's first `PREFIX.size` bytes.

    Raises:
        ProtocolError: these are not the first bytes of a message.
        TooLarge: the message announces more than the limits allow; nothing has been allocated for it.
    """
    if len(prefix) < PREFIX.size:
        raise ProtocolError("the message is shorter than its own prefix")
    magic, json_length, data_length = PREFIX.unpack_from(prefix)
    if magic != MAGIC:
        raise ProtocolError("this is not a message")
    if json_length > limits.json_bytes or PREFIX.size + json_length + data_length > limits.message_bytes:
        raise TooLarge("the message is larger than allowed")
    return json_length + data_length


class _Reader:
    def __init__(self, data: memoryview, blobs: list[tuple[int, int]], limits: MessageLimits, builds: bool) -> None:
        self.data = data
        self.blobs = blobs
        self.limits = limits
        self.builds = builds
        self.items = 0
        self.characters = 0
        self.used: set[int] = set()

    def value(self, tree: Any, depth: int = 0) -> Plain:
        self.items += 1
        if self.items > self.limits.items or depth > self.limits.depth:
            raise TooLarge("the message holds more values than allowed")
        if tree is None or isinstance(tree, (bool, float)):
            return tree
        if isinstance(tree, int):
            if tree.bit_length() > self.limits.integer_bits:
                raise TooLarge("the message holds an integer that is too long")
            return tree
        if isinstance(tree, str):
            return clean_text(tree)
        match tree:
            case ["list", list(items)]:
                return [self.value(item, depth + 1) for item in items]
            case ["tuple", list(items)]:
                return tuple(self.value(item, depth + 1) for item in items)
            case ["dict", list(pairs)]:
                return dict(self.pair(pair, depth + 1) for pair in pairs)
            case ["array", str(dtype), list(shape), int(blob)]:
                return self.array(dtype, self.shape(shape), blob)
            case ["texts", list(shape), list(texts)]:
                return self.texts(self.shape(shape), texts)
            case ["bytes", int(blob)]:
                return bytes(self.blob(blob))
            case ["opaque", str(name)]:
                return Opaque(clean_text(name)[:100])
            case ["build", str(kind), parts] if self.builds:
                return Build(kind, self.value(parts, depth + 1))
        raise ProtocolError("the message spells a value in an unknown way")

    def pair(self, pair: Any, depth: int) -> tuple[Plain, Plain]:
        if not isinstance(pair, list) or len(pair) != 2:
            raise ProtocolError("the message spells a dictionary in an unknown way")
        key = self.value(pair[0], depth)
        if not (key is None or isinstance(key, (bool, int, float, str))):
            raise ProtocolError("the message has a dictionary key that is not plain")
        return key, self.value(pair[1], depth)

    def shape(self, shape: list[Any]) -> tuple[int, ...]:
        if len(shape) > self.limits.ndim:
            raise TooLarge("the message holds an array of too many dimensions")
        if not all(type(n) is int and 0 <= n <= self.limits.array_elements for n in shape):
            raise ProtocolError("the message holds an array of impossible shape")
        if math.prod(shape) > self.limits.array_elements:
            raise TooLarge("the message holds an array of too many elements")
        return tuple(shape)

    def blob(self, index: int) -> memoryview:
        if type(index) is not int or not 0 <= index < len(self.blobs):
            raise ProtocolError("the message refers to data that it does not carry")
        if index in self.used:  # a thousand arrays of the same bytes would be larger than any message
            raise ProtocolError("the message refers twice to the same data")
        self.used.add(index)
        offset, length = self.blobs[index]
        return self.data[offset : offset + length]

    def array(self, dtype: str, shape: tuple[int, ...], blob: int) -> Plain:
        if dtype not in DTYPES:
            raise ProtocolError("the message holds an array of a dtype that is not plain data")
        data = self.blob(blob)
        if len(data) != math.prod(shape) * np.dtype(dtype).itemsize:
            raise ProtocolError("the message holds an array whose data do not fit its shape")
        if dtype == "|b1":  # bytes other than 0 and 1 would make booleans that are neither
            found = (np.frombuffer(data, dtype="|u1") != 0).reshape(shape)
        else:
            found = np.frombuffer(data, dtype=dtype).reshape(shape).copy()
        return found if shape else found[()]

    def texts(self, shape: tuple[int, ...], texts: list[Any]) -> np.ndarray:
        self.items += len(texts)
        if self.items > self.limits.items:
            raise TooLarge("the message holds more values than allowed")
        if not all(isinstance(text, str) for text in texts) or len(texts) != math.prod(shape):
            raise ProtocolError("the message spells an array of text in an unknown way")
        # NumPy gives every element the width of the longest: what is allocated is the product of the two.
        width = max(map(len, texts), default=1)
        self.characters += width * len(texts)
        if self.characters > self.limits.array_elements // 4:
            raise TooLarge("the message holds arrays of text that are too wide")
        return np.array([clean_text(text) for text in texts], dtype=f"<U{max(width, 1)}").reshape(shape)


def _blobs(spelled: Any, length: int) -> list[tuple[int, int]]:
    """Return the data part's pieces, which must lie in it one after the other without gap or overlap."""
    if not isinstance(spelled, list):
        raise ProtocolError("the message does not say where its data lie")
    pieces, end = [], 0
    for piece in spelled:
        match piece:
            case [int(offset), int(size)] if offset == end and type(size) is int and 0 <= size <= length - end:
                pieces.append((end, size))
                end += size
            case _:
                raise ProtocolError("the message does not say where its data lie")
    if end != length:
        raise ProtocolError("the message carries data that nothing refers to")
    return pieces


def decode(message: bytes, limits: MessageLimits = LIMITS, *, builds: bool = False) -> Plain:
    """Return the value that a message spells: plain Python and NumPy, whatever the bytes are.

    Args:
        message: one whole message, from anybody.
        limits: the most that it may hold.
        builds: whether `Build` may occur in it: only where the trusted side is the sender.

    Raises:
        ProtocolError: the bytes are no message within the limits.
    """
    length = body_length(message[: PREFIX.size], limits)
    if len(message) != PREFIX.size + length:
        raise ProtocolError("the message has another length than it says")
    json_length = PREFIX.unpack_from(message)[1]
    body = memoryview(message)[PREFIX.size :]
    try:
        top = json.loads(bytes(body[:json_length]).decode("utf-8"))
        if not isinstance(top, dict) or set(top) != {"tree", "blobs"}:
            raise ProtocolError("the message has no tree")
        data = body[json_length:]
        return _Reader(data, _blobs(top["blobs"], len(data)), limits, builds).value(top["tree"])
    except ProtocolError:
        raise
    except (ValueError, TypeError, RecursionError, OverflowError, MemoryError) as error:
        raise ProtocolError(f"the message cannot be read ({type(error).__name__})") from None


def clean_text(text: str) -> str:
    """Return the text as an exact `str` without lone surrogates, which no file or terminal would take."""
    return text.encode("utf-8", "replace").decode("utf-8")
