"""Writes the learner's edition: what may be handed out, and nothing else.

The edition is made of an allow-list: what is not named here does not leave. It holds the site's sources without the
instructors' pages, the exercises, the library, the visible checks with what runs them, and a README, a Makefile and
settings of its own. Before anything is put in place, every file of it is searched for the text of solutions, of hidden
checks, and of the walkthroughs, which show solutions and leave only where somebody asks for them.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from autograder.authoring.build import EXERCISES, compare, orphans, withheld
from autograder.authoring.notebooks import Assignment
from autograder.authoring.sources import MARKERS, ROOT, SOURCES
from autograder.templating import template
from flowercourse.errors import CourseError

TEMPLATES = Path(__file__).with_name("templates")
ALLOWED = (
    "LICENSE",
    "CITATION.cff",
    ".gitignore",
    "_config.yml",
    "requirements.txt",
    "book/*.md",
    "book/exercises/*.md",
    "book/*.bib",
    "book/_static/**/*",
    "book/_ext/**/*.py",
    "binder/*",
    "build_tools/site.py",
    "build_tools/warm.py",
    "build_tools/warm_kernels.py",
    "build_tools/check_site.py",
    "build_tools/execute_pages.py",
    "build_tools/live.py",
    "build_tools/javascript/*",
    "exercises/*/*.ipynb",
    "flowercourse/**/*",
    "autograder/__init__.py",
    "autograder/commands/__init__.py",
    "autograder/commands/learner.py",
    "autograder/commands/options.py",
    "autograder/selfcheck/*.py",
    "autograder/checks/*.py",
    "autograder/checking/*.py",
    "autograder/conversation/**/*.py",
)
SOLUTIONS_TO_READ = "book/walkthroughs/*.md"
LITTER = {"__pycache__", ".ipynb_checkpoints"}
# Neighboring lines of this many characters together, none of them shorter than that, are no coincidence.
TELLING = 40
SHORTEST = 8


def release(out: Path, *, with_solutions: bool = False) -> int:
    """Write the learner's edition to ``out`` and return the number of its files.

    Args:
        out: A folder that is empty or not there yet.
        with_solutions: Whether the walkthroughs go with it. Hidden checks and the instructor's notebooks never do.

    Raises:
        CourseError: ``out`` is not empty, an exercise is not up to date, or the edition would give something away.
    """
    if out.exists() and any(out.iterdir()):
        raise CourseError(
            f"{out} was not written", "it is not empty", "Name an empty folder, or one that is not there yet"
        )
    made = compare()
    stale = [one.path.name for one in made if not one.fresh] + [path.name for path in orphans(made)]
    if stale:
        raise CourseError(f"{stale[0]} is not up to date", "its source has changed", "Run autograder build first")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as folder:
        edition = Path(folder) / "edition"
        for path in allowed_files(with_solutions=with_solutions):
            target = edition / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        write_own_files(edition, with_solutions=with_solutions)
        refuse_secrets(edition, [one.assignment for one in made], with_solutions=with_solutions)
        count = sum(path.is_file() for path in edition.rglob("*"))
        if out.exists():
            out.rmdir()
        edition.rename(out)
    return count


def allowed_files(*, with_solutions: bool = False) -> list[Path]:
    """Return the project's files that go into the edition as they are (pages with their links to others cut)."""
    patterns = (*ALLOWED, SOLUTIONS_TO_READ) if with_solutions else ALLOWED
    found = {path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()}
    return sorted(path for path in found if not LITTER & set(path.parts) and path.suffix != ".pyc")


def write_own_files(edition: Path, *, with_solutions: bool = False) -> None:
    """Write what the edition words in its own way: table of contents, settings, README, Makefile; cut links."""
    held_back = ("instructors",) if with_solutions else ("instructors", "walkthroughs")
    toc = (ROOT / "_toc.yml").read_text(encoding="utf-8")
    (edition / "_toc.yml").write_text(without(toc, held_back), encoding="utf-8")
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (edition / "pyproject.toml").write_text(learners_settings(settings), encoding="utf-8")
    names = [path.parent.name for path in sorted(EXERCISES.glob("*/*.ipynb"))]
    for name in ("README.md", "Makefile"):
        text = template(TEMPLATES / f"learners_{name}.j2").render(exercises=names)
        (edition / name).write_text(text, encoding="utf-8")
    link = rf"\[([^\]]+)\]\((?:/|\.\./)?(?:{'|'.join(held_back)})/[^)]*\)"
    for page in edition.glob("book/**/*.md"):
        text = page.read_text(encoding="utf-8")
        page.write_text(re.sub(link, r"\1", text), encoding="utf-8")


