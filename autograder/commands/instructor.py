"""The instructors' commands of ``autograder``; see `autograder.commands.learner`."""

from __future__ import annotations

import re
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autograder.checking.messages import plural
from autograder.commands.cluster import scheduler_options
from autograder.commands.options import Positive, did_you_mean
from autograder.grading.stop import Stopped
from autograder.sandbox.limits import Limits
from flowercourse.errors import CourseError

if TYPE_CHECKING:
    from autograder.grading.engine import Scheduler
    from autograder.outcome.class_grades import Row
    from autograder.outcome.course_file import Policy
    from autograder.outcome.people import People
    from autograder.outcome.results import Final

FOLDER = click.Path(file_okay=False, path_type=Path)
EXISTING_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(short_help="Make the exercises from solutions/notebooks.")
@click.option("--check", "only_check", is_flag=True, help="Write nothing; exit 1 where an exercise is not up to date.")
def build(only_check: bool) -> None:
    """Make the exercises from solutions/notebooks, and nbgrader's course in _build/nbgrader."""
    from autograder.authoring import build as building

    made = building.compare() if only_check else building.build()
    stale = [one.path for one in made if not one.fresh]
    if only_check:
        stale += building.orphans(made)
    for path in stale:
        shown = path.relative_to(building.ROOT) if path.is_relative_to(building.ROOT) else path
        click.echo(f"{shown} {'is not up to date' if only_check else 'written'}", err=only_check)
    if stale and only_check:
        click.echo("Make them again with: autograder build", err=True)
        sys.exit(1)
    click.echo(f"{len(made)} exercises are up to date.")


def known_assignment(ctx: click.Context, param: click.Parameter, name: str | None) -> str | None:
    """Refuse an assignment that the course does not have, and suggest the nearest that it has."""
    from autograder.authoring import sources

    if name is not None and name not in (known := sources.names()):
        raise click.BadParameter(f"there is no assignment {name!r}.{did_you_mean(name, known)}", ctx, param)
    return name


@contextmanager
def wrong_input(written: Path | None = None) -> Iterator[None]:
    """End with exit status 2 where what was named cannot be used, or ``written`` cannot be written."""
    try:
        yield
    except CourseError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise not_written(written or error.filename, error) from error


def not_written(path: Path | str, error: OSError) -> click.UsageError:
    """Return the message for a place that is full, or may not be written; files are replaced in one step."""
    what = f"{path} was not written: {error.strerror or error}"
    return click.UsageError(f"{what}. Make room, or name another place; no file is half written.")


def people(roster: Path | None, submitted: Path | None) -> People:
    """Return who is in the class, from what was named on the command line."""
    from autograder.intake.receipts import read_receipts
    from autograder.intake.roster import read_roster
    from autograder.outcome.people import People

    return People(read_roster(roster) if roster else None, read_receipts(submitted) if submitted else None)


def applied(
    course: Path, rows: list[Row], persons: People, known: list[str], submitted: Path | None
) -> tuple[Policy, dict[tuple[str, str], Final]]:
    """Read a course file and return it with what counts after it; says what it could not be applied to."""
    from autograder.outcome.course_file import read_policy
    from autograder.outcome.late import apply

    policy = read_policy(course, known)
    if policy.due and policy.percent_per_day and submitted is None:
        raise click.UsageError(
            "With a late policy, name the folder that autograder collect filled: --submitted SUBMITTED"
        )
    made = apply(policy, rows, persons)
    if made.without_time:
        click.echo(
            f"{plural(made.without_time, 'submission')} with a due date, of which nothing says when it was handed in. "
            f"Nothing is taken off; write the time into {course}, under [[times]], where that is wrong.",
            err=True,
        )
    for student, assignment in made.unused:
        click.echo(f"{course}: {student!r} has an entry for {assignment}, but handed nothing in.", err=True)
    return policy, made.finals


roster_option = click.option(
    "--roster",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The class as CSV: student_id,name,platform_id; Canvas's gradebook and Moodle's worksheet will do.",
)
course_option = click.option(
    "--course",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The course file (course.toml): due dates, and what lateness costs.",
)
submitted_option = click.option(
    "--submitted",
    type=EXISTING_FOLDER,
    help="Where autograder collect put the submissions; it knows the platform's numbers, and when they were handed in.",
)


