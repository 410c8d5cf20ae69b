"""Describing Matplotlib figures as data, and collecting the figures that a function draws."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.agent.plain import WrongType, type_name
from autograder.protocol import Plain

MAX_AXES = 200
MAX_ARTISTS = 100
MAX_POINTS = 10_000
MAX_PIXELS = 2**18


def describe(drawn: Any) -> dict[str, Plain]:
    """Return a figure's axes as data. `drawn` may be a figure, one of its axes, or a list or array of axes."""
    figure = _figure(drawn)
    if figure is None:
        raise WrongType(f"a Matplotlib figure, not {type_name(drawn)}")
    figure.canvas.draw()  # places ticks and their labels
    title = getattr(figure, "_suptitle", None)
    return {
        "title": title.get_text() if title is not None else "",
        "size": [float(length) for length in figure.get_size_inches()],
        "axes": [_axes(axes) for axes in figure.axes[:MAX_AXES] if axes.get_label() != "<colorbar>"],
    }


def _figure(drawn: Any) -> Any:
    if hasattr(drawn, "axes") and hasattr(drawn, "savefig"):
        return drawn
    if isinstance(drawn, (list, tuple, np.ndarray)):
        drawn = next(iter(np.asarray(drawn, dtype=object).flat), None)
    return getattr(drawn, "figure", None)


def _axes(axes: Any) -> dict[str, Plain]:
    titles = [axes.title, axes._left_title, axes._right_title]
    title = next((one for one in titles if one.get_text()), axes.title)
    legend = axes.get_legend()
    return {
        "title": title.get_text(),
        "title_color": _rgba(title.get_color()),
        "xlabel": axes.get_xlabel(),
        "ylabel": axes.get_ylabel(),
        "xticklabels": [tick.get_text() for tick in axes.get_xticklabels()[:MAX_ARTISTS]],
        "yticklabels": [tick.get_text() for tick in axes.get_yticklabels()[:MAX_ARTISTS]],
        "xlim": [float(limit) for limit in axes.get_xlim()],
        "ylim": [float(limit) for limit in axes.get_ylim()],
        "lines": [_line(line) for line in axes.lines[:MAX_ARTISTS]],
        "bars": [_bar(bar) for bar in axes.patches[:MAX_ARTISTS] if hasattr(bar, "get_height")],
        "images": [_image(image) for image in axes.images[:4]],
        "texts": [
            {"text": text.get_text(), "color": _rgba(text.get_color())} for text in axes.texts[: 4 * MAX_ARTISTS]
        ],
        "legend": [text.get_text() for text in legend.get_texts()] if legend is not None else [],
        "visible": bool(axes.get_visible()),
        "axis_on": bool(axes.axison),
    }


def _line(line: Any) -> dict[str, Plain]:
    x, y = (np.asarray(values, dtype=float).ravel()[:MAX_POINTS] for values in line.get_data(orig=False))
    label = str(line.get_label())
    return {
        "label": "" if label.startswith("_") else label,
        "x": x,
        "y": y,
        "color": _rgba(line.get_color()),
        "style": str(line.get_linestyle()),
        "marker": str(line.get_marker()),
    }


def _bar(bar: Any) -> dict[str, Plain]:
    return {"height": float(bar.get_height()), "width": float(bar.get_width()), "color": _rgba(bar.get_facecolor())}


def _image(image: Any) -> dict[str, Plain]:
    pixels = np.ma.getdata(image.get_array())
    small = pixels.size <= 3 * MAX_PIXELS and pixels.dtype.kind in "biuf"
    return {"shape": list(pixels.shape), "dtype": pixels.dtype.name, "pixels": np.array(pixels) if small else None}


def _rgba(color: Any) -> list[float]:
    from matplotlib.colors import to_rgba

    return [float(part) for part in to_rgba(color)]


@contextlib.contextmanager
def collected() -> Iterator[list[Any]]:
    """Collect the figures that are drawn meanwhile, and keep them from appearing in the notebook's output."""
    pyplot: Any = sys.modules.get("matplotlib.pyplot")
    drawn: list[Any] = []
    if pyplot is None:
        yield drawn
        return
    before, show = set(pyplot.get_fignums()), pyplot.show
    pyplot.show = lambda *args, **kwargs: None
    try:
        yield drawn
    finally:
        pyplot.show = show
        new = [number for number in pyplot.get_fignums() if number not in before]
        drawn.extend(pyplot.figure(number) for number in new)
        for number in new:
            pyplot.close(number)
