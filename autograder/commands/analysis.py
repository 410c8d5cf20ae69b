"""What instructors ask about runs that are over: what changed, and where a class fails."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from autograder.checking.messages import plural
from autograder.commands.instructor import EXISTING_FOLDER, wrong_input

RUN = click.Path(exists=True, path_type=Path)


@click.command(short_help="Say whose points differ between two runs, and why.")
@click.argument("old", type=RUN)
@click.argument("new", type=RUN)
def diff(old: Path, new: Path) -> None:
    """Say whose points differ between two runs, OLD and NEW, and why: after a check was mended, for instance.

    Each is a folder of grades, a results.json, or a journal. A summary comes first, then each point that changed, with
    what was said of it before and after. Exit status, as that of diff: 0 when all points are the same, 1 when some
    are not, 2 when something is wrong with what was named.
    """
    from autograder.grading.earlier_runs import results_at
    from autograder.outcome.compare import as_text, compare

    with wrong_input():
        comparison = compare(results_at(old), results_at(new))
    click.echo(as_text(comparison), nl=False)
    if not comparison.is_same:
        sys.exit(1)


@click.command(short_help="Write a page on where the class stands.")
@click.argument("directory", metavar="DIR", type=EXISTING_FOLDER)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="[default: DIR/statistics.html]")
@click.option("--names", is_flag=True, help="Add a table that names learners.")
def statistics(directory: Path, output: Path | None, names: bool) -> None:
    """Write a page on where the class stands: scores, each point's difficulty and discrimination, messages, times.

    One HTML file that loads nothing. It names no learner without --names.
    """
    from autograder.files import write_text
    from autograder.grading.earlier_runs import results_at, seconds_by_cell
    from autograder.outcome.statistics import learners_of, statistics_of
    from autograder.outcome.statistics_page import statistics_page

    with wrong_input():
        results = results_at(directory)
    page = statistics_page(statistics_of(results, seconds_by_cell(directory)), learners_of(results) if names else ())
    output = output or directory / "statistics.html"
    write_text(output, page)
    click.echo(f"{plural(len(results), 'submission')} in {output}")
