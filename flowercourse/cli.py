"""The command `flowercourse`: prepare what the course needs ahead of time, and say where everything comes from."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from flowercourse.errors import CourseError

_data_options = (
    click.option("--dataset", default="auto", show_default=True, help="tf_flowers, mini_flowers, or a folder."),
    click.option("--data-dir", type=click.Path(path_type=Path), help="TFDS data directory to look into first."),
)


def _with_data_options(command: Callable[..., Any]) -> Callable[..., Any]:
    return functools.reduce(lambda inner, option: option(inner), _data_options, command)


class _Commands(click.Group):
    """Commands whose errors are one message on standard error and exit status 1."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except CourseError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="flowercourse")
def main() -> None:
    """Data and backbones of the course in transfer learning."""


@main.command()
@click.option("--features", "with_features", is_flag=True, help="Also compute the features of every picture.")
@click.option(
    "--share",
    "share_with",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Also write data, backbones and features to DIR, for machines that set FLOWERCOURSE_CACHE to it.",
)
@_with_data_options
def prepare(with_features: bool, share_with: Path | None, dataset: str, data_dir: Path | None) -> None:
    """Prepare data and backbones ahead of time."""
    from flowercourse import backbones, datasets

    with _step("data set"):
        data = datasets.find(dataset, data_dir=data_dir)
        click.echo(f"{data.name}: {data.num_examples:,} pictures, {len(data.class_names)} classes; {data.origin}")
        _name_skipped(data.skipped)
    ready = []
    for name, spec in backbones.BACKBONES.items():
        with _step(spec.title):
            try:
                backbone = backbones.resolve(name, refresh=True)
            except CourseError as error:
                _say_why_not(error)
                continue
            ready.append(backbone)
            click.echo(f"{spec.title}: {backbone.source}")
    if not ready:
        raise CourseError(
            "No backbone was prepared", "no source has one, see above", "Connect to the internet once, and try again"
        )
    if with_features or share_with:
        known = _compute_features(ready, data)
    if share_with:
        _share(share_with, data, list(zip(ready, known, strict=True)))


def _share(directory: Path, data: Any, known: Sequence[tuple[Any, Any]]) -> None:
    from flowercourse.sharing import share

    with _step(f"folder to share, {directory}"):
        for path in share(directory, data, known):
            click.echo(f"written: {path}")
    click.echo(f'On the other machine: FLOWERCOURSE_CACHE="{directory}" (or wherever the folder is there)')


def _compute_features(ready: Sequence[Any], data: Any) -> list[Any]:
    from flowercourse import features

    known = []
    for backbone in ready:
        with _step(f"features, {backbone.label}"):
            found = features.extract(backbone, data, progress=True)
            state = "there already" if found.reused else "computed"
            click.echo(f"{len(found.y):,} pictures, {found.x.shape[1]:,} features each, {state}: {found.path}")
            _name_skipped(found.skipped)
        known.append(found)
    return known


@main.command("datasets")
@_with_data_options
def show_datasets(dataset: str, data_dir: Path | None) -> None:
    """Show where the data set comes from."""
    from flowercourse import datasets

    rows = [("source", "found", "where, or why not")]
    rows += [(tried.source, "yes" if tried.found else "no", tried.why) for tried in datasets.look_up(data_dir)]
    click.echo(_table(rows))
    data = datasets.find(dataset, data_dir=data_dir)
    click.echo(f"\nThe course uses {data.name}: {data.num_examples:,} pictures; {data.origin}.")
    click.echo(f"Classes: {', '.join(data.class_names)}. Fingerprint: {data.fingerprint[:12]}.")
    _name_skipped(data.skipped)


@main.command("backbones")
def show_backbones() -> None:
    """Show where the backbones come from."""
    from flowercourse import backbones

    for name, spec in backbones.BACKBONES.items():
        click.echo(f"{spec.title} ({name}): {spec.parameters:,} parameters, {spec.num_features:,} features")
        try:
            found = backbones.resolve(name)
        except CourseError as error:
            _say_why_not(error)
            click.echo()
            continue
        rows = [(source, "no", why) for source, why in found.tried]
        weights = "" if found.trained else " (untrained weights)"
        click.echo(_table([*rows, (found.source, "taken", f"{found.handle}{weights}")], indent="  ") + "\n")


def _say_why_not(error: CourseError) -> None:
    """Say why a backbone is not to be had: each source with its reason, where sources were asked."""
    tried = getattr(error, "tried", ())
    if tried:
        click.echo(_table([(source, "no", why) for source, why in tried], indent="  "))
        click.echo(f"  not available: {error.what}. {error.next_step}.")
    else:
        click.echo(f"  not available: {error}")


@contextmanager
def _step(name: str) -> Iterator[None]:
    click.secho(f"== {name}", bold=True)
    start = time.monotonic()
    yield
    if (taken := time.monotonic() - start) >= 1:
        click.echo(f"   {taken:.0f} s")


def _name_skipped(skipped: Sequence[tuple[str, str]], at_most: int = 20) -> None:
    """Say which files were left out, and why."""
    if not skipped:
        return
    click.echo(f"{len(skipped)} file{'s' if len(skipped) > 1 else ''} left out:")
    for path, why in skipped[:at_most]:
        click.echo(f"  {path}: {why}")
    if len(skipped) > at_most:
        click.echo(f"  and {len(skipped) - at_most} more")


def _table(rows: Sequence[tuple[str, ...]], indent: str = "") -> str:
    """Return `rows` as aligned columns; the last one is as long as it needs to be."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    lines = (
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    )
    return "\n".join(indent + line for line in lines)


if __name__ == "__main__":
    main()
