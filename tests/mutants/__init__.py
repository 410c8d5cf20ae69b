'''Wrong solutions that people really write, and right ones written differently: tests of the checks.

Each assignment has a module here, named like the module of its checks (`preprocessing.py`, `mobilenet_v2.py`, ...),
with two lists::

    from tests.mutants import Mutant, Variant

    MUTANTS = [
        # The text of a whole solution cell, in place of the reference solution's:
        Mutant(
            "forgot to scale",
            cell="resize",
            source="""
    def resize(image, label):
        return tf.image.resize(image, (224, 224)), label
    """,
            loses={"images_are_scaled"},
        ),
        # Or a change of the reference solution: each old text, which must occur exactly once, with the new one:
        Mutant("scaled twice", cell="resize", change={"/ 255": "/ 255 / 255"}, loses={"images_are_scaled": 1}),
    ]
    VARIANTS = [
        Variant("multiplied", cell="resize", change={"image / 255": "image * (1 / 255)"}),
    ]

`cell` is the grade id of the solution cell. `loses` names every check of the notebook that loses points, those of
later cells too: as a set where each loses all of its points, as a dictionary where some lose a part: how many points
are lost. All other checks must keep all points. A variant must keep every point; it counts as a right variant of the
checks in `keeps`, by default those between its cell and the next solution cell. Where a mistake spans cells, `also`
holds the text of further cells by grade id.

For every graded point there must be at least two mutants that lose (part of) it and one variant that keeps it.

    python -m tests.mutants [ASSIGNMENT ...]      the table, points x mutants; exit status 1 where anything is off
    python -m tests.mutants --full ...            the same, running every notebook from its beginning (slow)
'''

from __future__ import annotations

import textwrap
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Change:
    """Another text for a solution cell.

    Attributes:
        name: what is different, in a few words.
        cell: grade id of the solution cell.
        source: the cell's whole new text; None where `change` says how to make it.
        change: texts of the reference solution, each with what takes its place.
        also: whole new texts of further cells, by grade id.
    """

    name: str
    cell: str
    source: str | None = None
    change: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)

    def sources(self, reference: Mapping[str, str]) -> dict[str, str]:
        """Return the new text of each changed cell, from the reference solutions by grade id.

        Raises:
            ValueError: a text to be replaced does not occur exactly once, or nothing is changed.
        """
        text = reference[self.cell] if self.source is None else textwrap.dedent(self.source)
        for old, new in self.change.items():
            if text.count(old) != 1:
                raise ValueError(f"{self.name}: {old!r} occurs {text.count(old)} times in {self.cell}, not once")
            text = text.replace(old, new)
        changed = {self.cell: text, **{cell: textwrap.dedent(source) for cell, source in self.also.items()}}
        if all(reference[cell].strip() == source.strip() for cell, source in changed.items()):
            raise ValueError(f"{self.name}: it is the reference solution")
        return changed


@dataclass(frozen=True)
class Mutant(Change):
    """A wrong solution.

    Attributes:
        loses: the checks that lose all their points, or points lost by check.
    """

    loses: Collection[str] | Mapping[str, float] = ()

    def points_lost(self, worth: Mapping[str, float]) -> dict[str, float]:
        """Return the points that it should lose by check, given what each check is worth."""
        if isinstance(self.loses, Mapping):
            return {name: float(points) for name, points in self.loses.items()}
        return {name: worth[name] for name in self.loses}


@dataclass(frozen=True)
class Variant(Change):
    """A right solution, written differently.

    Attributes:
        keeps: the checks whose right variant it is; None for those between its cell and the next solution cell.
    """

    keeps: Collection[str] | None = None
