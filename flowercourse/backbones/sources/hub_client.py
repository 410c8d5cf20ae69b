"""Fetches a backbone from TF Hub (which Kaggle hosts) with TF Hub's own client.

``FLOWERCOURSE_HUB_URL`` names another server of the same kind, such as a school's mirror.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import socket
import urllib.error
from collections.abc import Iterator
from pathlib import Path

from flowercourse.backbones.interface import NotHereError
from flowercourse.backbones.registry import BackboneSpec

DEFAULT_URL = "https://tfhub.dev/google"
SILENCE_S = 10.0  # how long a download may pause before it counts as failed


def address(spec: BackboneSpec) -> str:
    """Return the backbone's handle on TF Hub."""
    return f"{os.environ.get('FLOWERCOURSE_HUB_URL', DEFAULT_URL).rstrip('/')}/{spec.hub_path}"


def fetch(spec: BackboneSpec, directory: Path) -> str:
    """Download the backbone's SavedModel into ``directory``; see `interface.Source`."""
    import tensorflow as tf
    import tensorflow_hub as hub

    url = address(spec)
    # The client's own cache would keep the lock of a download that was killed, and make the next one wait for minutes.
    # So it gets a new one each time, inside the directory that our own lock protects.
    download = directory / ".download"
    with _client_settings(download):
        try:
            resolved = Path(hub.resolve(url))
        except Exception as error:  # the client passes on whatever urllib, tarfile and TensorFlow raise
            shutil.rmtree(download, ignore_errors=True)
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
                raise
            if isinstance(error, tf.errors.ResourceExhaustedError):
                raise OSError(errno.ENOSPC, error.message) from error
            raise NotHereError(f"the download from {url} failed ({_in_words(error)})") from error
    for item in resolved.iterdir():
        item.rename(directory / item.name)
    shutil.rmtree(download)
    return f"TF Hub ({url})"


@contextlib.contextmanager
def _client_settings(cache: Path) -> Iterator[None]:
    """Give the client its cache and its patience, both of which it takes from the process and not from its caller."""
    key, patience = "TFHUB_CACHE_DIR", socket.getdefaulttimeout()
    before = os.environ.get(key)
    os.environ[key] = str(cache)
    socket.setdefaulttimeout(SILENCE_S)
    try:
        yield
    finally:
        socket.setdefaulttimeout(patience)
        if before is None:
            del os.environ[key]
        else:
            os.environ[key] = before


def _in_words(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code} {error.reason}"
    if isinstance(error, TimeoutError):
        return f"nothing came for {SILENCE_S:g} s"
    return f"{type(error).__name__}: {error}"
