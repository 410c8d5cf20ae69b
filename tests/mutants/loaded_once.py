"""Loading a backbone takes seconds, and nearly every run of a notebook does it: here it is loaded once and lent out.

Whoever asks for it again, in a later run, gets the same object with its weights as they were; whoever asks twice in the
same run gets two objects, as with TensorFlow Hub itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class _Lent:
    loaded: Any
    weights: list[np.ndarray]
    run: int

    def as_new(self) -> Any:
        """Return the object with the weights that it was loaded with."""
        for variable, value in zip(self.loaded.variables, self.weights, strict=True):
            variable.assign(value)
        return self.loaded


@dataclass
class LoadedOnce:
    """Takes the place of what `hub.KerasLayer` loads with, from `install` on. Call `begin` before each run."""

    run: int = 0
    lent: dict[tuple[str, str], list[_Lent]] = field(default_factory=dict)

    def begin(self) -> None:
        """Say that a new run begins: what was lent in earlier ones is no longer in use."""
        self.run += 1

    def keep(self, loaded: set[int]) -> None:
        """Say which of the lent objects, by their `id`, this run has got already: nobody else gets them in it."""
        for known in self.lent.values():
            for one in known:
                if id(one.loaded) in loaded:
                    one.run = self.run

    def install(self) -> None:
        """Let every `hub.KerasLayer` of this process load through here."""
        from tensorflow_hub import keras_layer

        load = keras_layer.load_module

        def load_module(handle: Any, tags: Any = None, load_options: Any = None) -> Any:
            if not isinstance(handle, str):
                return load(handle, tags, load_options)
            known = self.lent.setdefault((handle, repr(tags)), [])
            free = next((one for one in known if one.run != self.run), None)
            if free is None:
                loaded = load(handle, tags, load_options)
                free = _Lent(loaded, [variable.numpy() for variable in loaded.variables], self.run)
                known.append(free)
            free.run = self.run
            return free.as_new()

        keras_layer.load_module = load_module
