# ruff: noqa: E501 - programs in strings
"""Submissions that mean no harm: what accidents, editors, downloads and hurried people make of a notebook."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from autograder.authoring.notebooks import METADATA_KEY
from tests.attacks.case import Case, Kind, bytes_case, notebook_case, write
from tests.attacks.course import MAX_SCORE, NAME, SOLUTIONS, as_bytes, code_cell, notebook

REJECTED = frozenset({"rejected"})
GRADED = frozenset({"graded"})


def _broken(name: str, aim: str, hand_in: Callable[[Path], object], deserves: float = 0.0, **settings: object) -> Case:
    settings = {"status": REJECTED, "kind": Kind.BROKEN, **settings}
    return Case(name, aim, lambda folder, paths: (hand_in(folder), None)[1], deserves, **settings)  # type: ignore[arg-type]


def _accident(name: str, aim: str, made: dict, deserves: float, **settings: object) -> Case:
    return notebook_case(name, aim, made, deserves=deserves, kind=Kind.BROKEN, **settings)


def _changed(change: Callable[[dict], object]) -> dict:
    made = notebook()
    change(made)
    return made


def _fifo(folder: Path) -> None:
    (folder / NAME).mkdir(parents=True)
    os.mkfifo(folder / NAME / f"{NAME}.ipynb")


def _link(folder: Path) -> None:
    (folder / NAME).mkdir(parents=True)
    (folder / NAME / f"{NAME}.ipynb").symlink_to("/etc/passwd")


def _linked_folder(folder: Path) -> None:
    write(folder.parent / "somebody-else-entirely", as_bytes(notebook()))
    folder.mkdir(parents=True)
    (folder / NAME).symlink_to(folder.parent / "somebody-else-entirely" / NAME)


def _two(folder: Path) -> None:
    write(folder, as_bytes(notebook(solve=False)), "a.ipynb")
    write(folder, as_bytes(notebook()), f"{NAME}.ipynb")


def _directory(folder: Path) -> None:
    (folder / NAME / f"{NAME}.ipynb").mkdir(parents=True)


def _unreadable_timestamp(folder: Path) -> None:
    write(folder, as_bytes(notebook()))
    (folder / NAME / "timestamp.txt").write_text("yesterday, I think")


def _plain(made: dict) -> None:
    """Drop everything about cells but their text, as some editors do."""
    for cell in made["cells"]:
        cell["metadata"] = {}
        cell.pop("id", None)


def _odd_names(made: dict) -> None:
    """Give cells grade ids, ids and other marks that are no text, or far too much of it, in a copy of another version."""
    odd = ({"a": []}, ["counts"], 7, None, True, 1.5, "x" * 100_000, "../../etc/passwd", "\x1b[2J\u202e\ud800")
    for number, cell in enumerate(made["cells"]):
        cell["id"] = odd[number % len(odd)]
        cell["metadata"]["id"] = odd[(number + 1) % len(odd)]
    made["cells"] += [code_cell("") | {"metadata": {"nbgrader": {"grade_id": name}}} for name in odd]
    made["cells"] += [code_cell("") | {"metadata": odd_place} for odd_place in odd]
    made["metadata"]["flowercourse"] = odd[0]


def _shuffled(made: dict) -> None:
    made["cells"].reverse()


def _without_checks(made: dict) -> None:
    made["cells"] = [cell for cell in made["cells"] if "checks." not in cell["source"]]


def _doubled(made: dict) -> None:
    made["cells"] += [json.loads(json.dumps(cell)) for cell in made["cells"]]


def _merged(made: dict) -> None:
    """Put all answers into the first one's cell, and delete the others, as "merge cells" does."""
    answers = [cell for cell in made["cells"] if cell["id"] in SOLUTIONS]
    answers[0]["source"] = "\n\n".join(cell["source"] for cell in answers)
    made["cells"] = [cell for cell in made["cells"] if cell not in answers[1:]]


def _without_answers(made: dict) -> None:
    made["cells"] = [cell for cell in made["cells"] if cell["id"] not in SOLUTIONS]


def _format_3(made: dict) -> None:
    cells = made.pop("cells")
    for cell in cells:
        if cell["cell_type"] == "code":
            cell |= {"input": cell.pop("source"), "prompt_number": None, "language": "python"}
    made |= {"nbformat": 3, "worksheets": [{"cells": cells, "metadata": {}}]}


