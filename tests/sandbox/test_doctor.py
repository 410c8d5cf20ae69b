"""The doctor says what is in force because it was tried."""

from __future__ import annotations

import shutil

import pytest

from autograder.sandbox import doctor
from autograder.sandbox.doctor import Promise, Report, Tried, choose, examine
from flowercourse.errors import CourseError

KEPT = Tried("bubblewrap", (Promise("reading files", True), Promise("reaching the network", True)))
LEAKY = Tried("user", (Promise("reading files", True), Promise("reaching the network", False)))
ABSENT = Tried("bubblewrap", problem="bwrap")


@pytest.mark.sandbox
@pytest.mark.parametrize("isolation", ["bubblewrap", "unshare"])
def test_every_promise_is_kept_here(isolation):
    if isolation == "bubblewrap" and shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    tried = examine((isolation,)).tried[0]
    assert (tried.problem, tried.broken) == ("", ())


@pytest.mark.sandbox
def test_without_isolation_the_probes_find_the_holes():
    """Probes that could not fail would say nothing."""
    broken = doctor.try_out("none").broken
    assert "reading a file of the instructor's" in broken
    assert "writing outside of its own folder" in broken
    assert "seeing other processes" in broken


def test_the_first_that_works_is_in_force():
    report = Report((KEPT, LEAKY))
    assert report.healthy
    assert "In force: bubblewrap. It kept every promise." in report.text


def test_what_is_missing_says_how_to_get_it_and_what_is_not_kept():
    report = Report((ABSENT, LEAKY))
    assert not report.healthy
    assert "apt install bubblewrap" in report.text
    assert "In force: user, which does not keep: reaching the network." in report.text


def test_whether_submissions_get_control_groups_is_said_and_how_to_get_them():
    assert "Control groups: each submission has one." in Report((KEPT,)).text
    without = Report((KEPT,), no_groups="this user may make none").text
    assert "Control groups: none (this user may make none)." in without
    assert "systemd-run --user --scope --property=Delegate=yes autograder grade" in without
    assert without.endswith("In force: bubblewrap. It kept every promise.")


def test_where_nothing_works_grading_is_refused(monkeypatch):
    monkeypatch.setattr(doctor, "starts", lambda isolation: "not here")
    with pytest.raises(CourseError, match="--isolation none"):
        choose("auto")
    assert choose("none") == "none"
    assert "will refuse" in Report((ABSENT,)).text
