"""The course file: due dates and what lateness costs, in TOML. All that there can be in it::

    time_zone = "Europe/Berlin"   # of all times without an offset of their own
    drop_lowest = 1               # results that do not count, for each learner

    [late]
    grace_minutes = 15            # later than due, but not late
    percent_per_day = 10          # of the points earned, for each day begun since the due time
    at_most_percent = 50
    days_where_unknown = 1        # where the platform says "late" and not how late

    [assignments.01-preprocessing]
    due = 2026-11-08T23:59:00
    title = "Preprocessing"       # what the platform calls it

    [[extensions]]
    student = "00123"
    assignment = "01-preprocessing"
    due = 2026-11-15T23:59:00

    [[times]]                     # when something was handed in, where the platform does not say
    student = "00124"
    assignment = "01-preprocessing"
    submitted_at = 2026-11-09T08:00:00

Everything may be left out. What is not understood is refused, with the key and the file: a misspelled rule would be no
rule, and nobody would know.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from autograder.intake.roster import composed
from flowercourse.errors import CourseError

Key = tuple[str, str]
_MOST_GRACE_MINUTES = 7 * 24 * 60


@dataclass(frozen=True)
class Policy:
    """What counts of what was earned.

    Attributes:
        due: When each assignment is due, with an offset from UTC.
        titles: What the platform calls assignments.
        extensions: Later due times, by student and assignment.
        times: When something was handed in, by student and assignment, where the platform does not say.
        grace_minutes: How long after the due time nothing is late.
        percent_per_day: What each day begun costs, in percent of the points earned.
        at_most_percent: The most that lateness costs.
        days_where_unknown: Days that a late mark without a time counts as.
        drop_lowest: How many results of a learner do not count.
        assignments: Those that the file names; of them the lowest are dropped.
        zone: The time zone that times are shown in; None for the due times' own.
    """

    due: Mapping[str, datetime] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    extensions: Mapping[Key, datetime] = field(default_factory=dict)
    times: Mapping[Key, datetime] = field(default_factory=dict)
    grace_minutes: float = 0.0
    percent_per_day: float = 0.0
    at_most_percent: float = 100.0
    days_where_unknown: int = 1
    drop_lowest: int = 0
    assignments: tuple[str, ...] = ()
    zone: tzinfo | None = None


def read_policy(path: Path, known: Collection[str]) -> Policy:
    """Read a course file.

    Args:
        path: The file.
        known: The course's assignments.

    Raises:
        CourseError: It cannot be read, or something in it is not understood; names the key.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CourseError(
            f"{path} was not read", f"{error.strerror}", "Name a course file that you can read"
        ) from error
    except UnicodeDecodeError as error:
        raise CourseError(f"{path} was not read", "it is not in UTF-8", "Save it in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        # A mistake easily made is an id without quotes: TOML has no numbers like 00123.
        next_step = 'Mend that place; texts and ids stand in quotes: "00123"'
        raise CourseError(f"{path} was not read", f"{error}", next_step) from error
    return _Reading(path, known).policy(data)


class _Reading:
    """Takes a course file apart, refusing whatever is not understood."""

    def __init__(self, path: Path, known: Collection[str]) -> None:
        self.path, self.known = path, known
        self.zone: tzinfo | None = None

    def fail(self, key: str, why: str, next_step: str) -> NoReturn:
        raise CourseError(f"{self.path}, {key}", why, next_step)

    def policy(self, data: Mapping[str, Any]) -> Policy:
        self.only(data, "", ("time_zone", "drop_lowest", "late", "assignments", "extensions", "times"))
        self.zone = self.time_zone(data)
        late = self.table(data, "late")
        self.only(late, "late.", ("grace_minutes", "percent_per_day", "at_most_percent", "days_where_unknown"))
        assignments = self.table(data, "assignments")
        for name in assignments:
            self.assignment(name, f"assignments.{name}")
            self.only(self.table(assignments, name, "assignments."), f"assignments.{name}.", ("due", "title"))
        due = {
            name: self.time(one["due"], f"assignments.{name}.due") for name, one in assignments.items() if "due" in one
        }
        titles = {
            name: self.text(one["title"], f"assignments.{name}.title")
            for name, one in assignments.items()
            if "title" in one
        }
        return Policy(
            due=due,
            titles=titles,
            extensions=self.extensions(data, due),
            times=self.entries(data, "times", "submitted_at"),
            grace_minutes=self.number(late, "late.grace_minutes", 0.0, _MOST_GRACE_MINUTES),
            percent_per_day=self.number(late, "late.percent_per_day", 0.0, 100),
            at_most_percent=self.number(late, "late.at_most_percent", 100.0, 100),
            days_where_unknown=self.whole(late, "late.days_where_unknown", 1),
            drop_lowest=self.whole(data, "drop_lowest", 0),
            assignments=tuple(assignments),
            zone=self.zone,
        )

    def only(self, table: Mapping[str, Any], prefix: str, allowed: Collection[str]) -> None:
        for key in table:
            if key not in allowed:
                near = difflib.get_close_matches(key, allowed, n=1)
                hint = f"Did you mean {near[0]}?" if near else f"There is {', '.join(allowed)}"
                self.fail(f"{prefix}{key}", "there is no such key", hint)

    def table(self, data: Mapping[str, Any], key: str, prefix: str = "") -> Mapping[str, Any]:
        value = data.get(key, {})
        if not isinstance(value, dict):
            self.fail(f"{prefix}{key}", "it is not a table", f"Write [{prefix}{key}] on a line of its own")
        return value

    def time_zone(self, data: Mapping[str, Any]) -> tzinfo | None:
        if "time_zone" not in data:
            return None
        name = self.text(data["time_zone"], "time_zone")
        if name == "UTC":
            return UTC
        try:
            return ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            self.fail("time_zone", f"{name!r} is not known here", 'Write one as in "Europe/Berlin", or "UTC"')

    def text(self, value: Any, key: str) -> str:
        if not isinstance(value, str) or not value.strip():
            self.fail(key, f"{value!r} is no text", 'Write it in quotes, ids too: "00123"')
        return value

    def assignment(self, value: Any, key: str) -> str:
        name = self.text(value, key)
        if name not in self.known:
            near = difflib.get_close_matches(name, list(self.known), n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There is {', '.join(sorted(self.known))}"
            self.fail(key, f"the course has no assignment {name!r}", hint)
        return name

    def number(self, late: Mapping[str, Any], key: str, default: float, most: float) -> float:
        value = late.get(key.split(".")[-1], default)
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number or not 0 <= value <= most:
            self.fail(key, f"it is {value!r}", f"Write a number from 0 to {most:g}")
        return float(value)

    def whole(self, table: Mapping[str, Any], key: str, default: int) -> int:
        value = table.get(key.split(".")[-1], default)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 1000:
            self.fail(key, f"it is {value!r}", "Write a whole number, at least 0")
        return value

    def time(self, value: Any, key: str) -> datetime:
        """Return a time with its offset from UTC; one that a change of clocks brings twice is the later."""
        if not isinstance(value, datetime):
            self.fail(key, f"{value!s} is no date with a time", "Write it without quotes, as 2026-11-08T23:59:00")
        if value.tzinfo is not None:
            return value
        if self.zone is None:
            self.fail(
                key, f"{value} has no time zone", 'Say time_zone = "Europe/Berlin" at the top, or add +01:00 to it'
            )
        placed = value.replace(tzinfo=self.zone, fold=1)
        # In UTC: within one zone, Python compares and subtracts what clocks show, though they are changed in between.
        instant = placed.astimezone(UTC)
        if instant.astimezone(self.zone).replace(tzinfo=None) != value:
            self.fail(key, f"{value} does not exist, as clocks are put forward then", "Write a time before or after it")
        return instant

    def entries(self, data: Mapping[str, Any], name: str, time_key: str) -> dict[Key, datetime]:
        rows = data.get(name, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.fail(name, "it is not a list of tables", f"Begin each with a line [[{name}]]")
        made: dict[Key, datetime] = {}
        for count, row in enumerate(rows, 1):
            place = f"{name}, number {count}"
            needed = ("student", "assignment", time_key)
            self.only(row, f"{place}: ", needed)
            for key in needed:
                if key not in row:
                    self.fail(place, f"it has no {key}", f"Add {key} = ... to it")
            student = composed(self.text(row["student"], f"{place}: student"))
            key_ = student, self.assignment(row["assignment"], f"{place}: assignment")
            if key_ in made:
                self.fail(place, f"{student!r} has two for {key_[1]}", "Leave one of them")
            made[key_] = self.time(row[time_key], f"{place}: {time_key}")
        return made

    def extensions(self, data: Mapping[str, Any], due: Mapping[str, datetime]) -> dict[Key, datetime]:
        made = self.entries(data, "extensions", "due")
        for (student, assignment), later in made.items():
            if assignment not in due:
                self.fail("extensions", f"{assignment} has no due date", f"Give it one in [assignments.{assignment}]")
            if later < due[assignment]:
                self.fail(
                    "extensions", f"that of {student!r} for {assignment} ends before the due date", "Mend its due"
                )
        return made
