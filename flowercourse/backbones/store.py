"""Keeps backbones in the cache: ``backbones/NAME/trained`` and ``backbones/NAME/untrained``, each a SavedModel.

A record inside it (``assets.extra/flowercourse.json``, in the folder that SavedModel leaves to its users) says where it
comes from. It is written last, and the folder appears in one step, so a folder that is there is complete.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from flowercourse import network, paths
from flowercourse.backbones.conversion import saved_model
from flowercourse.backbones.interface import NotHereError, Source
from flowercourse.backbones.registry import BackboneSpec

CONVERSION = 2  # raise it when a conversion changes what a backbone computes: caches are then made again
_RECORD = Path("assets.extra") / "flowercourse.json"

Tried = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Record:
    """What is kept about a backbone in the cache.

    Attributes:
        name: the backbone's name.
        source: where its weights come from, in words.
        trained: whether they have been trained.
        fingerprint: 16 hexadecimal digits that change whenever the features may.
        tried: the sources that had been asked before, each with the reason why it was not taken.
        files: path and size in bytes of each file, so that a damaged copy is noticed.
        conversion: the value of ``CONVERSION`` when it was made.
    """

    name: str
    source: str
    trained: bool
    fingerprint: str
    tried: Tried
    files: dict[str, int]
    conversion: int = CONVERSION


Found = tuple[Path, Record]


def read_record(directory: Path) -> Record | None:
    """Return the record of the SavedModel in ``directory``; None if there is none, or the files are not as it says."""
    try:
        content = json.loads((directory / _RECORD).read_text(encoding="utf-8"))
        content["tried"] = tuple((source, why) for source, why in content["tried"])
        record = Record(**content)
        sizes = {path: (directory / path).stat().st_size for path in record.files}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return record if sizes == record.files and record.conversion == CONVERSION else None


def find(spec: BackboneSpec, *, trained: bool) -> Found | None:
    """Return the folder and record of the backbone in the cache, or None. Nothing is written, no network is asked."""
    directory = paths.cache_dir() / "backbones" / spec.name / _kind(trained)
    record = read_record(directory)
    return (directory, record) if record else None


def obtain(
    spec: BackboneSpec, sources: Sequence[Source], *, trained: bool, tried: Tried = ()
) -> tuple[Found | None, Tried]:
    """Ask ``sources`` one after the other, and keep the first that has the backbone.

    Where two processes ask at once, one waits for the other and takes what it made. Where the cache can't be written,
    the backbone goes to a temporary folder of this process.

    Returns:
        The folder and record, None if no source has it; and ``tried`` with the reasons of the sources that have not.

    Raises:
        CourseError: the disk is full, or another process is stuck.
    """
    directory = paths.writable_dir("backbones", spec.name) / _kind(trained)
    with paths.locked(directory):
        if record := read_record(directory):
            return (directory, record), tried
        silent = _unreachable(spec, sources)
        for source in sources:
            if reason := silent.get(source.name):
                tried += ((source.name, reason),)
                continue
            try:
                with paths.whole_directory(directory) as unfinished:
                    origin = source.fetch(spec, unfinished)
                    record = _write_record(unfinished, spec, origin, source.trained, tried)
            except NotHereError as error:
                tried += ((source.name, str(error)),)
            else:
                return (directory, record), tried
    return None, tried


def _unreachable(spec: BackboneSpec, sources: Sequence[Source]) -> dict[str, str]:
    """Return why each source whose server does not answer is out of reach; all are asked at once, so this takes 5 s."""
    with ThreadPoolExecutor() as pool:
        asked = {
            source.name: pool.submit(network.why_unreachable, source.address(spec))
            for source in sources
            if source.address
        }
        return {name: reason for name, answer in asked.items() if (reason := answer.result())}


def _write_record(directory: Path, spec: BackboneSpec, origin: str, trained: bool, tried: Tried) -> Record:
    try:
        weights = saved_model.examine(directory, spec)
    except saved_model.UnfitModelError as error:
        raise NotHereError(f"what {origin} gave is not {spec.title}: {error}") from error
    fingerprint = hashlib.sha256(f"{spec.name}, {origin}, {weights}, {CONVERSION}".encode()).hexdigest()[:16]
    files = {
        path.relative_to(directory).as_posix(): path.stat().st_size for path in directory.rglob("*") if path.is_file()
    }
    record = Record(spec.name, origin, trained, fingerprint, tried, dict(sorted(files.items())))
    (directory / _RECORD).parent.mkdir(exist_ok=True)
    (directory / _RECORD).write_text(json.dumps(asdict(record), indent=2) + "\n", encoding="utf-8")
    return record


def _kind(trained: bool) -> str:
    return "trained" if trained else "untrained"
