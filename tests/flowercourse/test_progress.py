"""Progress bars stand on one line of a terminal, and do not flood a log."""

from __future__ import annotations

import io
import re
import sys

import pytest

from flowercourse import progress
from flowercourse.progress import progress_bar


class Terminal(io.StringIO):
    """A stream that says that somebody watches."""

    def isatty(self) -> bool:
        return True


def test_a_bar_says_what_is_done_how_fast_and_how_long_it_will_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with progress_bar("Features, MobileNet V2", "pictures", total=1200) as bar:
        bar.update(600)
        bar.refresh()
    states = [one.rstrip() for one in terminal.getvalue().split("\r")]
    assert any(
        re.fullmatch(r"Features, MobileNet V2:  50 % .*\| 600 of 1,200 pictures, .* left", one) for one in states
    )
    assert "\n" not in terminal.getvalue()
    assert states[-1] == ""  # it has gone, and whatever is printed next stands in its place


@pytest.mark.parametrize(
    ("columns", "wanted"),
    [
        (100, r"Features, Inception V3:  50 % \|.{8,}\| 600 of 1,200 pictures, .* a second, .* left"),
        (76, r"Features, Inception V3: 600 of 1,200 pictures, .* a second, .* left"),
        (60, r"Features, Inception V3: 600 of 1,200 pictures, \S+ \S+ left"),
        (48, r"Features, Inception V3: 600 of 1,200 pictures"),
    ],
)
def test_a_narrow_terminal_gets_whole_words(columns, wanted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with progress_bar("Features, Inception V3", "pictures", total=1200) as bar:
        bar.dynamic_ncols = lambda stream: (columns, 24)
        bar.start_t -= 10
        bar.update(600)
        bar.refresh()
    states = [one.rstrip() for one in terminal.getvalue().split("\r")]
    assert any(re.fullmatch(wanted, one) for one in states[-3:]), states
    assert all(len(one) <= columns for one in states[2:])


def test_where_one_takes_longer_than_the_next_no_speed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", terminal := Terminal())
    with progress_bar("Starting Python", "cells", total=None, even=False) as bar:
        bar.total, bar.n = 41, 3
        bar.set_description_str("cell 4, for 9 s")
    assert "| 3 of 41 cells\r" in terminal.getvalue().replace(" \r", "\r")
    assert "second" not in terminal.getvalue()


def test_a_log_gets_whole_lines_and_few_of_them(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in progress_bar("Grading", "submissions", total=500, of=range(500), shown=True):
        pass
    assert capsys.readouterr().err == ""  # nothing in the first minute
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0)
    with progress_bar("Grading", "submissions", total=5, shown=True) as bar:
        bar.update(2)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "Grading: 0 of 5 submissions"
    assert lines[1].startswith("Grading: 2 of 5 submissions, ")
    assert len(lines) == 2


@pytest.mark.parametrize("shown", [None, False])
def test_a_log_that_nobody_asked_for_stays_empty(shown, capsys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0)
    assert list(progress_bar("Reading pictures", "files", total=3, of=range(3), shown=shown)) == [0, 1, 2]
    assert capsys.readouterr().err == ""


def test_a_process_without_standard_error_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert list(progress_bar("Reading pictures", "files", total=3, of=range(3), shown=True)) == [0, 1, 2]
