"""Reads the tensors of a PyTorch file (the serialization before version 1.6) without PyTorch and without trusting it.

Such a file is a row of pickles: a magic number, the protocol's version, facts about the machine that wrote it, the
object, and the keys of its storages; then, for each storage, its length (int64) and its raw numbers. A pickle may call
anything that it can import, so this unpickler knows four names, each of which stands for a function of this module, and
refuses all others.
"""

from __future__ import annotations

import pickle  # noqa: S403  (restricted below)
from collections import OrderedDict
from typing import IO, Any

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
_DTYPES: dict[str, np.dtype] = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class TorchFileError(ValueError):
    """The file is not a PyTorch file of the old kind that holds nothing but tensors."""


class _Storage:
    """A row of numbers that the pickles name and that stands after them in the file."""

    def __init__(self, kind: str, length: int) -> None:
        self.dtype: np.dtype = _DTYPES[kind]
        self.length = length
        self.values: np.ndarray | None = None


class _Tensor:
    """A view of a storage, as the pickle describes it."""

    def __init__(self, storage: _Storage, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any):
        self.storage, self.offset, self.shape, self.strides = storage, offset, shape, strides

    def array(self) -> np.ndarray:
        """Return the tensor as a contiguous NumPy array of its own."""
        values = self.storage.values
        assert values is not None
        last = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.strides, strict=True))
        if min((self.offset, *self.shape, *self.strides)) < 0 or (np.prod(self.shape) and last >= len(values)):
            raise TorchFileError("a tensor reaches beyond its storage")
        steps = [step * values.itemsize for step in self.strides]
        return np.lib.stride_tricks.as_strided(values[self.offset :], self.shape, steps).copy()


class _Restricted(pickle.Unpickler):
    """An unpickler that can make dictionaries of tensors and nothing else."""

    _ALLOWED: dict[tuple[str, str], Any] = {
        ("collections", "OrderedDict"): OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _Tensor,
        ("torch", "FloatStorage"): "FloatStorage",
        ("torch", "LongStorage"): "LongStorage",
    }

    def __init__(self, file: IO[bytes], storages: dict[str, _Storage]) -> None:
        super().__init__(file)
        self._storages = storages

    def find_class(self, module: str, name: str) -> Any:
        """Answer the four names that a dictionary of tensors needs."""
        try:
            return self._ALLOWED[module, name]
        except KeyError:
            raise TorchFileError(f"it asks for {module}.{name}, which no file of weights needs") from None

    def persistent_load(self, pid: Any) -> _Storage:
        """Return the storage that ``pid`` names: ("storage", kind, key, device, length, no view)."""
        try:
            tag, kind, key, _device, length, view = pid
        except (TypeError, ValueError):
            raise TorchFileError("it names a storage in a form that is not known") from None
        if tag != "storage" or kind not in _DTYPES or view is not None or not isinstance(key, str):
            raise TorchFileError("it names a storage in a form that is not known")
        return self._storages.setdefault(key, _Storage(kind, int(length)))


def read(file: IO[bytes]) -> dict[str, np.ndarray]:
    """Return the tensors in ``file`` by name, float32 or int64, in PyTorch's own order of axes.

    Raises:
        TorchFileError: the file is something else, is cut short, or asks for anything but tensors.
    """
    storages: dict[str, _Storage] = {}
    try:
        if _Restricted(file, storages).load() != MAGIC or _Restricted(file, storages).load() != PROTOCOL:
            raise TorchFileError("it does not start as a PyTorch file does")
        if not _Restricted(file, storages).load().get("little_endian"):
            raise TorchFileError("its numbers are not little-endian")
        tensors = _Restricted(file, storages).load()
        keys = _Restricted(file, storages).load()
        for key in keys:
            _read_storage(file, storages[key])
        if set(keys) != set(storages):
            raise TorchFileError("a storage is missing")
        if not all(isinstance(tensor, _Tensor) for tensor in tensors.values()):
            raise TorchFileError("it holds something else than tensors")
        return {str(name): tensor.array() for name, tensor in tensors.items()}
    except TorchFileError:
        raise
    except Exception as error:  # a damaged pickle fails in any way that Python can
        raise TorchFileError(f"it is damaged ({type(error).__name__}: {error})") from error


def _read_storage(file: IO[bytes], storage: _Storage) -> None:
    length = int.from_bytes(_exactly(file, 8), "little", signed=True)
    if length != storage.length:
        raise TorchFileError("a storage is not as long as it was announced")
    storage.values = np.frombuffer(_exactly(file, length * storage.dtype.itemsize), storage.dtype)


def _exactly(file: IO[bytes], size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise TorchFileError("it is cut short")
    return data