def learners_settings(settings: str) -> str:
    """Return what `pyproject.toml` says to learners: no package of solutions, and of the extras only the site's."""
    settings = settings.split("\n[tool.ruff]")[0] + "\n"
    settings = re.sub(r'(?m)^solutions = .*\n|"solutions\*",? ?', "", settings)
    site = re.findall(r"(?ms)^site = \[\n.*?^\]\n", settings)
    heading, scripts = "[project.optional-dependencies]\n", "\n[project.scripts]"
    before, after = settings.partition(heading)[0], settings.partition(scripts)[2]
    return "".join((before, heading, "# What the lessons need to become a site.\n", *site, scripts, after))


def without(toc: str, folders: Iterable[str]) -> str:
    """Return a table of contents without the pages of these folders, and without a part that holds nothing else."""
    import yaml

    held_back = tuple(f"{folder}/" for folder in folders)
    content = yaml.safe_load(toc)
    for part in content["parts"]:
        part["chapters"] = [one for one in part["chapters"] if not one["file"].startswith(held_back)]
    content["parts"] = [part for part in content["parts"] if part["chapters"]]
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def refuse_secrets(edition: Path, assignments: Iterable[Assignment], *, with_solutions: bool = False) -> None:
    """Refuse an edition in which text of solutions or hidden checks stands: two lines of it, one below the other.

    Lessons teach with code, so they may share two lines with a solution, but not three. Walkthroughs show solutions
    where these are asked for, and never a hidden check.

    Raises:
        CourseError: Names the file and the text.
    """
    assignments = list(assignments)
    of_checks, of_solutions = {}, {}
    for count in (2, 3):
        solutions = dict(solution_text(assignments, count))
        # What a hidden check has in common with a solution is the solution.
        of_checks[count] = {lines: origin for lines, origin in hidden_text(count) if lines not in solutions}
        of_solutions[count] = solutions | dict(walkthrough_text(assignments, count))
    for path in sorted(edition.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(edition)
        text = path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".ipynb":
            text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
        count = 3 if name.parts[0] == "book" else 2
        shows_solutions = with_solutions and name.match(SOLUTIONS_TO_READ)
        refused = of_checks[count] if shows_solutions else of_solutions[count] | of_checks[count]
        for lines in neighbors(text.split("\n"), count):
            if lines in refused:
                raise _secret(name, refused[lines], " / ".join(lines))
        marker = next((marker for marker in MARKERS if marker in text), "")
        if marker and path.suffix != ".py":
            raise _secret(name, "a solution or hidden test", marker)


def _secret(path: Path, origin: str, text: str) -> CourseError:
    return CourseError(
        f"The learner's edition was not written because of {path}",
        f"it holds text of {origin}: {text[:160]!r}",
        "Word one of the two differently",
    )


def solution_text(assignments: Iterable[Assignment], count: int) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each ``count`` neighboring lines of solutions, with where they come from."""
    for assignment in assignments:
        for cell in assignment.cells:
            for lines in neighbors(withheld(cell), count):
                yield lines, f"the solution of {assignment.name}, cell {cell.id}"


def walkthrough_text(assignments: Iterable[Assignment], count: int) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each ``count`` neighboring lines of walkthroughs that no exercise gives, with their file."""
    given = {line.strip() for one in assignments for cell in one.cells for line in cell.given.split("\n")}
    for path in sorted(ROOT.glob(SOLUTIONS_TO_READ)):
        # What stands above the first step is what every page begins with.
        steps = path.read_text(encoding="utf-8").partition("\n## ")[2].split("\n")
        told = (line for line in steps if line.strip() not in given and not line.startswith((":", "```")))
        for lines in neighbors(told, count):
            yield lines, str(path.relative_to(ROOT))


def hidden_text(count: int) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield each ``count`` neighboring lines of hidden checks that stand in no visible check, with their file."""
    visible = [path.read_text(encoding="utf-8") for path in (ROOT / "autograder" / "checks").glob("*.py")]
    public = {lines for text in visible for lines in neighbors(text.split("\n"), count)}
    for path in sorted((SOURCES.parent / "hidden_checks").glob("*.py")):
        for lines in neighbors(path.read_text(encoding="utf-8").split("\n"), count):
            if lines not in public:
                yield lines, f"solutions/hidden_checks/{path.name}"


def neighbors(lines: Iterable[str], count: int) -> Iterator[tuple[str, ...]]:
    """Yield each ``count`` lines that follow each other, without blank ones and imports, where they are long enough."""
    bare = [re.sub(r"\s+", " ", line.strip()) for line in lines]
    bare = [line for line in bare if line and not line.startswith(("import ", "from ", "#", '"""'))]
    for first in range(len(bare) - count + 1):
        some = tuple(bare[first : first + count])
        if sum(map(len, some)) >= TELLING and min(map(len, some)) >= SHORTEST:
            yield some
