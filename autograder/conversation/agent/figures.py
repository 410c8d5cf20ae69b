"""Describing Matplotlib figures as data, and collecting the figures that a function draws."""

from __future__ import annotations

import contextlib
import io
import math
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.conversation.agent.plain import WrongType, type_name
from autograder.conversation.protocol import Plain

NOTHING = (None, "", " ", "None", "none")
MAX_AXES = 200
MAX_ARTISTS = 100
MAX_POINTS = 10_000
MAX_PIXELS = 2**18
MAX_DRAWN = 2**16  # pixels of a whole figure
SMALLEST_DPI = 18.0  # at fewer, the font library refuses small letters
SMALLEST_LETTERS = 2.0  # points: less than a millimeter


def describe(drawn: Any) -> dict[str, Plain]:
    """Return a figure's axes as data. `drawn` may be a figure, one of its axes, or a list or array of axes."""
    figure = _figure(drawn)
    figure.draw_without_rendering()  # places axes, ticks and labels; a closed figure's own canvas draws nothing
    title = getattr(figure, "_suptitle", None)
    return {
        "title": _words(title) if title is not None else "",
        "size": [float(length) for length in figure.get_size_inches()],
        "axes": [_axes(axes, figure) for axes in figure.axes[:MAX_AXES] if axes.get_label() != "<colorbar>"],
    }


def pixels(drawn: Any) -> dict[str, Plain]:
    """Return what a figure looks like, small: `pixels`, uint8 (pixels, 4), row by row from the top left.

    There are `width` of them in a row.
    """
    import matplotlib

    figure = _figure(drawn)
    width, height = figure.get_size_inches()
    dpi = min(40.0, max(SMALLEST_DPI, math.sqrt(MAX_DRAWN / (width * height))))
    target = io.BytesIO()
    with matplotlib.rc_context({"savefig.bbox": None}):  # the whole sheet, so that places on it are known
        figure.savefig(target, format="rgba", dpi=dpi)
    drawing = np.frombuffer(target.getvalue(), np.uint8).reshape(-1, int(width * dpi), 4)
    step = max(1, math.ceil(math.sqrt(drawing.size / 4 / MAX_DRAWN)))
    small = np.ascontiguousarray(drawing[::step, ::step])
    return {"pixels": small.reshape(-1, 4), "width": small.shape[1]}


def _figure(drawn: Any) -> Any:
    """Return the Matplotlib figure that this is, or is part of."""
    from matplotlib.figure import Figure

    found = drawn
    if isinstance(found, (list, tuple, np.ndarray)):
        found = next(iter(np.asarray(found, dtype=object).flat), None)
    if not isinstance(found, Figure):
        found = getattr(found, "figure", None)
    if not isinstance(found, Figure):
        raise WrongType(f"a Matplotlib figure, not {type_name(drawn)}")
    return found


def _axes(axes: Any, figure: Any) -> dict[str, Plain]:
    titles = [one for one in (axes._left_title, axes.title, axes._right_title) if _words(one)]
    colors = {tuple(_rgba(one.get_color())) for one in titles}
    legend = axes.get_legend()
    if legend is not None and not legend.get_visible():
        legend = None
    return {
        "title": " ".join(map(_words, titles)),
        "title_color": list(colors.pop()) if len(colors) == 1 else _rgba("black"),
        "xlabel": _words(axes.xaxis.label) if axes.axison else "",
        "ylabel": _words(axes.yaxis.label) if axes.axison else "",
        "xticklabels": [tick.get_text() for tick in axes.get_xticklabels()[:MAX_ARTISTS]],
        "yticklabels": [tick.get_text() for tick in axes.get_yticklabels()[:MAX_ARTISTS]],
        "xlim": [float(limit) for limit in axes.get_xlim()],
        "ylim": [float(limit) for limit in axes.get_ylim()],
        "lines": [_line(line, legend) for line in axes.lines[:MAX_ARTISTS]],
        "bars": [_bar(bar) for bar in axes.patches[:MAX_ARTISTS] if hasattr(bar, "get_height")],
        "images": [_image(image) for image in axes.images[:4]],
        "texts": [
            {"text": text.get_text(), "color": _rgba(text.get_color())} for text in axes.texts[: 4 * MAX_ARTISTS]
        ],
        "legend": [_words(text) for text in legend.get_texts()] if legend is not None else [],
        "box": _box(axes, figure),
        "visible": bool(axes.get_visible()),
        "axis_on": bool(axes.axison),
    }


