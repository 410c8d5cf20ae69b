"""No hostile submission gets points, secrets or anybody else's grade; no broken one loses what it deserves."""

from __future__ import annotations

import fcntl
import os
import pickle
import shutil

import pytest

from tests.attacks.harness import Outcome, every_case, grade_cases

CASES = every_case()
pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory) -> dict[str, Outcome]:
    """All cases, graded as one class; once, however many processes the tests run in."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    kept = shared / "attacks.pickle"
    with (shared / "attacks.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            folder = shared / "attacks"
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o755)
            found = grade_cases([case for _, case in CASES], folder, isolation="bubblewrap")
            plain = {one.case.name: (one.result, one.harm, one.seconds) for one in found}
            kept.write_bytes(pickle.dumps(plain))
    stored = pickle.loads(kept.read_bytes())
    return {case.name: Outcome(case, *stored[case.name]) for _, case in CASES}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", [case.name for _, case in CASES])
def test_it_gets_what_it_deserves_and_does_no_harm(name, outcomes):
    outcome = outcomes[name]
    assert outcome.harm == []


def test_there_are_enough_of_them():
    parts = [part for part, _ in CASES]
    assert parts.count("hostile") >= 30
    assert parts.count("broken") >= 20
    assert len({case.name for _, case in CASES}) == len(CASES)
