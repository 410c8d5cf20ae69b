"""Cells of the learner's that failed: what they were to define, and what to say of them where it is missing."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from autograder.checking.quoting import quote


@dataclass(frozen=True)
class FailedCell:
    """A cell that raised.

    Attributes:
        number: its position among all cells of the notebook, texts too, from 1; `In [n]` counts runs.
        source: its code.
        error: the exception's type; a word of the learner's process, to be quoted only.
        text: the exception's message; likewise.
        line: the line of the cell at which it was raised, from 1; 0 where that is not known.
    """

    number: int
    source: str
    error: str
    text: str
    line: int = 0

    def __str__(self) -> str:
        """Return what happened, in a sentence."""
        what = quote(self.error, 60) or "an error"
        said = f": {quote(self._telling_line())}".rstrip(": ")
        at = f" (line {self.line}: `{quote(self.code, 80)}`)" if self.code else ""
        return f"Cell {self.number} from the top ended with {what}{said}{at}."

    def _telling_line(self) -> str:
        """Return the first line of the message, or the second where the first says only which layer was called."""
        lines = [line for line in self.text[:20_000].splitlines() if line.strip()]
        only_where = len(lines) > 1 and lines[0].startswith("Exception encountered when calling")
        line = lines[1 if only_where else 0] if lines else ""
        # IPython's name for a cell says nothing to whoever wrote it, and the line is told anyway.
        return re.sub(r" \(<ipython-input-[\w-]{1,40}>, line \d{1,6}\)$", "", line)

    @property
    def code(self) -> str:
        """The line at which it was raised; "" where that is not known."""
        lines = self.source.splitlines()
        return lines[self.line - 1].strip() if 0 < self.line <= len(lines) else ""

    @property
    def hint(self) -> str:
        """What is known to cause this, in a sentence; "" where nothing is known."""
        return known_cause(self.error, self.text)


def known_cause(error: str, text: str) -> str:
    """Return what is known to cause an exception of this type with this message, in a sentence; "" for nothing."""
    said = f"{error[:100]}: {text[:2000]}"
    return next((hint for pattern, hint in _CAUSES if re.search(pattern, said, re.IGNORECASE | re.DOTALL)), "")


_CAUSES = (
    (
        r"only instances of `?keras\.Layer`? can be added|Could not interpret \w+ identifier|KerasTensor|"
        r"is not a Keras 2|keras\.src|should be an instance of `?keras",
        "Two versions of Keras are mixed here. Import flowercourse before TensorFlow, or write "
        "`import tf_keras as keras` and use `keras` throughout.",
    ),
    (
        r"mixed_float16|DT_HALF|dtype.{0,20}float16",
        "Some numbers here have half precision. Leave out the line that sets a mixed-precision policy.",
    ),
    (
        r"No module named '?google|IPython\.notebook\.kernel|google\.colab",
        "This part of Colab exists on Colab only. Leave the line out, or guard it with "
        '`if "google.colab" in sys.modules:`.',
    ),
    (
        r"ModuleNotFoundError|No module named",
        "This package is not installed where the notebook runs. The exercise can be solved without it.",
    ),
    (
        r"URLError|gaierror|Name or service not known|Temporary failure in name resolution|ConnectionError|"
        r"Network is unreachable|ConnectionRefused|Max retries exceeded",
        "There is no network where notebooks are graded. Use the data and weights that the course has made ready.",
    ),
    (
        r"FileNotFoundError|No such file or directory",
        "Where notebooks are graded, there are only the course's data, and the files that the notebook itself writes.",
    ),
    (
        r"unsupported operand type\(s\) for [-+*/]{1,2}: '(list|tuple)' and|for [-+*/]{1,2}: '\w+' and '(list|tuple)'",
        "Lists cannot be calculated with: `np.array(...)` makes arrays of them, which can.",
    ),
    (
        r"truth value of an array with more than one element",
        "Between arrays, write `&` and `|` for `and` and `or`; an `if` needs one answer, as of `(a == b).all()`.",
    ),
    (
        r"'numpy\.ndarray' object has no attribute '(imshow|plot|set_\w+|axis)'",
        "`axes` is an array, and with several rows an array of rows: `axes.flat` goes through all of them.",
    ),
    (
        r"'NoneType' object (is not (subscriptable|iterable)|has no attribute)|cannot unpack non-iterable NoneType",
        "Something is None: a function without `return` gives that, and so do `sort`, `append` and NumPy's `shuffle`.",
    ),
    (
        r"buffer_size must be greater than zero",
        "There is no buffer of 0 examples: shuffle only if shuffle_buffer > 0.",
    ),
    (
        r"expected (shape=\(None, \d+, \d+, \d\)|min_ndim=4|ndim=4), found (shape=\(None, \d+, \d\)|ndim=3)",
        "A model takes batches, of one picture too: `image[None]` is one.",
    ),
    (
        r"\w+Path\(.{0,300} with an unsupported type",
        "TensorFlow reads a path as text: `str(path)`.",
    ),
    (
        r"NotADirectoryError|Not a directory",
        "A folder may hold files beside its sub-folders: `path.is_dir()` tells which are folders.",
    ),
    (
        r"SyntaxError|IndentationError|TabError",
        "Python could not read this cell, so nothing of it has run.",
    ),
    (
        r"^KeyboardInterrupt|^TimeoutError: the cell did not end",
        "It was stopped because it took too long. Look for a loop that never ends.",
    ),
)


_DEFINES = re.compile(r"(?:def|class) +(\w+)|(\w+(?: *, *\w+){0,20}) *=(?!=)")
_NO_PYTHON = re.compile(r"^([ \t]{0,100})[!%].*$", re.MULTILINE)
"""A line for the shell or for IPython, such as ``!pip install ...`` or ``%matplotlib inline``."""
_LONGEST = 100_000
"""Characters of a cell that are looked at: reading code takes some hundred times its size in memory."""


def defined_names(source: str) -> frozenset[str]:
    """Return the names that a cell defines; where Python cannot read it, those that it seems to define.

    >>> sorted(defined_names("import a.b as c\\nx, (y, *z) = f()\\ndef g(q): w = 1\\nfor i in x: v = i"))
    ['c', 'g', 'i', 'v', 'x', 'y', 'z']
    >>> sorted(defined_names("def scale(image)\\n    return image\\nsize, step = 3, 4"))
    ['scale', 'size', 'step']
    >>> sorted(defined_names("!pip install x\\n%matplotlib inline\\nloss, accuracy = f()"))
    ['accuracy', 'loss']
    """
    return _names_in(source[:_LONGEST])


@lru_cache(maxsize=64)
def _names_in(source: str) -> frozenset[str]:
    source = _NO_PYTHON.sub(r"\1pass", source)
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # Line by line, and of each line its beginning: a pattern that crosses lines takes quadratic time on some texts.
        lines = (line[:200].lstrip() for line in source.split("\n"))
        found = [match.groups() for line in lines if (match := _DEFINES.match(line))]
        return frozenset(name.strip() for one, others in found for name in (one or others).split(","))
    names: set[str] = set()
    left: list[ast.AST] = [tree]
    while left:
        node = left.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((one.asname or one.name).split(".")[0] for one in node.names)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        if not isinstance(node, (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
            left.extend(ast.iter_child_nodes(node))
    return frozenset(names)


def that_was_to_define(name: str, failed: Sequence[FailedCell]) -> FailedCell | None:
    """Return the last of the failed cells that should have defined a name; None where there is none.

    Where that one only lacked a name that a failed cell before it should have defined, it is that cell, and so on.
    """
    root = name.split(".")[0].split("(")[0]
    for place in reversed(range(len(failed))):
        if root in defined_names(failed[place].source):
            return _that_was_in_the_way(failed[: place + 1])
    return None


def _that_was_in_the_way(failed: Sequence[FailedCell]) -> FailedCell:
    """Return the cell for want of whose names the last of these failed; the last where there is none."""
    cell = failed[-1]
    for place in reversed(range(len(failed) - 1)):
        missing = missing_name(cell.error, cell.text)
        if missing and missing in defined_names(failed[place].source):
            cell = failed[place]
    return cell


def missing_name(error: str, text: str) -> str:
    """Return the name that was not defined where an exception of this type has this message; "" for other errors."""
    found = re.match(r"name '(\w{1,200})' is not defined", text) if error == "NameError" else None
    return found[1] if found else ""