@click.command(short_help="Sort a learning platform's download for grading.")
@click.argument("source", metavar="ARCHIVE_OR_FOLDER", type=click.Path(path_type=Path))
@click.option("--from", "platform", required=True, help="Who made it: moodle, canvas, nbgrader or flat.")
@click.option("--into", required=True, type=FOLDER, help="The folder with STUDENT/ASSIGNMENT that is graded later.")
@roster_option
@click.option("--assignment", callback=known_assignment, help="What was handed in.  [default: as files are named]")
def collect(source: Path, platform: str, into: Path, roster: Path | None, assignment: str | None) -> None:
    """Sort a learning platform's download into INTO/STUDENT/ASSIGNMENT, for autograder grade.

    Of several attempts the last counts; the others are kept beside it. Whatever is not simply used has a line in the
    report. Collecting again does no harm: what is there is replaced by a later attempt only, and kept.
    """
    from autograder.authoring import sources
    from autograder.intake.collect import collect as sort_in
    from autograder.intake.platforms import PLATFORMS
    from autograder.intake.roster import read_roster

    if platform not in PLATFORMS:
        near = did_you_mean(platform, list(PLATFORMS))
        raise click.UsageError(f"There is no platform {platform!r}; there is {', '.join(PLATFORMS)}.{near}")
    with wrong_input():
        learners = read_roster(roster) if roster else None
        report = sort_in(source, platform, into, roster=learners, assignment=assignment, known=sources.names())
    for line in report.lines:
        click.echo(line)
    words = f"{report.new} new, {report.replaced} replaced, {report.unchanged} unchanged"
    click.echo(f"{plural(report.new + report.replaced + report.unchanged, 'submission')} in {into}: {words}")


def limit_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add one option for each of the limits on a submission, with its default and its description."""
    words = dict(re.findall(r"^ {8}(\w+): (.+?)\.?$", Limits.__doc__ or "", re.MULTILINE))
    for field in reversed(fields(Limits)):
        name = f"--{field.name.removesuffix('_s').replace('_', '-')}"
        unit = " (s)" if field.name.endswith("_s") else " (MiB)" if field.name.endswith("_mb") else ""
        text = words.get(field.name, field.name).split(". ")[0]
        command = click.option(
            name,
            field.name,
            type=click.IntRange(1) if isinstance(field.default, int) else Positive(),
            default=field.default,
            show_default=True,
            help=f"Limit{unit}: {text}.",
        )(command)
    return command


def known_isolation(ctx: click.Context, param: click.Parameter, name: str) -> str:
    """Refuse an isolation that there is not."""
    from autograder.sandbox.launch import ISOLATIONS

    known = ["auto", *ISOLATIONS]
    if name not in known:
        raise click.BadParameter(
            f"there is no {name!r}, only {', '.join(known)}.{did_you_mean(name, known)}", ctx, param
        )
    return name


def known_database(ctx: click.Context, param: click.Parameter, address: str | None) -> str | None:
    """Refuse what is no database's address. It is not repeated: it may hold a password."""
    if address is None:
        return None
    import sqlalchemy

    example = "write it as SQLAlchemy does, such as sqlite:////home/me/gradebook.db"
    try:
        sqlalchemy.make_url(address).get_dialect()
    except sqlalchemy.exc.NoSuchModuleError as error:
        raise click.BadParameter(f"there is no such kind of database; {example}", ctx, param) from error
    except (sqlalchemy.exc.ArgumentError, ValueError) as error:
        raise click.BadParameter(f"this is no database's address; {example}", ctx, param) from error
    return address


database_option = click.option(
    "--db", callback=known_database, help="The gradebook's address.  [default: the one that DIR was graded with]"
)


