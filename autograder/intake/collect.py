"""Takes in a download of a learning platform: sorts it into ``SUBMITTED/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb``.

`collect` first puts all files that are wanted into a folder of its own beside ``SUBMITTED`` (`sorting`), and then moves
whole submissions into place (`placing`). So a full disk, a broken archive or a killed process leaves nothing half
written, and the same command may be given again at any time.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.files import PrivateFolder, try_lock
from autograder.intake.archives import open_download
from autograder.intake.find import printable
from autograder.intake.placing import Placing
from autograder.intake.platforms import PLATFORMS, Download
from autograder.intake.receipts import read_receipts
from autograder.intake.roster import Roster
from autograder.intake.sorting import Intake, Report, Submission
from flowercourse.errors import CourseError, is_full

_ASIDE = ".collect-"


def collect(
    source: Path,
    platform: str,
    into: Path,
    *,
    roster: Roster | None = None,
    assignment: str | None = None,
    known: Collection[str] = (),
) -> Report:
    """Sort a download into a folder of submissions.

    Args:
        source: The archive, or the folder that it was unpacked to.
        platform: A key of `autograder.intake.platforms.PLATFORMS`.
        into: The folder with ``STUDENT/ASSIGNMENT``; made where it is not there.
        roster: The class. Then identities come from it, and who is not in it is reported.
        assignment: What was handed in; None to read it from names of folders and notebooks.
        known: The course's assignments.

    Raises:
        CourseError: The download cannot be read, nothing in it has the platform's form, or the disk is full. Then
            ``into`` is as it was.
    """
    known = {*known, *([assignment] if assignment else [])}
    report = Report()
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        with _alone(into) as staging:
            receipts = read_receipts(into)
            with open_download(source) as items:
                download = Download(roster, known, list(items))
                submissions = Intake(download, platform, assignment, staging, report).run()
            _refuse_other_forms(source, platform, download, submissions)
            Placing(into, staging, platform, receipts, report).run(submissions)
    except OSError as error:
        why = f"the disk that holds {into} is full" if is_full(error) else f"{error.strerror or error}"
        raise CourseError(
            f"{source} was not collected",
            why,
            "Make room and give the same command again; nothing is half written"
            if is_full(error)
            else f"See that {into} can be written, and give the same command again",
        ) from error
    return report


@contextmanager
def _alone(into: Path) -> Iterator[Path]:
    """Yield a folder beside ``into`` for putting files aside, while nobody else collects to it.

    Raises:
        CourseError: Somebody else does.
    """
    held = os.open(into.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if not try_lock(held):
            why = "another autograder collect is at work there"
            raise CourseError(f"Nothing was collected into {into}", why, "Wait for it, and give the command again")
        with PrivateFolder(_ASIDE, str(into.parent)) as staging:
            yield staging
    finally:
        os.close(held)


def _refuse_other_forms(source: Path, platform: str, download: Download, submissions: Iterable[Submission]) -> None:
    """Stop where a download holds nothing, or nothing that the platform would have named so."""
    what = f"{source} was not collected"
    if not download.items:
        raise CourseError(what, "there is no file in it", "Name the download itself")
    if not submissions and not any(PLATFORMS[platform](item, download) for item in download.items):
        raise CourseError(
            what,
            f"no file in it is named as {platform} names them, such as {printable(download.items[0].name)!r}",
            f"Say where it comes from: --from {' or '.join(one for one in PLATFORMS if one != platform)}",
        )
