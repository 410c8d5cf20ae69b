"""Ask whether a server answers, within seconds, before a client with long retries is started."""

from __future__ import annotations

import http.client
import os
import queue
import socket
import ssl
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

USER_AGENT = "flowercourse"
# A gateway's own answers: the server behind it was not reached.
_GATEWAY_STATUSES = {407, 502, 503, 504}
# Servers that kept someone waiting are not waited for again soon: when, and what was said of them.
_REMEMBERED_S = 60.0
_silent_servers: dict[str, tuple[float, str]] = {}


def offline() -> bool:
    """Say whether the user asked for no network at all (``FLOWERCOURSE_OFFLINE=1``)."""
    return os.environ.get("FLOWERCOURSE_OFFLINE", "") not in ("", "0")


def is_loopback(url: str) -> bool:
    """Say whether `url` names this very machine.

    >>> is_loopback("http://127.0.0.1:8000/x"), is_loopback("https://tfhub.dev/google")
    (True, False)
    """
    host = urllib.parse.urlsplit(url).hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def reachable(url: str, timeout_s: float = 5.0) -> bool:
    """Say whether the server of `url` answers at all, within `timeout_s` seconds (name look-up included)."""
    return why_unreachable(url, timeout_s) is None


def why_unreachable(url: str, timeout_s: float = 5.0) -> str | None:
    """Return None if the server of `url` answers within `timeout_s` seconds, else the reason in words.

    Any answer of the server itself counts, also "not found". With ``FLOWERCOURSE_OFFLINE=1`` only this machine is
    asked.
    """
    host = urllib.parse.urlsplit(url).hostname or url
    if offline() and not is_loopback(url):
        return "FLOWERCOURSE_OFFLINE is set"
    server = urllib.parse.urlsplit(url).netloc
    asked_at, why = _silent_servers.get(server, (-_REMEMBERED_S, None))
    if time.monotonic() - asked_at < _REMEMBERED_S:
        return why
    answer: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    # In a thread of its own, because the system's name look-up knows no time limit.
    threading.Thread(target=lambda: answer.put(_ask(url, host, timeout_s)), daemon=True).start()
    try:
        return answer.get(timeout=timeout_s)
    except queue.Empty:
        why = f"{host} did not answer within {timeout_s:g} s"
        _silent_servers[server] = time.monotonic(), why
        return why


def _ask(url: str, host: str, timeout_s: float) -> str | None:
    request = urllib.request.Request(url, method="HEAD", headers={"User-Agent": USER_AGENT})  # noqa: S310 (https or loopback)
    try:
        with urllib.request.urlopen(request, timeout=timeout_s):  # noqa: S310
            return None
    except urllib.error.HTTPError as error:
        behind_proxy = host not in ("localhost", "127.0.0.1") and bool(urllib.request.getproxies())
        if error.code in _GATEWAY_STATUSES or (error.code == 403 and behind_proxy):
            return f"{host} was not reached: the gateway answered {error.code} {error.reason}"
        return None
    except urllib.error.URLError as error:
        return f"{host} was not reached: {_in_words(error.reason)}"
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"{host} was not reached: {_in_words(error)}"


def _in_words(reason: object) -> str:
    if isinstance(reason, socket.gaierror):
        return "its name is not known here (no internet?)"
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    if isinstance(reason, ssl.SSLError):
        return f"no trusted connection ({reason.reason or reason})"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror.lower()
    return str(reason)
