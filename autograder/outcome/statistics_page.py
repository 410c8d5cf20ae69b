"""The page of ``autograder statistics``: one file that loads nothing, where learners' texts are nothing but text.

Its only script sorts tables. The page's security policy names the script by its digest, so that nothing else runs.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from autograder.checking.messages import plural
from autograder.outcome.inert import inert_text
from autograder.outcome.report import STATUS_WORDS, inline, one_line, points_text
from autograder.outcome.statistics import BINS, AssignmentStatistics, LearnerRow
from autograder.templating import template

TEMPLATES = Path(__file__).with_name("templates")
LONGEST = 300
FEW = 30
"""With fewer submissions than this, a correlation says little, and the page says so."""


def statistics_page(assignments: Sequence[AssignmentStatistics], learners: Sequence[LearnerRow] = ()) -> str:
    """Return the page as HTML.

    Args:
        assignments: What it tells of.
        learners: Rows with names; none for a page that names nobody.
    """
    script = template(TEMPLATES / "statistics.js").render()
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    return template(TEMPLATES / "statistics.html.j2").render(
        assignments=assignments,
        learners=learners,
        total=sum(one.submissions for one in assignments),
        status_words=STATUS_WORDS,
        bars=_bars,
        points_text=points_text,
        percent=_percent,
        plural=plural,
        signed=_signed,
        seconds=_seconds,
        inline=inline,
        short=lambda text: one_line(inert_text(text, LONGEST)),
        few=FEW,
        script=script,
        digest=digest,
        style=template(TEMPLATES / "feedback.css").render() + template(TEMPLATES / "statistics.css").render(),
    )


def _bars(counts: Sequence[int]) -> list[dict[str, float | str]]:
    """Return a histogram's bars: label, count, and height as a share of the highest."""
    top = max(counts, default=0) or 1
    return [
        {
            "from": 100 * position // BINS,
            "to": 100 * (position + 1) // BINS,
            "count": count,
            "height": round(count / top, 4),
        }
        for position, count in enumerate(counts)
    ]


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value + 0.0:.2f}".replace("-", "\u2212")


def _seconds(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.0f}"
