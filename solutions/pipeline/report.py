"""Turn a report's plain data and figures into one HTML file that opens anywhere.

The page holds everything it shows: style sheet and images are inside, there is no script, and it asks no other host for
anything. It follows the reader's light or dark setting, prints, and fits a phone.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from solutions.pipeline.figures import Drawn, Thumbnail

TEMPLATES = Path(__file__).with_name("templates")


def render(
    report: Mapping[str, Any],
    figures: Mapping[str, Mapping[str, Drawn]],
    comparison: Drawn,
    galleries: Mapping[str, Mapping[str, Sequence[Thumbnail]]],
) -> str:
    """Return the report as an HTML page.

    Args:
        report: The plain data of ``report.json``.
        figures: Each backbone's figures by name, by the backbone's name.
        comparison: The figure that compares the backbones.
        galleries: Each backbone's thumbnails with verdicts: ``predictions`` and ``mistakes``.

    Returns:
        A whole HTML document.
    """
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {
        "percent": percent,
        "seconds": seconds,
        "thousands": thousands,
        "uri": data_uri,
        "evidence": evidence_value,
    }
    return environment.get_template("report.html.j2").render(
        report=report,
        figures=figures,
        comparison=comparison,
        galleries=galleries,
        untrained=[b["title"] for b in report["backbones"] if not b["weights"]["trained"]],
    )


def percent(share: float | None, digits: int = 1) -> str:
    """Write a share as a percentage, with a thin space that does not break.

    >>> percent(0.9)
    '90.0\\u202f%'
    """
    return "–" if share is None else f"{100 * share:.{digits}f}\u202f%"


def seconds(value: float) -> str:
    """Write a time in the unit in which it is easily read.

    >>> seconds(0.031), seconds(4.26), seconds(95)
    ('31\\u202fms', '4.3\\u202fs', '1\\u202fmin 35\\u202fs')
    """
    if value < 1:
        return f"{1000 * value:.0f}\u202fms"
    if value < 60:
        return f"{value:.1f}\u202fs"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes}\u202fmin {rest}\u202fs"


def thousands(value: int) -> str:
    """Write a number with commas.

    >>> thousands(2257984)
    '2,257,984'
    """
    return f"{value:,}"


def evidence_value(value: float | None) -> str:
    """Write a number of a diagnosis' evidence.

    >>> evidence_value(12.0), evidence_value(0.04321), evidence_value(None)
    ('12', '0.043', '–')
    """
    if value is None:
        return "–"
    value = value or 0.0  # no negative zero
    text = f"{value:.0f}" if float(value).is_integer() else f"{value:.3f}"
    return text.replace("-", "−")


def data_uri(content: Path | bytes) -> str:
    """Return a PNG file, or the bytes of a JPEG, as a data URI."""
    kind, data = ("png", content.read_bytes()) if isinstance(content, Path) else ("jpeg", content)
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
