"""Whether a server answers is known within seconds."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from flowercourse import network


@contextlib.contextmanager
def server(status: int) -> Iterator[str]:
    """Serve `status` to every request, on the loopback address."""

    class Answer(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{served.server_port}/file"
        served.shutdown()


@contextlib.contextmanager
def silent_server() -> Iterator[str]:
    """Accept connections and never say a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"


@pytest.mark.parametrize("status", [200, 403, 404, 500])
def test_a_server_that_answers_is_reachable_whatever_it_says(status):
    with server(status) as url:
        assert network.reachable(url)
        assert network.why_unreachable(url) is None


def test_a_gateway_that_reaches_nobody_is_no_server():
    with server(502) as url:
        assert "502" in (network.why_unreachable(url) or "")


def test_a_server_that_never_answers_is_given_up_in_time():
    with silent_server() as url:
        start = time.monotonic()
        assert not network.reachable(url, timeout_s=0.3)
        assert time.monotonic() - start < 2


def test_a_name_look_up_that_hangs_is_given_up_in_time(monkeypatch):
    over = threading.Event()

    def hang(*arguments: object, **options: object) -> None:
        over.wait(20)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.delenv("FLOWERCOURSE_OFFLINE")
    monkeypatch.setattr(socket, "getaddrinfo", hang)
    start = time.monotonic()
    why = network.why_unreachable("http://flowers.invalid/", timeout_s=0.3)
    assert time.monotonic() - start < 2
    assert why == "flowers.invalid did not answer within 0.3 s"
    start = time.monotonic()
    assert network.why_unreachable("http://flowers.invalid/other", timeout_s=10) == why  # not waited for again
    assert time.monotonic() - start < 2
    over.set()


def test_nobody_listens_on_a_closed_port():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    assert "refused" in (network.why_unreachable(f"http://127.0.0.1:{port}/") or "")


def test_an_unknown_name_is_said_to_be_unknown(monkeypatch):
    def unknown(*arguments: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.delenv("FLOWERCOURSE_OFFLINE")
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert "its name is not known" in (network.why_unreachable("https://unknown.invalid/") or "")


def test_offline_nobody_but_this_machine_is_asked(monkeypatch):
    def ask(*arguments: object, **options: object) -> None:
        raise AssertionError("the network was asked")

    with server(200) as url:
        assert network.reachable(url)
    monkeypatch.setattr(socket, "getaddrinfo", ask)
    assert network.why_unreachable("https://tfhub.dev/google") == "FLOWERCOURSE_OFFLINE is set"
