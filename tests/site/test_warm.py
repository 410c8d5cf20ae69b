"""Programs and kernels that are forks of a Python which has imported the slow packages already."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.site.tools import load_tool

warm = load_tool("warm")
pytestmark = pytest.mark.skipif(not warm.AVAILABLE, reason="only on Linux")


@pytest.fixture(scope="module")
def python():
    """A Python that has imported one package, and could not import another."""
    with warm.WarmPython(["json", "no_such_package"], {**os.environ, "SET_BEFORE": "yes"}) as started:
        yield started


@pytest.fixture
def run(python, tmp_path):
    """Return a function that runs a program and returns its exit status, what it printed, and its errors."""

    def run(*arguments: str, **options: object) -> tuple[int, str, str]:
        with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
            status = python.start(arguments, stdout=out.fileno(), stderr=err.fileno(), **options).wait()
        return status, (tmp_path / "out").read_text(), (tmp_path / "err").read_text()

    return run


def test_code_modules_and_files_run_as_with_python_itself(run, tmp_path):
    code = "import sys; print(sys.argv, __name__, 'json' in sys.modules)"
    assert run("-c", code, "a", "b") == (0, "['-c', 'a', 'b'] __main__ True\n", "")
    (tmp_path / "mine.py").write_text("import sys; from beside import x; print(sys.argv[1:], __name__, x)")
    (tmp_path / "beside.py").write_text("x = 1")
    assert run(str(tmp_path / "mine.py"), "a") == (0, "['a'] __main__ 1\n", "")
    assert run("-m", "mine", "a", cwd=tmp_path) == (0, "['a'] __main__ 1\n", "")


def test_it_gets_its_own_environment_and_folder(run, tmp_path):
    code = "import os; print(os.environ.get('SET_BEFORE'), os.environ.get('MINE'), os.getcwd())"
    assert run("-c", code)[1] == f"yes None {Path.cwd()}\n"
    long = {"MINE": "yes", "LONG": "x" * 500_000}
    assert run("-c", code, env={**os.environ, **long}, cwd=tmp_path)[1] == f"None yes {tmp_path}\n"


def test_programs_that_are_started_at_the_same_time_each_get_their_own_request(python):
    def end_with(number: int) -> int:
        code = "import os, sys; sys.exit(int(os.environ['NUMBER']))"
        # Of many packets, so that another thread's come between them wherever they may.
        return python.start(["-c", code], env={"NUMBER": str(number), "LONG": "x" * 500_000}).wait(60)

    numbers = list(range(1, 25))
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(end_with, numbers)) == numbers


def test_its_end_is_told(run, python):
    assert run("-c", "import sys; sys.exit(3)")[0] == 3
    status, _, errors = run("-c", "1 / 0")
    assert status == 1
    assert errors.endswith("ZeroDivisionError: division by zero\n")
    assert run("-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")[0] == -9
    endless = python.start(["-c", "import time; time.sleep(600)"])
    assert endless.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        endless.wait(0.01)
    endless.kill()
    assert endless.wait() == endless.poll() == -9


def test_programs_run_side_by_side(python):
    waiting = [python.start(["-c", f"import sys, time; time.sleep({n} / 10); sys.exit({n})"]) for n in (3, 2, 1)]
    assert [one.wait() for one in waiting] == [3, 2, 1]


@pytest.mark.notebook
def test_a_kernel_is_a_fork_and_an_interrupted_cell_leaves_it_alive(monkeypatch):
    import nbclient
    import nbformat.v4 as nb

    kernels = load_tool("warm_kernels")
    monkeypatch.setattr(kernels, "IMPORTED", ("ipykernel.kernelapp", "colorsys"))
    cells = ["while True: pass", "import os, sys\nprint('colorsys' in sys.modules, os.getppid())", "os._exit(1)"]
    book = nb.new_notebook(cells=[nb.new_code_cell(cell) for cell in cells])
    with kernels.warm_kernels():
        limit = {"timeout_func": lambda cell: 1 if "while" in cell.source else 600, "interrupt_on_timeout": True}
        client = nbclient.NotebookClient(book, allow_errors=True, **limit)
        with pytest.raises(nbclient.exceptions.DeadKernelError):
            client.execute()
        expected = f"True {kernels.Provisioner.python.pid}\n"
    assert book.cells[0].outputs[0].ename == "KeyboardInterrupt"
    assert book.cells[1].outputs[0].text == expected
