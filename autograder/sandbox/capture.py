"""What a notebook's cells showed, rebuilt from untrusted bytes into nbformat outputs of a limited size."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from autograder.conversation.protocol import clean_text

MAX_OUTPUTS = 200
NOTEBOOK_LIMITS = 4
"""What all cells of a notebook may leave together, in limits of a cell."""
_CUT = "\n... the rest of this cell's output was cut off ...\n"


class Outputs:
    """Collects one cell's outputs after the other up to a number of bytes, then drops the rest and says so once.

    Args:
        limit: bytes of text and pictures that one cell may leave.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.left_of_notebook = NOTEBOOK_LIMITS * limit
        self.left = 0
        self.start()

    def start(self) -> None:
        """Begin a new cell."""
        self.left = min(self.limit, self.left_of_notebook)
        self.cut = False
        self.found: list[dict[str, Any]] = []
        self.texts: dict[int, bytearray] = {}

    def text(self, name: str, data: bytes) -> None:
        """Add what was printed to `stdout` or `stderr`."""
        if not data or self.cut:
            return
        kept = data[: self.left]
        self._use(len(kept))
        if not self.found or self.found[-1].get("name") != name or len(self.found) - 1 not in self.texts:
            if not self._add({"output_type": "stream", "name": name, "text": ""}):
                return
            self.texts[len(self.found) - 1] = bytearray()
        self.texts[len(self.found) - 1] += kept
        if len(kept) < len(data):
            self._cut_off()

    def add(self, spelled: Any) -> None:
        """Add an output that the learner's process sent, as JSON text."""
        if self.cut or not isinstance(spelled, str):
            return
        if len(spelled) > self.left:
            self._cut_off()
            return
        try:
            output = _rebuilt(json.loads(spelled))
        except (ValueError, RecursionError, TypeError, AttributeError, KeyError):
            return
        self._use(len(spelled))
        self._add(output)

    def finish(self) -> tuple[Mapping[str, Any], ...]:
        """Return what the cell showed."""
        for index, data in self.texts.items():
            self.found[index]["text"] = clean_text(data.decode("utf-8", "replace"))
        self.texts = {}
        return tuple(self.found)

    def _use(self, count: int) -> None:
        self.left -= count
        self.left_of_notebook -= count

    def _add(self, output: dict[str, Any]) -> bool:
        if len(self.found) >= MAX_OUTPUTS:
            self._cut_off()
            return False
        self.found.append(output)
        return True

    def _cut_off(self) -> None:
        if not self.cut:
            self.cut = True
            self.found.append({"output_type": "stream", "name": "stderr", "text": _CUT})


def _rebuilt(output: Mapping[str, Any]) -> dict[str, Any]:
    """Return an output of exactly nbformat's shape; raises one of several errors where it cannot be made into one."""
    kind = output["output_type"]
    if kind == "error":
        traceback = [_text(line) for line in output["traceback"]][:100]
        name, value = _text(output["ename"])[:200], _text(output["evalue"])
        return {"output_type": kind, "ename": name, "evalue": value, "traceback": traceback}
    if kind not in ("display_data", "execute_result"):
        raise ValueError(kind)
    made: dict[str, Any] = {"output_type": kind, "data": _data(output["data"]), "metadata": {}}
    if kind == "execute_result":
        count = output.get("execution_count")
        made["execution_count"] = count if type(count) is int else None
    return made


def _data(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return text and pictures; types made of JSON (widgets, tables of data) are left out."""
    return {_text(mime)[:100]: _text(value) for mime, value in data.items() if isinstance(value, str)}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("text expected")
    return clean_text(value)
