"""What every source of weights promises: to fill an empty directory with a SavedModel, or to say why it can't."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flowercourse.backbones.registry import BackboneSpec


class NotHereError(Exception):
    """This source does not have the backbone here and now; its text says why, in a few words."""


@dataclass(frozen=True)
class Source:
    """A place from which a backbone may come.

    Attributes:
        name: as it stands in lists of what was tried, such as "TF Hub".
        fetch: writes the backbone that it is given as a SavedModel into the empty directory that it is given, and
            returns where the weights come from, in words. It raises ``NotHereError`` if it has none, and
            ``OSError`` only if the directory can't be written.
        trained: whether its weights have been trained.
        address: the web address from which it would fetch the backbone, which is first asked for a sign of life; None
            for a source that is on this machine or has its own way of asking.
    """

    name: str
    fetch: Callable[[BackboneSpec, Path], str]
    trained: bool = True
    address: Callable[[BackboneSpec], str] | None = None
