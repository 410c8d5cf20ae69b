"""The look of every figure in the course: one set of colors, and a second sign beside each color.

Color alone never carries a meaning: right and wrong have a check mark and a cross beside blue and red, curves have
markers and line styles. The class colors are Okabe and Ito's, chosen to be told apart with any kind of color vision.

    from flowercourse import style
    style.use_course_style()      # once, before the first figure
"""

from __future__ import annotations

from typing import Any

RIGHT = "#1a5fb4"
"""Blue of a right prediction; contrast 6.3 to 1 on white."""
WRONG = "#c01c28"
"""Red of a wrong prediction; contrast 6.2 to 1 on white."""
RIGHT_SIGN = "✓"
"""Stands beside blue."""
WRONG_SIGN = "✗"
"""Stands beside red."""

CLASS_COLORS = ("#d39200", "#56b4e9", "#cc79a7", "#b8a800", "#d55e00", "#009e73", "#0072b2", "#000000")
"""One color a class, in the data set's order of classes; more than eight classes start again from the first."""

TRAINING: dict[str, Any] = {"color": "#1a5fb4", "marker": "o", "linestyle": "-"}
"""How a curve of the training set is drawn: keywords for ``Axes.plot``."""
VALIDATION: dict[str, Any] = {"color": "#b35900", "marker": "s", "linestyle": "--"}
"""How a curve of the validation set is drawn: keywords for ``Axes.plot``."""

UNTRAINED_NOTE = "UNTRAINED WEIGHTS: figures mean nothing"
"""What every figure of an untrained backbone says."""

_SETTINGS: Any = {
    "figure.figsize": (7.0, 4.2),
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "savefig.dpi": 160,
    "savefig.facecolor": "white",
    # The only family that comes with Matplotlib, and it has both signs.
    "font.family": "DejaVu Sans",
    "font.size": 10.5,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.labelsize": 10.5,
    "axes.labelcolor": "#333333",
    "axes.edgecolor": "#8a8a8a",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.xmargin": 0.02,
    "grid.color": "#e2e2e2",
    "grid.linewidth": 0.8,
    "xtick.color": "#444444",
    "ytick.color": "#444444",
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "lines.linewidth": 2.0,
    "lines.markersize": 5.5,
    "legend.frameon": False,
    "legend.fontsize": 10,
    "image.cmap": "Blues",
}


def use_course_style() -> None:
    """Set Matplotlib's defaults to the look of the course, for every figure made from here on."""
    import matplotlib as mpl

    mpl.rcParams.update(_SETTINGS)


def class_color(index: int) -> str:
    """Return the color of a class.

    Args:
        index: The class's number in the data set, from 0.

    Returns:
        A hexadecimal color that Matplotlib and CSS both read.

    >>> class_color(0) == class_color(8)
    True
    """
    return CLASS_COLORS[index % len(CLASS_COLORS)]


def verdict(right: bool) -> tuple[str, str]:
    """Return the color and the sign of a right or wrong prediction.

    >>> verdict(True)
    ('#1a5fb4', '✓')
    """
    return (RIGHT, RIGHT_SIGN) if right else (WRONG, WRONG_SIGN)
