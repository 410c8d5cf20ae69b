"""The schema of ``report.json``: every field with its type, its unit and what it means.

``report.schema.json`` beside this module is JSON Schema (draft 2020-12), so that programs in any language can check a
report.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from flowercourse.errors import CourseError

PATH = Path(__file__).with_name("report.schema.json")


@cache
def load_schema() -> dict[str, Any]:
    """Return the schema as plain data."""
    return json.loads(PATH.read_text(encoding="utf-8"))


def check_report(report: dict[str, Any]) -> None:
    """Check a report against the schema.

    Args:
        report: The plain data of a ``report.json``.

    Raises:
        CourseError: If it does not follow the schema; names the first field that does not.
    """
    import jsonschema

    # check_schema() is left to the tests: the schema does not change between reports.
    validator = jsonschema.Draft202012Validator(load_schema())
    error = next(iter(validator.iter_errors(report)), None)
    if error is not None:
        place = "/".join(map(str, error.absolute_path)) or "the top level"
        raise CourseError(
            f"The report does not follow its schema at {place}", error.message[:300], f"Compare it with {PATH.name}"
        )