def _line(line: Any, legend: Any) -> dict[str, Plain]:
    x, y = (np.asarray(values, dtype=float).ravel()[:MAX_POINTS] for values in line.get_data(orig=False))
    return {
        "label": _label(line, legend),
        "x": x,
        "y": y,
        "color": _rgba(line.get_color()),
        "style": _style(line),
        "marker": _marker(line),
        "seen": _seen(line),
    }


def _label(line: Any, legend: Any) -> str:
    """Return what a reader takes for the line's label: the legend's words beside what looks like it, else its own.

    `ax.legend(["training", "validation"])` names lines that have no label of their own, or another one.
    """
    shown = zip(legend.legend_handles, legend.get_texts(), strict=False) if legend is not None else ()
    named = {_words(text) for handle, text in shown if hasattr(handle, "get_marker") and _look(handle) == _look(line)}
    label = named.pop() if len(named) == 1 else str(line.get_label())
    return "" if label.startswith("_") else label


def _look(line: Any) -> tuple[Any, ...]:
    """Return what tells a line from others in a legend: color, style and marker."""
    return (*_rgba(line.get_color()), _style(line), str(line.get_marker()))


def _seen(line: Any) -> bool:
    """Return whether a reader sees the line: drawn, thick and opaque enough, not in the color of its ground."""
    axes = line.axes
    ground = _ground(axes.get_facecolor(), axes.figure.get_facecolor())
    drawn = (
        (line.get_linestyle() not in NOTHING and line.get_linewidth() > 0.1, line.get_color()),
        (line.get_marker() not in NOTHING and line.get_markersize() > 0.5, line.get_markerfacecolor()),
        (line.get_marker() not in NOTHING and line.get_markeredgewidth() > 0.1, line.get_markeredgecolor()),
    )
    differs = any(there and _stands_out(line, color, ground) for there, color in drawn)
    return bool(line.get_visible() and axes.get_visible() and differs)


def _words(text: Any) -> str:
    """Return what a text beside the axes says, if a reader can read it: drawn, and in another color than the sheet."""
    axes = getattr(text, "axes", None)
    if not text.get_visible() or text.get_fontsize() < SMALLEST_LETTERS or not (axes is None or axes.get_visible()):
        return ""
    sheet = _ground(text.get_figure().get_facecolor())
    return str(text.get_text()) if _stands_out(text, text.get_color(), sheet) else ""


def _box(axes: Any, figure: Any) -> list[float]:
    """Return where axes lie in the figure: left, top, right and bottom as shares of its width and height."""
    place = axes.bbox.transformed(figure.transFigure.inverted())  # not `get_position`, which is within a subfigure
    return [float(one) for one in (place.x0, 1 - place.y1, place.x1, 1 - place.y0)]


def _ground(*colors: Any) -> Any:
    """Return the first of these colors that hides what is behind it, else that of paper."""
    return next((one for one in colors if one[3] > 0.5), (1, 1, 1, 1))


def _stands_out(artist: Any, color: Any, ground: Any) -> bool:
    """Return whether a color of a line or text, as opaque as that is, is another one to the eye than the ground."""
    if isinstance(color, str) and color == "none":
        return False
    found = _rgba(color)
    alpha = artist.get_alpha()
    opaque = found[3] * (1.0 if alpha is None else min(float(alpha), 1.0))
    return max(abs(one - other) * opaque for one, other in zip(found[:3], ground[:3], strict=True)) > 0.1


def _marker(line: Any) -> str:
    """Return the line's marker, "None" where nobody sees it."""
    return str(line.get_marker()) if line.get_markersize() > 0.5 else "None"


def _style(line: Any) -> str:
    """Return the line's style; where it is dashed, with the lengths of dashes and gaps, which may be its own.

    It is "None" where nobody sees it.
    """
    if line.get_linewidth() <= 0.1:
        return "None"
    style, dashes = str(line.get_linestyle()), getattr(line, "_unscaled_dash_pattern", None)
    return style if dashes is None or dashes[1] is None else f"{style} {tuple(dashes[1])}"


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
