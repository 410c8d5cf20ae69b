"""Takes a backbone from the user's own directory of SavedModels (``FLOWERCOURSE_MODELS``), named like the backbones."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from flowercourse import paths
from flowercourse.backbones import store
from flowercourse.backbones.conversion import saved_model
from flowercourse.backbones.interface import NotHereError
from flowercourse.backbones.registry import BackboneSpec


def find(spec: BackboneSpec, *, untrained: bool) -> tuple[Path, store.Record]:
    """Return the backbone's folder in ``FLOWERCOURSE_MODELS``, and its record.

    A model is loaded and examined the first time that it is seen; its files' SHA-256 is remembered in the cache.

    Args:
        spec: which backbone.
        untrained: whether one that this course made without training is welcome.

    Raises:
        NotHereError: there is no such directory, or what is there is not this backbone.
    """
    named = os.environ.get("FLOWERCOURSE_MODELS")
    if not named:
        raise NotHereError("FLOWERCOURSE_MODELS is not set")
    directory = Path(named).expanduser().absolute() / spec.name
    if not (directory / "saved_model.pb").is_file():
        raise NotHereError(f"{directory} has no saved_model.pb")
    record = store.read_record(directory)
    if record is None:
        digest = _digest(directory)
        _examine_once(directory, spec, digest)
        return directory, store.Record(spec.name, f"FLOWERCOURSE_MODELS ({directory})", True, digest[:16], (), {})
    if record.name != spec.name:
        raise NotHereError(f"{directory} holds {record.name}")
    if not record.trained and not untrained:
        raise NotHereError(f"{directory} has untrained weights, and nobody asked for them")
    return directory, record


def _digest(directory: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        digest.update(path.relative_to(directory).as_posix().encode())
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _examine_once(directory: Path, spec: BackboneSpec, digest: str) -> None:
    mark = Path("backbones") / spec.name / f"examined-{digest[:16]}"
    if (paths.cache_dir() / mark).exists():
        return
    try:
        saved_model.examine(directory, spec)
    except saved_model.UnfitModelError as error:
        raise NotHereError(f"{directory} is not {spec.title}: {error}") from error
    with contextlib.suppress(OSError):  # without the mark, it is examined again next time
        (paths.writable_dir("backbones", spec.name) / mark.name).touch()
