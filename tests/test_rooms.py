"""The rooms of the code: what may import what. `CONTRIBUTING.md` shows the same as a table."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.authoring.release import allowed_files

ROOT = Path(__file__).resolve().parent.parent
AUTOMODULE = re.compile(r"^\.\. automodule:: (\S+)$", re.MULTILINE)

# A room may import rooms of lower floors only.
FLOORS: dict[str, dict[str, int]] = {
    "autograder": {
        "files": 0,
        "templating": 0,
        "conversation": 1,
        "checking": 2,
        "authoring": 3,
        "sandbox": 3,
        "checks": 3,
        "selfcheck": 3,
        "intake": 4,
        "outcome": 5,
        "grading": 6,
        "commands": 7,
    },
    "solutions": {
        "hidden_checks": 0,
        "notebooks": 1,
        "sample_class": 1,
        "evaluation": 1,
        "training": 2,
        "figures": 2,
        "pipeline": 3,
    },
    # `flowercourse/backbones/__init__.py` is the door through which the rest of the library comes in.
    "flowercourse.backbones": {"registry": 0, "interface": 1, "conversion": 2, "store": 3, "sources": 4, "forward": 5},
}
# Which packages a package may import. Learners get `flowercourse`, so it knows nothing of the others.
PACKAGES = {
    "flowercourse": set(),
    "autograder": {"flowercourse"},
    "solutions": {"flowercourse", "autograder"},
}


def imports(path: Path) -> Iterator[str]:
    """Yield the dotted names that a file imports, wherever in it and however lazily."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative imports hide where an arrow points"
            yield from (f"{node.module}.{one.name}" for one in node.names)


def sources(folder: Path) -> list[Path]:
    """Return the Python files below a folder."""
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def room_of(package: str, name: str) -> str:
    """Return the room of ``package`` that a dotted name lies in; "" where it lies in none."""
    return name[len(package) + 1 :].split(".")[0] if name.startswith(package + ".") else ""


@pytest.mark.parametrize("package", FLOORS)
def test_arrows_run_down_only(package):
    floors = FLOORS[package]
    folder = ROOT / package.replace(".", "/")
    wrong = []
    for path in sources(folder):
        mine = path.relative_to(folder).parts[0].removesuffix(".py")
        if mine == "__init__":
            continue
        assert mine in floors, f"{path} lies in a room that has no floor yet: say in FLOORS where it belongs"
        for name in imports(path):
            theirs = room_of(package, name)
            if theirs in floors and theirs != mine and floors[theirs] >= floors[mine]:
                wrong.append(f"{path.relative_to(ROOT)} (floor {floors[mine]}) -> {name} (floor {floors[theirs]})")
    assert wrong == []


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_what_they_may(package):
    others = {"flowercourse", "autograder", "solutions", "tests", "benchmarks", "build_tools"} - {package}
    wrong = [
        f"{path.relative_to(ROOT)} -> {name}"
        for path in sources(ROOT / package)
        for name in imports(path)
        if name.split(".")[0] in others - PACKAGES[package]
        # Hidden checks are found by name; only exercises' sources name them.
        and "solutions/notebooks" not in str(path)
    ]
    assert wrong == []


def test_the_instructors_side_of_the_autograder_is_not_reached_from_what_learners_get():
    mine = {path.relative_to(ROOT) for path in allowed_files() if path.suffix == ".py"}
    assert Path("autograder/checks/preprocessing.py") in mine
    modules = {str(path.with_suffix("")).replace("/", ".").removesuffix(".__init__") for path in mine}
    wrong = []
    for path in sorted(mine):
        for name in imports(ROOT / path):
            if name.split(".")[0] not in ("flowercourse", "autograder", "solutions"):
                continue
            # What is imported is a module of the edition, or something inside of one.
            if name not in modules and name.rpartition(".")[0] not in modules:
                wrong.append(f"{path} -> {name}")
    assert wrong == []


def test_solutions_use_only_the_framework_of_the_checks_and_the_exercises_sources():
    """The pipeline knows nothing of grading; hidden checks and the sample class know the rooms that they extend."""
    allowed = {
        "hidden_checks": {"checking", "checks", "conversation"},
        "sample_class": {"authoring"},
        "notebooks": {"checks"},
    }
    wrong = []
    for path in sources(ROOT / "solutions"):
        room = path.relative_to(ROOT / "solutions").parts[0].removesuffix(".py")
        for name in imports(path):
            if name.startswith("autograder.") and room_of("autograder", name) not in allowed.get(room, set()):
                wrong.append(f"{path.relative_to(ROOT)} -> {name}")
    assert wrong == []


@pytest.mark.parametrize("room", ["authoring", "grading", "intake", "outcome", "sandbox"])
def test_a_large_room_lists_its_modules(room):
    folder = ROOT / "autograder" / room
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    listed = re.findall(r"^(\w+)  +\S", text, re.MULTILINE)
    there = [path.stem for path in folder.glob("*.py") if path.stem != "__init__"]
    assert sorted(listed) == sorted(there), f"mend the list in autograder/{room}/__init__.py"


def test_every_room_stands_in_the_contributing_table():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = {f"/{name}" for name in re.findall(r"`([a-z_/]+)`", text)}
    rooms = [(package.replace(".", "/"), room) for package, floors in FLOORS.items() for room in floors]
    folders = [f"{package}/{room}/" for package, room in rooms if (ROOT / package / room).is_dir()]
    assert [folder for folder in folders if not any(f"/{folder}".endswith(name) for name in named)] == []


def test_files_that_contributing_names_are_there():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.\w+)`", text))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_the_pages_of_the_interface_name_modules_that_there_are():
    named = [name for page in (ROOT / "book").rglob("*.md") for name in AUTOMODULE.findall(page.read_text("utf-8"))]
    assert len(named) > 10
    assert [name for name in named if importlib.util.find_spec(name) is None] == []
