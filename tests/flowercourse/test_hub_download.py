"""Backbones come from TF Hub by its own client; whatever goes wrong on the way is said and leaves nothing behind."""

from __future__ import annotations

import io
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from flowercourse import backbones, network
from flowercourse.backbones import registry
from flowercourse.backbones.conversion import saved_model
from flowercourse.backbones.sources import hub_client
from flowercourse.errors import CourseError
from tests.flowercourse import small_backbone

Answer = Callable[[BaseHTTPRequestHandler], None]


class Hub:
    """A server that answers as TF Hub does; a test says with what."""

    def __init__(self) -> None:
        self.answer: Answer = lambda request: request.send_error(500)
        self.asked: list[str] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self.send_response(200)
                self.end_headers()

            def do_GET(self) -> None:
                hub.asked.append(self.path)
                hub.answer(self)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/google"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, empty_cache: Path) -> Iterator[Hub]:
    """Run the server, and make a small backbone known that stands there."""
    monkeypatch.setitem(registry.BACKBONES, "small", small_backbone.SPEC)
    monkeypatch.setenv("FLOWERCOURSE_UNTRAINED", "0")
    monkeypatch.setattr(hub_client, "SILENCE_S", 0.5)
    served = Hub()
    monkeypatch.setenv("FLOWERCOURSE_HUB_URL", served.url)
    threading.Thread(target=served.server.serve_forever, daemon=True).start()
    yield served
    served.server.shutdown()
    served.server.server_close()


def archive(directory: Path) -> bytes:
    """Pack a SavedModel as TF Hub does."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        tar.add(directory, arcname="./")
    return packed.getvalue()


def sending(content: bytes, *, announced: int | None = None) -> Answer:
    """Answer with ``content``."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(announced or len(content)))
        request.end_headers()
        request.wfile.write(content)

    return answer


def why_not(name: str = "small") -> str:
    """Return why TF Hub did not have the backbone."""
    with pytest.raises(CourseError) as raised:
        backbones.resolve(name)
    assert "TF Hub: " in raised.value.why
    return raised.value.why.split("TF Hub: ")[1].split("; Keras Applications: ")[0]


def leftovers(cache: Path) -> list[Path]:
    """Return what a failed download left in the cache, locks (empty files) apart."""
    return [path for path in cache.rglob("*") if path.is_file() and not path.name.endswith(".lock")]


def test_a_backbone_is_downloaded_once_and_used_by_a_hub_layer(hub: Hub, small, empty_cache: Path) -> None:
    import tensorflow_hub

    hub.answer = sending(archive(Path(small.handle)))
    found = backbones.resolve("small")
    again = backbones.resolve("small")

    assert hub.asked == ["/google/small/1?tf-hub-format=compressed"]
    assert found.trained
    assert found.source == f"TF Hub ({hub.url}/small/1)"
    assert again == found
    assert Path(found.handle).is_relative_to(empty_cache)
    layer = tensorflow_hub.KerasLayer(found.handle, input_shape=(8, 8, 3))
    images = np.random.default_rng(0).random((2, 8, 8, 3), np.float32)
    np.testing.assert_allclose(layer(images), small_backbone.model()(images), rtol=1e-5)


def test_a_download_that_breaks_off_is_said_and_leaves_nothing(hub: Hub, small, empty_cache: Path) -> None:
    content = archive(Path(small.handle))
    for part in (0, 20, len(content) // 2, len(content) - 400):
        hub.answer = sending(content[:part], announced=len(content))
        assert "the download from" in why_not() or "is not Small" in why_not()
        assert leftovers(empty_cache) == []
    hub.answer = sending(content)
    assert backbones.resolve("small").trained  # and the next attempt succeeds


def test_an_archive_of_something_else_is_refused(hub: Hub, empty_cache: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "readme.txt").write_text("no model")
    hub.answer = sending(archive(tmp_path / "other"))
    assert "is not Small: it can't be used as a SavedModel" in why_not()

    saved_model.export(small_backbone.model(num_features=5), tmp_path / "wider")
    hub.answer = sending(archive(tmp_path / "wider"))
    assert "is not Small: it has 20 weights where Small has 16" in why_not()

    hub.answer = sending(b"<html>Please log in to the school's network</html>")
    assert "the download from" in why_not()
    assert leftovers(empty_cache) == []


def test_a_missing_page_is_said(hub: Hub, empty_cache: Path) -> None:
    hub.answer = lambda request: request.send_error(404)
    assert "the server answered 404 Not Found" in why_not()
    assert leftovers(empty_cache) == []


def test_a_server_that_stops_answering_is_given_up(hub: Hub, small, empty_cache: Path) -> None:
    release = threading.Event()
    hub.answer = lambda request: release.wait(20) and None
    started = time.monotonic()
    why = why_not()
    release.set()
    assert "nothing came for 0.5 s" in why or "timed out" in why
    assert time.monotonic() - started < 15
    assert leftovers(empty_cache) == []


def test_an_unreachable_server_is_not_asked_for_a_model(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "why_unreachable", lambda url, timeout_s=5.0: "hub.test did not answer within 5 s")
    assert why_not() == "hub.test did not answer within 5 s"
    assert hub.asked == []


def test_a_trained_model_that_appears_later_wins_over_an_untrained_one(
    hub: Hub, small, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch(spec, directory: Path) -> str:
        saved_model.export(small_backbone.model(), directory)
        return "untrained weights"

    monkeypatch.setattr(backbones, "UNTRAINED_SOURCE", backbones.Source("untrained weights", fetch, trained=False))
    first = backbones.resolve("small", untrained=True)
    assert not first.trained
    assert first.label == "Small (untrained weights)"
    assert "the server answered 500" in dict(first.tried)["TF Hub"]

    hub.answer = sending(archive(Path(small.handle)))
    asked = len(hub.asked)
    assert backbones.resolve("small", untrained=True) == first  # answered from the cache, at once
    assert len(hub.asked) == asked
    assert backbones.resolve("small", untrained=True, refresh=True).trained
    assert backbones.resolve("small", untrained=True).trained
