"""Options of commands that reach a cluster."""

from __future__ import annotations

import functools
import importlib.util
import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from autograder.grading.engine import Scheduler

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_TLS = ("tls_ca_file", "tls_cert", "tls_key")


def scheduler_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --scheduler and the certificates' options; the command gets `scheduler`, None or an `engine.Scheduler`."""

    @click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="Use the workers of the Dask cluster whose scheduler is at this address, such as tcp://10.0.0.1:8786.",
    )
    @click.option("--tls-ca-file", type=_FILE, help="For tls:// addresses: the authority that both sides trust.")
    @click.option("--tls-cert", type=_FILE, help="For tls:// addresses: this side's certificate.")
    @click.option("--tls-key", type=_FILE, help="For tls:// addresses: the key to it.")
    @functools.wraps(command)
    def with_scheduler(scheduler: str | None, **options: Any) -> Any:
        files = [options.pop(name) for name in _TLS]
        return command(scheduler=_scheduler(scheduler, files), **options)

    return with_scheduler


def _scheduler(address: str | None, files: list[Path | None]) -> Scheduler | None:
    if address is None:
        if any(files):
            raise click.UsageError("--tls-ca-file, --tls-cert and --tls-key go with --scheduler.")
        return None
    match = re.fullmatch(r"(tcp|tls)://(\[[0-9a-fA-F:.]+\]|[^\s:/@\[\]]+):(\d{1,5})", address)
    if match is None:
        raise click.UsageError(
            f"{address!r} is no scheduler's address. dask scheduler shows its own, such as tcp://10.0.0.1:8786."
        )
    if any(files) and (not all(files) or match[1] != "tls"):
        raise click.UsageError(
            "--tls-ca-file, --tls-cert and --tls-key go together, with an address that begins with tls://."
        )
    if importlib.util.find_spec("distributed") is None:
        raise click.UsageError(
            "Grading on a cluster needs Dask: in the course's folder, python -m pip install --editable '.[cluster]'."
        )
    if match[1] == "tcp" and not _is_here(match[2]):
        click.echo(
            f"{address} is not encrypted: whoever can reach it can read what is graded, and run code on its workers. "
            "The instructors' guide says how to use tls:// instead.",
            err=True,
        )
    from autograder.grading.engine import Scheduler  # what grades takes a while to import

    return Scheduler(address, *files)


def _is_here(host: str) -> bool:
    """Return whether an address stays on this machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