@click.command(short_help="Grade a folder of submissions.")
@click.argument("submitted", type=EXISTING_FOLDER)
@click.option("--out", required=True, type=FOLDER, help="Where grades, gradebook and feedback go.")
@click.option(
    "--assignment",
    callback=known_assignment,
    help="Grade this assignment only, such as 01-preprocessing; rows of others that OUT has are kept.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    help="Submissions to grade at the same time on this machine.  [default: what processors and memory allow]",
)
@scheduler_options
@click.option(
    "--db",
    callback=known_database,
    help="The gradebook's address (any SQLAlchemy URL).  [default: sqlite file OUT/gradebook.db]",
)
@click.option("--resume", is_flag=True, help="Go on with an interrupted run; grades only what is new or changed.")
@click.option(
    "--isolation",
    default="auto",
    show_default=True,
    callback=known_isolation,
    help="What learners' code is locked in by: auto, bubblewrap, unshare, user or none. autograder doctor tries them.",
)
@limit_options
def grade(
    submitted: Path,
    out: Path,
    assignment: str | None,
    jobs: int | None,
    scheduler: Scheduler | None,
    db: str | None,
    resume: bool,
    isolation: str,
    **limits: Any,
) -> None:
    """Grade every submission in SUBMITTED, which holds STUDENT/ASSIGNMENT/NOTEBOOK.ipynb.

    OUT gets grades.csv (one row for every submission found, whatever became of it), results.json, an nbgrader
    gradebook, the notebooks that ran, and feedback/STUDENT/ASSIGNMENT/*.html. Submissions are never changed. A low
    grade is no failure: the exit status is 0 when every submission has a row.
    """
    from autograder.grading.grade import WrongUsage, grade_class
    from autograder.grading.machine import this_machine
    from autograder.grading.stop import raising_stopped
    from autograder.outcome.results import STATUSES

    if scheduler is not None and jobs is not None:
        raise click.UsageError("--jobs is for this machine; on a cluster, every worker grades one at a time.")
    if scheduler is None and jobs is None:
        machine = this_machine()
        jobs = machine.jobs
        click.echo(f"Grading {plural(jobs, 'submission')} at a time: {machine}. Another number: --jobs N", err=True)
    try:
        with raising_stopped():
            results = grade_class(
                submitted,
                out,
                assignment=assignment,
                jobs=jobs or 1,
                scheduler=scheduler,
                db=db,
                resume=resume,
                isolation=isolation,
                limits=Limits(**limits),
            )
    except WrongUsage as error:
        raise click.UsageError(str(error)) from error
    except Stopped as stopped:
        click.echo(_how_to_go_on(stopped, db), err=True)
        sys.exit(128 + stopped.signal)
    counts = Counter(result.status for result in results)
    words = ", ".join(f"{counts[status]} {status.replace('_', ' ')}" for status in STATUSES if counts[status])
    click.echo(f"{plural(len(results), 'submission')}: {words or 'there is nothing to grade'}")
    gradebook = _without_password(db) if db else out / "gradebook.db"
    click.echo(f"Grades: {out / 'grades.csv'}   Feedback: {out / 'feedback'}   Gradebook: {gradebook}")


def _how_to_go_on(stopped: Stopped, db: str | None) -> str:
    """Say how far a run came, and the command that goes on with it: as typed, for its limits decide what is kept."""
    how_many = f"{stopped.done} of {stopped.total} submissions are"
    graded = f"{how_many} graded and kept" if stopped.total else "nothing is graded yet"
    command = shlex.join(["autograder", *(one for one in sys.argv[1:] if one != "--resume"), "--resume"])
    if db is not None:
        command = command.replace(db, _without_password(db))
    return f"\nStopped by {stopped.signal.name}: {graded}. Go on with: {command}"


def _without_password(address: str) -> str:
    import sqlalchemy

    return sqlalchemy.make_url(address).render_as_string(hide_password=True)


@click.command(short_help="Make feedback pages again, with grades by hand.")
@click.argument("directory", metavar="DIR", type=EXISTING_FOLDER)
@course_option
@submitted_option
@database_option
def feedback(directory: Path, course: Path | None, submitted: Path | None, db: str | None) -> None:
    """Make the feedback pages in DIR again, with the scores and comments that were given by hand.

    With a course file, they also say what counts after its late policy, and why.
    """
    from autograder.authoring.sources import load_all
    from autograder.outcome.class_grades import read_rows
    from autograder.outcome.feedback import remake

    assignments = load_all()
    with wrong_input(directory / "feedback"):
        finals = None
        if course is not None:
            rows = read_rows(directory, db=db)
            finals = applied(course, rows, people(None, submitted), list(assignments), submitted)[1]
        pages = remake(directory, assignments, db=db, finals=finals)
    click.echo(f"{plural(len(pages), 'page')} in {directory / 'feedback'}")


