"""Makes what learners' cells showed harmless: text, and pictures that were decoded and encoded again.

Outputs come from a learner's kernel as nbformat dictionaries and may hold anything. What remains of one output is a
`Text` or a `Picture`; HTML, JavaScript, SVG, widgets and the rest are reduced to their plain text, or left out.
"""

from __future__ import annotations

import base64
import io
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from autograder.conversation.protocol import clean_text
from autograder.outcome.results import CellOutcome

MAX_TEXT = 20_000
"""The longest text that is shown of one output, in characters."""
MAX_PICTURE_BYTES = 8 * 2**20
MAX_PIXELS = 4_000_000
MAX_OUTPUTS = 50
"""Of one cell."""
NOTEBOOK_PICTURES, NOTEBOOK_PIXELS = 64, 40_000_000
"""Of all cells of a notebook together: decoding what a notebook shows must cost less than running it."""
# What terminals take as a command: colors (CSI), titles and links (OSC), and single-character escapes.
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Text:
    """Text that a cell showed; still to be escaped for HTML."""

    text: str
    kind: Literal["result", "stderr", "error"] = "result"


@dataclass(frozen=True)
class Picture:
    """A picture that a cell showed, as a PNG file that this process encoded."""

    png: bytes
    width: int
    height: int


def inert_parts(outputs: Iterable[Mapping[str, Any]]) -> list[Text | Picture]:
    """Return what may be shown of a cell's outputs."""
    made: list[Text | Picture] = []
    for output in outputs:
        if len(made) >= MAX_OUTPUTS:
            made.append(Text("[more outputs were left out]"))
            break
        made += _shown(output)
    return made


def inert_outputs(outputs: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what may be shown of a cell's outputs, as nbformat dictionaries for a notebook."""
    return [_as_output(one) for one in inert_parts(outputs)]


def inert_cells(cells: Iterable[CellOutcome]) -> tuple[CellOutcome, ...]:
    """Return a notebook's cells with nothing among their outputs but what may be shown, and not too much of it."""
    pictures, pixels = NOTEBOOK_PICTURES, NOTEBOOK_PIXELS
    made = []
    for cell in cells:
        outputs: list[dict[str, Any]] = []
        for output in cell.outputs[:MAX_OUTPUTS]:
            if not _holds_picture(output):
                outputs += inert_outputs([output])
                continue
            kept = inert_parts([output]) if pictures > 0 and pixels > 0 else [Text("[more pictures were left out]")]
            pictures -= 1
            pixels -= sum(one.width * one.height if isinstance(one, Picture) else MAX_PIXELS // 4 for one in kept)
            outputs += [_as_output(one) for one in kept]
        if len(cell.outputs) > MAX_OUTPUTS:
            outputs.append(_as_output(Text("[more outputs were left out]")))
        made.append(replace(cell, outputs=tuple(outputs)))
    return tuple(made)


def _holds_picture(output: Any) -> bool:
    data = output.get("data") if isinstance(output, Mapping) else None
    return isinstance(data, Mapping) and bool({"image/png", "image/jpeg"} & set(data))


def inert_text(text: str, limit: int = MAX_TEXT) -> str:
    """Return text without terminal commands and control characters, of at most ``limit`` characters.

    >>> inert_text("\\x1b[31mred\\x1b[0m")
    'red'
    """
    text = _CONTROL.sub("", _ANSI.sub("", text[: 4 * limit].replace("\r\n", "\n")))
    text = "\n".join(line.rsplit("\r", 1)[-1] for line in text.split("\n"))  # progress bars: the last state
    text = clean_text(text)
    return text if len(text) <= limit else f"{text[:limit]}\n[{len(text) - limit:,} more characters]"


def _shown(output: Any) -> Iterator[Text | Picture]:
    if not isinstance(output, Mapping):
        return
    kind = output.get("output_type")
    if kind == "stream":
        yield Text(inert_text(_joined(output.get("text"))), "stderr" if output.get("name") == "stderr" else "result")
    elif kind == "error":
        trace = output.get("traceback")
        lines = [line for line in trace if isinstance(line, str)] if isinstance(trace, list | tuple) else []
        fallback = f"{_joined(output.get('ename'))}: {_joined(output.get('evalue'))}"
        yield Text(inert_text("\n".join(lines) or fallback), "error")
    elif kind in ("display_data", "execute_result"):
        data = output.get("data")
        data = data if isinstance(data, Mapping) else {}
        picture = _picture(_joined(data.get("image/png") or data.get("image/jpeg")))
        text = inert_text(_joined(data.get("text/plain")))
        if picture is not None:
            yield picture
        elif text:
            yield Text(text)
        elif data:
            yield Text("[an output that cannot be shown here]")


def _joined(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


@lru_cache(maxsize=64)  # the gradebook's notebook and the feedback page show the same pictures one after the other
def _picture(encoded: str) -> Picture | None:
    """Return the picture in a base64 text, encoded anew; None where it holds none that can be decoded."""
    if not encoded or len(encoded) > MAX_PICTURE_BYTES * 4 // 3:
        return None
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow only warns of pictures that unpack to gigabytes
            with Image.open(io.BytesIO(base64.b64decode(encoded)), formats=("PNG", "JPEG")) as image:
                if image.width * image.height > MAX_PIXELS:
                    return None
                image.load()
                clean = image.convert("RGBA" if "A" in image.getbands() or "transparency" in image.info else "RGB")
        file = io.BytesIO()
        # A new image, so that no text chunk, profile or other passenger of the old file comes along.
        Image.frombytes(clean.mode, clean.size, clean.tobytes()).save(file, "PNG", compress_level=4)
    except Exception:  # whatever a decoder trips over in bytes that somebody made for it to trip over
        return None
    return Picture(file.getvalue(), clean.width, clean.height)


def _as_output(one: Text | Picture) -> dict[str, Any]:
    if isinstance(one, Picture):
        data = {"image/png": base64.b64encode(one.png).decode("ascii")}
        return {"output_type": "display_data", "data": data, "metadata": {}}
    if one.kind == "error":
        name, _, rest = one.text.strip().split("\n")[-1].partition(":")
        return {"output_type": "error", "ename": name, "evalue": rest.strip(), "traceback": one.text.split("\n")}
    return {"output_type": "stream", "name": "stderr" if one.kind == "stderr" else "stdout", "text": one.text}
