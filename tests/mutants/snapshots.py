"""The state of a notebook's models, kept and put back, so that a changed notebook can begin in the middle.

A model is changed in place: by training, by `compile`, by setting `trainable`. A snapshot keeps, for every model and
layer that a namespace leads to, its attributes and the values of its variables, and puts them back into the very same
objects. What it cannot keep (iterators, objects of unknown kinds) has to be made anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tests.mutants.dataflow import can_change, copied

_KNOWN = ("tf_keras", "tensorflow_hub", "keras", "__main__")


def parts_of(value: Any) -> Iterator[Any]:
    """Yield the objects that a value leads to whose attributes make up its state: models, layers, optimizers, ..."""
    seen: set[int] = set()
    left = [value]
    while left:
        one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, (list, tuple, set, frozenset)):
            left.extend(one)
        elif isinstance(one, Mapping):
            left.extend(one.values())
        elif type(one).__module__.split(".")[0] in _KNOWN and hasattr(one, "__dict__"):
            yield one
            left.extend(vars(one).values())


def can_be_kept(value: Any) -> bool:
    """Return whether a snapshot holds all that using the value may change."""
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(map(can_be_kept, value))
    if isinstance(value, dict):
        return all(map(can_be_kept, value.values()))
    return not can_change(value) or type(value).__module__.split(".")[0] in _KNOWN


def _variables(part: Any) -> list[Any]:
    """Return a layer's or an optimizer's variables, as far as it has made any."""
    found = getattr(part, "variables", None)
    try:
        found = found() if callable(found) else found
    except (TypeError, ValueError, AttributeError):  # a layer that has not been built
        return []
    return [one for one in found or [] if hasattr(one, "assign") and hasattr(one, "numpy")]


class Snapshot:
    """What the models of a namespace were at one moment.

    Args:
        names: the namespace.
        earlier: a snapshot from before, whose arrays are shared where nothing has changed.
    """

    def __init__(self, names: Mapping[str, Any], earlier: Snapshot | None = None) -> None:
        known = earlier.values if earlier else {}
        self.changed: set[int] = set()  # `id` of variables that had another value in the earlier one, or none
        self.attributes: dict[int, tuple[Any, dict[str, Any]]] = {}
        self.values: dict[int, tuple[Any, np.ndarray]] = {}
        for value in names.values():
            for part in parts_of(value) if can_change(value) else ():
                self.attributes.setdefault(id(part), (part, copied(dict(vars(part)))))
                for variable in _variables(part):
                    if id(variable) not in self.values:
                        now, before = variable.numpy(), known.get(id(variable), (None, None))[1]
                        kept = before if before is not None and np.array_equal(now, before) else np.array(now)
                        self.values[id(variable)] = (variable, kept)
                        if kept is not before:
                            self.changed.add(id(variable))

    def put_back(self, except_for: set[int] | frozenset[int] = frozenset(), *, after_earlier: bool = False) -> None:
        """Give the objects their attributes and variables of that moment.

        Args:
            except_for: leave those alone whose `id` is named.
            after_earlier: whether they are now what they were in the earlier snapshot.
        """
        for key, (part, attributes) in self.attributes.items():
            if key not in except_for:
                vars(part).clear()
                vars(part).update(copied(attributes))
        for key in self.changed if after_earlier else self.values:
            variable, value = self.values[key]
            if key not in except_for and not np.array_equal(variable.numpy(), value):
                variable.assign(value)


def group_of(value: Any) -> frozenset[int]:
    """Return the `id` of every object and variable that makes up a value's state: values that share one share it."""
    parts = list(parts_of(value))
    return frozenset(map(id, parts)) | {id(variable) for part in parts for variable in _variables(part)}
