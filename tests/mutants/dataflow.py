"""Which names a notebook's cell reads, sets, and may change in place."""

from __future__ import annotations

import ast
import pathlib
import symtable
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Names:
    """Names of the notebook that a cell reads, its functions' bodies included, and sets or changes in place."""

    loads: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()


@lru_cache(maxsize=1000)
def names_of(source: str) -> Names:
    """Return the names that a cell reads and sets; nothing where it has a syntax error, and so never runs."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        code = TransformerManager().transform_cell(source)
        top = symtable.symtable(code, "cell", "exec")
    except SyntaxError:
        return Names()
    symbols = top.get_symbols()
    stores = {one.get_name() for one in symbols if one.is_assigned() or one.is_imported()}
    loads = {one.get_name() for one in symbols if one.is_referenced()}
    for table in _below(top):
        loads |= {one.get_name() for one in table.get_symbols() if one.is_global() and one.is_referenced()}
        stores |= {one.get_name() for one in table.get_symbols() if one.is_declared_global() and one.is_assigned()}
    return Names(frozenset(loads), frozenset(stores | (_changed_in_place(code) & loads)))


_CHANGING = {
    "append",
    "extend",
    "insert",
    "remove",
    "pop",
    "clear",
    "sort",
    "reverse",
    "update",
    "setdefault",
    "popitem",
    "add",
    "discard",
}


def _changed_in_place(code: str) -> set[str]:
    """Return the names whose values are changed by `x[...] = ...`, `x.attribute = ...`, `x += ...`, `x.append(...)`."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, (ast.Subscript, ast.Attribute)) and not isinstance(node.ctx, ast.Load):
            found.add(_root(node))
        elif isinstance(node, ast.AugAssign):
            found.add(_root(node.target))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _CHANGING:
            found.add(_root(node.func))
    return found


def _root(node: ast.AST) -> str:
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _below(table: symtable.SymbolTable) -> Iterable[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _below(child)


def reachable(names: Iterable[str], read_by: Mapping[str, frozenset[str]]) -> set[str]:
    """Return the names and all that the functions among them read when they are called.

    Args:
        names: where to begin.
        read_by: for each name, the names read by the cell that sets it.
    """
    found, left = set(), list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left.extend(read_by.get(name, ()))
    return found


def can_change(value: Any) -> bool:
    """Return whether using the value may change it: models, layers, iterators, and objects of unknown kinds.

    Lists and dictionaries of plain values count as unchanging, because whoever keeps them keeps a copy (`copied`).
    """
    if value is None or isinstance(value, _UNCHANGING):
        return False
    if isinstance(value, (tuple, frozenset, list, set)):
        return any(map(can_change, value))
    if isinstance(value, dict):
        return any(map(can_change, value.values()))
    kind = type(value)
    if "terator" in kind.__name__ or kind.__name__ == "ResourceVariable":
        return True
    # Data sets, tensors, descriptions by TFDS, figures and what training recorded are not changed once they are made.
    return kind.__name__ != "History" and not kind.__module__.startswith(_UNCHANGING_MODULES)


_UNCHANGING = (
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    type,
    str,
    bytes,
    int,
    float,
    complex,
    range,
    np.ndarray,
    np.generic,
)
_UNCHANGING_MODULES = ("tensorflow.python", "tensorflow_datasets", "matplotlib", "numpy", "pathlib", "flowercourse")


def copied(value: Any) -> Any:
    """Return the value, lists and dictionaries in it as copies."""
    if type(value) in (list, set):
        return type(value)(map(copied, value))
    if type(value) is dict:
        return {key: copied(item) for key, item in value.items()}
    return value


def same(one: Any, other: Any) -> bool:
    """Return whether two values are equal for whoever reads them; False where that cannot be told."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and _same_numbers(one, other)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, types.FunctionType):
        return _text(one) == _text(other) and not one.__closure__ and not other.__closure__
    if type(one).__name__ == "EagerTensor":
        return one.dtype == other.dtype and one.shape == other.shape and same(one.numpy(), other.numpy())
    if isinstance(one, (str, bytes, int, float, complex, range, np.generic, pathlib.PurePath)):
        return bool(one == other)
    return False


def _same_numbers(one: np.ndarray, other: np.ndarray) -> bool:
    """Return whether two arrays of one shape and type are equal, nan equal to nan. Pictures are large: look once."""
    equal = one == other
    if equal.all():
        return True
    if one.dtype.kind not in "fc":
        return False
    differing = ~equal
    return bool(np.isnan(one[differing]).all() and np.isnan(other[differing]).all())


def _text(function: types.FunctionType) -> tuple[Any, ...]:
    code = function.__code__
    return code.co_code, code.co_names, repr(code.co_consts), repr(function.__defaults__), repr(function.__kwdefaults__)
