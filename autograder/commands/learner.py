"""The command ``autograder``: parses what was typed, calls the rooms, prints what they say.

Exit status: 0 for success, 1 where something could not be done (the message says what to do next), 2 for wrong usage.
A learner's edition holds only ``check``; the other commands are in `autograder.commands.instructor`.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

import click

from autograder.commands.options import Positive, did_you_mean
from flowercourse.errors import CourseError

ROOT = Path(__file__).resolve().parents[2]
INSTALL = 'python -m pip install --editable ".[grading]"'
NEEDED_TO_GRADE = ("nbgrader", "jupytext", "sqlalchemy", "jinja2", "yaml")
FOR_INSTRUCTORS = ("build", "collect", "grade", "feedback", "export", "diff", "statistics", "release", "doctor")


class Commands(click.Group):
    """A group that loads the instructors' commands when one is called, and suggests the nearest name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands that can be used here."""
        return [*self.commands, *(FOR_INSTRUCTORS if not why_for_learners_only() else ())]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; stops with an explanation where it cannot be used here."""
        if cmd_name in FOR_INSTRUCTORS:
            if why := why_for_learners_only():
                raise click.UsageError(f"`autograder {cmd_name}` is for instructors, and {why}", ctx)
            module = "analysis" if cmd_name in ("diff", "statistics") else "instructor"
            return getattr(importlib.import_module(f"autograder.commands.{module}"), cmd_name)
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that was typed, or say which one it may have been meant to be."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            raise click.UsageError(f"There is no command {name!r}.{did_you_mean(name, self.list_commands(ctx))}", ctx)
        return super().resolve_command(ctx, args)


def why_for_learners_only() -> str:
    """Return why the instructors' commands cannot be used here, and what to do, as a clause; "" where they can."""
    if importlib.util.find_spec("autograder.commands.instructor") is None:
        return "not part of the learner's edition. To check your own notebook: autograder check NOTEBOOK"
    missing = [name for name in NEEDED_TO_GRADE if importlib.util.find_spec(name) is None]
    if not (ROOT / "_config.yml").is_file():
        return f"works in the course's own folder, which {ROOT} is not. In that folder: {INSTALL}"
    if missing:
        return f"needs what is not installed here ({', '.join(missing)}). In the course's folder: {INSTALL}"
    return ""


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="flowercourse")
def autograder() -> None:
    """Check and grade the course's exercises."""


@autograder.command(short_help="Check your own notebook, and see its points.")
@click.argument("notebook", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--cell-timeout", type=Positive(), default=120.0, show_default=True, help="Seconds that one cell may run."
)
def check(notebook: Path, cell_timeout: float) -> None:
    """Check your own NOTEBOOK: runs it from start to end and prints a table of points.

    The notebook itself is not changed. Exit status: 0 when every point is there, 1 otherwise.
    """
    from autograder.selfcheck.check import Progress, check_notebook
    from flowercourse.progress import progress_bar

    with progress_bar("Starting Python", "cells", total=None, even=False) as bar:

        def progress(now: Progress) -> None:
            bar.total = now.cells
            bar.n = now.done
            bar.set_description_str(now.doing + (f", for {now.seconds:.0f} s" if now.seconds >= 2 else ""))

        report = check_notebook(notebook, cell_timeout_s=cell_timeout, progress=progress)
    click.echo(report.table())
    if not report.all_passed:
        sys.exit(1)


def main() -> None:
    """Run the command line; the entry point of the program ``autograder``."""
    try:
        autograder()
    except CourseError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()
