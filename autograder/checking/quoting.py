"""A learner's words, as they may stand in a message."""

from __future__ import annotations

MAX_QUOTE = 200


def quote(text: str, length: int = MAX_QUOTE) -> str:
    """Return a learner's words as one short printable line."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * length]).split())
    return clean if len(clean) <= length else clean[: length - 2] + " …"
