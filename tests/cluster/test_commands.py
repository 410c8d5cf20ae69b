"""What is typed to grade on a cluster, and what is said where that cannot be done."""

from __future__ import annotations

import gc
import shutil
import socket
import subprocess

import pytest
from click.testing import CliRunner, Result
from distributed import Client

from autograder.commands import learner
from autograder.commands.instructor import doctor, grade
from autograder.grading.cluster import NoScheduler, connected
from autograder.grading.engine import Scheduler
from autograder.grading.grade import grade_class
from flowercourse.errors import CourseError
from tests.attacks.case import write
from tests.attacks.course import MAX_SCORE, as_bytes, course, notebook
from tests.cluster.local import cluster
from tests.cluster.test_cluster import LIMITS

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]


def _grade(tmp_path, *options: str) -> Result:
    (tmp_path / "submitted").mkdir()
    return CliRunner().invoke(grade, [str(tmp_path / "submitted"), "--out", str(tmp_path / "out"), *options])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--scheduler", "10.0.0.1:8786"], "no scheduler's address"),
        (["--scheduler", "tcp://user:secret-word@10.0.0.1:8786"], "no scheduler's address"),
        (["--scheduler", "tcp://127.0.0.1:8786", "--jobs", "2"], "--jobs is for this machine"),
        (["--scheduler", "tcp://127.0.0.1:8786", "--tls-key", __file__], "go together"),
        (["--tls-key", __file__], "go with --scheduler"),
    ],
)
def test_what_does_not_fit_together_is_refused(tmp_path, options, said):
    done = _grade(tmp_path, *options)
    assert done.exit_code == 2
    assert said in done.output
    assert not (tmp_path / "out").exists()


def test_a_scheduler_that_is_not_there_ends_with_one_message_and_status_2(tmp_path, monkeypatch, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
    (tmp_path / "submitted").mkdir()
    command = ["autograder", "grade", str(tmp_path / "submitted"), "--out", str(tmp_path / "out")]
    monkeypatch.setattr("sys.argv", [*command, "--scheduler", address])
    monkeypatch.setattr("autograder.grading.cluster.CONNECT_S", 2.0)
    with pytest.raises(SystemExit) as ended:
        learner.main()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert line.startswith(f"Error: there is no scheduler at {address}")
    assert "dask scheduler" in line
    assert not (tmp_path / "out").exists()


def test_who_is_refused_leaves_no_half_open_connection():
    """Collected later, while another client starts, it would make that one wait for ever."""
    with pytest.raises(NoScheduler) as refused, connected(Scheduler("tls://127.0.0.1:8786")):  # without certificates
        pytest.fail("nobody may come in")
    assert refused.traceback  # it holds what the refusal has left
    left = [one for one in gc.get_objects() if isinstance(one, Client)]
    assert not [one for one in left if one.status not in ("closed", "newly-created")]


def test_who_grades_over_an_open_network_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr("autograder.grading.grade.grade_class", lambda *_, **__: [])
    assert "is not encrypted" in _grade(tmp_path, "--scheduler", "tcp://10.0.0.1:8786").output


def test_the_doctor_examines_every_worker(tmp_path):
    with cluster(tmp_path, 2) as made:
        with connected(made.scheduler) as client:
            client.wait_for_workers(2, timeout=60)
        done = CliRunner().invoke(doctor, ["--scheduler", made.address])
    assert done.output.count("What a submission was kept from") == 2
    assert done.output.count("In force: bubblewrap. It kept every promise.") == 2
    assert "2 of 2 workers keep every promise." in done.output
    assert done.exit_code == 0


def _certificate(folder) -> list[str]:
    """Make a certificate that signs itself; return Dask's options that name it."""
    made = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem"
    subprocess.run(made.split(), cwd=folder, check=True, capture_output=True)
    cert, key = str(folder / "cert.pem"), str(folder / "key.pem")
    return ["--tls-ca-file", cert, "--tls-cert", cert, "--tls-key", key]


def test_over_tls_only_who_has_a_certificate_gets_in(tmp_path):
    write(tmp_path / "submitted" / "student", as_bytes(notebook()))
    options = _certificate(tmp_path)
    with cluster(tmp_path, 1, options, "tls") as made:
        assert made.address.startswith("tls://")
        with pytest.raises(CourseError, match="no scheduler at .* that lets us in"), connected(made.scheduler):
            pass
        cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
        (result,) = grade_class(
            *(tmp_path / "submitted", tmp_path / "out"),
            scheduler=Scheduler(made.address, cert, cert, key),
            course=course(),
            limits=LIMITS,
            preload=(),
            progress=False,
        )
    assert result.score == MAX_SCORE