@click.command(short_help="Write the grades for Canvas, Moodle or another program.")
@click.argument("directory", metavar="DIR", type=EXISTING_FOLDER)
@click.option("--format", "format_", required=True, help="What to write: csv, canvas or moodle.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file.  [default: DIR/export.csv, DIR/export-canvas.csv, DIR/export-moodle.csv]",
)
@click.option(
    "--assignment", callback=known_assignment, help="Export this assignment only; Moodle wants one at a time."
)
@roster_option
@submitted_option
@course_option
@database_option
def export(
    directory: Path,
    format_: str,
    output: Path | None,
    assignment: str | None,
    roster: Path | None,
    submitted: Path | None,
    course: Path | None,
    db: str | None,
) -> None:
    """Write the grades in DIR for another program, with the points that were given by hand.

    The csv has a row for each submission. The others are what the gradebook of Canvas and the grading worksheet of
    Moodle import; with that goes a zip of the feedback pages, which Moodle takes back. A grade that waits for a person
    is left empty there. With a course file, what counts after its late policy is written; the csv has both.
    """
    from autograder.authoring import sources
    from autograder.files import write_text
    from autograder.outcome.class_grades import ClassGrades, read_rows
    from autograder.outcome.export import FORMATS
    from autograder.outcome.moodle import write_feedback_zip
    from autograder.outcome.report import page_path

    if format_ not in FORMATS:
        near = did_you_mean(format_, list(FORMATS))
        raise click.UsageError(f"There is no format {format_!r}; there is {', '.join(FORMATS)}.{near}")
    output = output or directory / ("export.csv" if format_ == "csv" else f"export-{format_}.csv")
    with wrong_input(output):
        rows, persons = read_rows(directory, db=db), people(roster, submitted)
        policy, finals = applied(course, rows, persons, sources.names(), submitted) if course else (None, None)
        # What counts depends on all assignments, so the others are left out last.
        rows = [row for row in rows if assignment in (None, row.assignment)]
        grades = ClassGrades(tuple(rows), persons, policy.titles if policy else {}, finals)
        write_text(output, FORMATS[format_](grades))
        click.echo(f"{plural(len(rows), 'row')} in {output}")
        if format_ == "moodle":
            pages = {row.student_id: page_path(directory, row.student_id, row.assignment) for row in rows}
            archive = output.with_name(f"{output.stem}-feedback.zip")
            click.echo(f"{plural(write_feedback_zip(archive, grades, pages), 'feedback page')} in {archive}")
    if format_ == "moodle" and finals and any(final.dropped for final in finals.values()):
        click.echo(
            "A worksheet cannot say which results do not count: set Moodle's gradebook to drop the lowest.", err=True
        )
    waiting = sum(row.awaiting > 0 for row in rows)
    if waiting:
        wait = "waits" if waiting == 1 else "wait"
        click.echo(f"{waiting} of them {wait} for a person's grade; give it in formgrader and export again.", err=True)


@click.command(short_help="Write the learner's edition.")
@click.option("--out", required=True, type=FOLDER, help="A folder that is empty or not there yet.")
@click.option(
    "--with-solutions",
    is_flag=True,
    help="Put the walkthroughs into it, which show right ways through each exercise and mistakes easily made.",
)
def release(out: Path, with_solutions: bool) -> None:
    """Write the learner's edition: the site's sources, the exercises, the library and the visible checks."""
    from autograder.authoring.release import release as write

    count = write(out, with_solutions=with_solutions)
    held = "solutions stand in its walkthroughs; nothing of hidden checks or grading is in it."
    if not with_solutions:
        held = "nothing of solutions, hidden checks or grading is among them."
    click.echo(f"{count} files in {out}: {held}")


@click.command(short_help="Try which isolation works here.")
@scheduler_options
def doctor(scheduler: Scheduler | None) -> None:
    """Say which isolation is in force on this machine, by trying it, and what is missing.

    With --scheduler, say so for each worker of the cluster. The exit status is 1 where something is not kept.
    """
    if scheduler is None:
        from autograder.sandbox.doctor import examine

        report = examine()
        click.echo(report.text)
        healthy = [report.healthy]
    else:
        from autograder.grading.cluster import examine as examine_workers

        healthy = []
        for worker, found in examine_workers(scheduler):
            click.echo(f"Worker {worker} on {found['machine']}\n\n{found['text']}\n")
            healthy.append(bool(found["healthy"]))
        click.echo(f"{sum(healthy)} of {len(healthy)} workers keep every promise.")
    if not all(healthy):
        sys.exit(1)