def _with_a_video(made: dict) -> None:
    data = {"text/html": "<video src='data:video/mp4;base64," + "A, [B], {C}" * 2_500_000 + "'>"}
    made["cells"][1]["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]


def _as_json(change: Callable[[dict], object]) -> bytes:
    return json.dumps(_changed(change)).encode()


def _unpacked_on_a_mac(folder: Path) -> None:
    write(folder, _VALID, "My work.ipynb")
    write(folder, b"\0\5\x16\7" + bytes(100), "._My work.ipynb")
    (folder / "__MACOSX" / NAME).mkdir(parents=True)
    (folder / "__MACOSX" / NAME / f"._{NAME}.ipynb").write_bytes(b"\0\5\x16\7")


def _elsewhere(place: str) -> Callable[[Path], object]:
    def hand_in(folder: Path) -> None:
        (folder / place).parent.mkdir(parents=True)
        (folder / place).write_bytes(_VALID)

    return hand_in


_ONE_LOOP = notebook(counts="while True: pass")
_VALID = as_bytes(notebook())
_HANG = "class Slow:\n    def {name}(self, *a, **k):\n        import time\n        time.sleep(600)\n"

CASES: list[Case] = [
    # --- cannot be read ---
    bytes_case("empty file", "a file of no bytes", b""),
    bytes_case("no JSON", "a text that is no notebook", b"my answers: 1, 2, 3"),
    bytes_case("cut off", "an upload that stopped half way", _VALID[: len(_VALID) // 2]),
    bytes_case("not UTF-8", "saved by an editor in another encoding", "é".encode("latin-1") + _VALID),
    bytes_case("JSON of another kind", "a list", b"[1, 2, 3]"),
    bytes_case("no cells", "a notebook without cells", b'{"metadata": {}, "nbformat": 4, "nbformat_minor": 5}'),
    bytes_case("deep JSON", "brackets, 100,000 deep", b"[" * 100_000 + b"]" * 100_000),
    bytes_case(
        "50 MB",
        "a large file that is no notebook",
        b'{"cells": "' + b"x" * 50_000_000 + b'"}',
        message="the notebook's format is unknown",
    ),
    bytes_case(
        "holds too much",
        "millions of small things, each of which takes memory",
        b'{"nbformat": 4, "cells": [' + b"[]," * 3_000_000 + b"0]}",
        message="at most 2,000,000 are read",
    ),
    bytes_case("a zip file", "a compressed folder under a notebook's name", b"PK\x03\x04" + bytes(1000)),
    bytes_case("null bytes", "a file that the disk has eaten", bytes(4096)),
    _broken("FIFO", "a named pipe as notebook", _fifo),
    _broken("symbolic link", "a link to another file", _link),
    _broken("linked folder", "the folder is a link to somebody else's", _linked_folder),
    _broken("a folder", "a folder under the notebook's name", _directory),
    _broken("nothing", "an empty folder", lambda folder: (folder / NAME).mkdir(parents=True)),
    _broken(
        "unknown assignment",
        "an assignment that does not exist",
        lambda folder: (
            (folder / "99-nothing").mkdir(parents=True) or (folder / "99-nothing" / "x.ipynb").write_bytes(_VALID)
        ),
    ),
    # --- can be read, and has something to be forgiven ---
    bytes_case(
        "byte order mark",
        "saved by an editor that marks UTF-8",
        b"\xef\xbb\xbf" + _VALID,
        deserves=MAX_SCORE,
        status=frozenset({"graded"}),
    ),
    bytes_case(
        "video",
        "27 MB of outputs",
        _as_json(_with_a_video),
        deserves=MAX_SCORE,
        status=GRADED,
    ),
    bytes_case(
        "UTF-16", "saved by an editor in UTF-16", _VALID.decode().encode("utf-16"), deserves=MAX_SCORE, status=GRADED
    ),
    bytes_case(
        "odd names",
        "ids and marks that are no text",
        _as_json(_odd_names),
        deserves=MAX_SCORE,
        status=GRADED,
    ),
    bytes_case(
        "odd names in another version",
        "grade ids that are no text, in a copy of another version",
        _as_json(lambda made: (_odd_names(made), made["metadata"].update({METADATA_KEY: {"version": "old"}}))),
        message="made from another version",
    ),
    bytes_case(
        "format 5",
        "saved by a Jupyter that is not there yet",
        _as_json(lambda made: made.update(nbformat=5)),
        message="format is 5 instead of 4",
    ),
    bytes_case(
        "another format's shape",
        "a dictionary as format",
        _as_json(lambda made: made.update(nbformat={"major": 4})),
        message="format is unknown",
    ),
    bytes_case("format 3", "saved by an old Jupyter", _as_json(_format_3), deserves=MAX_SCORE, status=GRADED),
    bytes_case(
        "format as text",
        "saved by a tool that writes all numbers as text",
        _as_json(lambda made: made.update(nbformat="4")),
        deserves=MAX_SCORE,
        status=GRADED,
    ),
    bytes_case(
        "endless integer",
        "an integer of 5000 digits",
        _as_json(dict).replace(b'"execution_count": null', b'"execution_count": ' + b"9" * 5000, 1),
        deserves=MAX_SCORE,
        status=GRADED,
    ),
    bytes_case(
        "empty cells",
        "2000 empty cells at the end",
        _as_json(lambda made: made["cells"].extend(code_cell("") for _ in range(2000))),
        deserves=MAX_SCORE,
        status=GRADED,
    ),
    _broken(
        "unpacked on a Mac",
        "an archive's hidden files beside the notebook",
        _unpacked_on_a_mac,
        MAX_SCORE,
        status=GRADED,
    ),
    _broken(
        "other capitals", "a folder with other capitals", _elsewhere("01-TOY/01-TOY.ipynb"), MAX_SCORE, status=GRADED
    ),
    _broken(
        "no folder", "a notebook in the student's folder itself", _elsewhere(f"{NAME}.ipynb"), MAX_SCORE, status=GRADED
    ),
    _broken(
        "too deep",
        "a notebook one folder too deep",
        _elsewhere(f"{NAME}/{NAME}/{NAME}.ipynb"),
        MAX_SCORE,
        status=GRADED,
    ),
    _accident("answers merged", "all answers in one cell, the others gone", _changed(_merged), MAX_SCORE),
    _accident("answers deleted", "all cells for answers are gone", _changed(_without_answers), 0),
    _broken("two notebooks", "a copy beside the notebook", _two, MAX_SCORE, status=frozenset({"graded", "rejected"})),
    _broken(
        "odd timestamp", "a timestamp that is none", _unreadable_timestamp, MAX_SCORE, status=frozenset({"graded"})
    ),
    _accident(
        "metadata lost",
        "an editor that dropped ids and metadata",
        _changed(_plain),
        MAX_SCORE,
        status={"graded", "rejected"},
    ),
    _accident(
        "odd schema versions",
        "nbgrader metadata of other versions",
        _changed(
            lambda made: [
                cell["metadata"]["nbgrader"].update(schema_version="x")
                for cell in made["cells"]
                if "nbgrader" in cell["metadata"]
            ]
        ),
        MAX_SCORE,
    ),
    _accident("checks deleted", "all check cells are gone", _changed(_without_checks), MAX_SCORE),
    _accident("cells reversed", "the cells in reverse order", _changed(_shuffled), MAX_SCORE),
    _accident("everything twice", "the whole notebook pasted again below itself", _changed(_doubled), MAX_SCORE),
    _broken(
        "newline in the name",
        "a student's folder with a newline in it",
        lambda folder: write(folder, _VALID),
        MAX_SCORE,
        status=frozenset({"graded"}),
        student="new\nline",
    ),
    _broken(
        "pattern as name",
        "a student's folder named [a-z]*",
        lambda folder: write(folder, _VALID),
        MAX_SCORE,
        status=frozenset({"graded"}),
        student="[a-z]*",
    ),
    _broken(
        "formula as name",
        "a student's folder that a spreadsheet would run",
        lambda folder: write(folder, _VALID),
        MAX_SCORE,
        status=frozenset({"graded"}),
        student="=1+1",
    ),
    # --- honest work that logs, crashes late, loops or dies ---
    _accident(
        "logs warnings",
        "honest answers that write to stderr",
        notebook(
            added="import sys, warnings, logging\nwarnings.warn('careful')\nlogging.error('oh')\nprint('hm', file=sys.stderr)",
            scale="import sys, warnings\ndef scale(images):\n    warnings.warn('slow'); print('!', file=sys.stderr)\n"
            "    return np.asarray(images) / 255.0",
        ),
        MAX_SCORE,
    ),
    _accident(
        "crashes late",
        "the kernel dies after the last point, which is decided by then",
        notebook(last="import os\nos._exit(11)"),
        MAX_SCORE,
    ),
    _accident("leaves", "ends itself in its last cell, as scripts do", notebook(last="exit()"), MAX_SCORE),
    _accident("leaves with sys.exit", "likewise", notebook(last="import sys\nsys.exit(0)"), MAX_SCORE),
    _accident(
        "segmentation fault",
        "a crash in C before the last point",
        notebook(closing="import ctypes\nctypes.string_at(0)"),
        MAX_SCORE - 1,
        status={"crashed"},
    ),
    _accident(
        "kills itself",
        "SIGKILL to its own process half way",
        notebook(counts="import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"),
        4,
        status={"crashed"},
    ),
    _accident(
        "exit",
        "exit() in a cell",
        notebook(counts="counts = np.bincount(labels, minlength=3)\nexit()"),
        4,
        status={"crashed"},
    ),
    _accident(
        "sys.exit",
        "sys.exit() in a cell, after the answer",
        notebook(counts="import sys\ncounts = np.bincount(labels, minlength=3)\nsys.exit(0)"),
        MAX_SCORE,
    ),
    _accident("endless loop", "one cell that never ends", _ONE_LOOP, MAX_SCORE - 1, status={"timeout"}),
    _accident(
        "endless function",
        "a function that never returns",
        notebook(accuracy="def accuracy(labels, predictions):\n    while True: pass"),
        MAX_SCORE - 2,
        status={"timeout"},
    ),
    _accident(
        "endless generator",
        "a generator where an array should be",
        notebook(counts="import itertools\ncounts = itertools.count()"),
        MAX_SCORE - 1,
    ),
    _accident(
        "hanging __repr__",
        "an object whose text never comes",
        notebook(counts=_HANG.format(name="__repr__") + "counts = Slow()"),
        MAX_SCORE - 1,
    ),
    _accident(
        "hanging __array__",
        "an object that never becomes an array",
        notebook(accuracy=_HANG.format(name="__array__") + "def accuracy(labels, predictions): return Slow()"),
        MAX_SCORE - 2,
        status={"graded", "timeout"},
    ),
    _accident(
        "hanging __len__",
        "a list whose length never comes",
        notebook(counts=_HANG.format(name="__len__").replace("Slow", "Slow(list)", 1) + "counts = Slow([2, 2, 4])"),
        MAX_SCORE,
        status={"graded", "timeout"},
    ),
    _accident(
        "huge array",
        "an answer of several gigabytes",
        notebook(counts="counts = np.broadcast_to(np.int64(1), (10**10,))"),
        MAX_SCORE - 1,
        status={"graded", "out_of_memory"},
    ),
    _accident(
        "terabyte",
        "an array that no machine can hold",
        notebook(counts="counts = np.ones(10**12)"),
        MAX_SCORE - 1,
        status={"graded", "out_of_memory"},
    ),
    _accident(
        "deep recursion",
        "a function that calls itself for ever",
        notebook(accuracy="def accuracy(labels, predictions): return accuracy(labels, predictions)"),
        MAX_SCORE - 2,
    ),
    _accident("deletes names", "deletes what it has made", notebook(closing="del scale, accuracy, counts, np\n"), 5),
    _accident("syntax error", "a cell that is no Python", notebook(counts="counts = = 3"), MAX_SCORE - 1),
    _accident(
        "asks for input", "waits for somebody to type", notebook(counts="counts = input('How many? ')"), MAX_SCORE - 1
    ),
    _accident(
        "threads left running",
        "background threads that never end",
        notebook(
            added="import threading, time\nfor _ in range(8): threading.Thread(target=time.sleep, args=(900,)).start()"
        ),
        MAX_SCORE,
    ),
    _accident(
        "slow atexit",
        "something that it wants to do at the end",
        notebook(last="import atexit, time\natexit.register(time.sleep, 600)"),
        MAX_SCORE,
    ),
    _accident("untouched", "the exercise as it was given out", notebook(solve=False), 0),
    _accident(
        "magics and shells",
        "%time, !echo, %%capture and top-level await",
        notebook(added="%matplotlib inline\n!echo hello\nimport asyncio\nawait asyncio.sleep(0)\n%time 1 + 1"),
        MAX_SCORE,
    ),
    _accident(
        "surrogates", "text that cannot be encoded", notebook(last="print('\\ud800'); '\\ud800\\x00'"), MAX_SCORE
    ),
    _accident(
        "raises strange things",
        "an exception whose text raises",
        notebook(last="class E(Exception):\n    def __str__(self): raise E\nraise E"),
        MAX_SCORE,
    ),
    _accident(
        "only its own cells",
        "answers in cells of its own, above the stubs",
        _changed(lambda made: made["cells"].insert(2, code_cell("x = 1"))),
        MAX_SCORE,
    ),
]
