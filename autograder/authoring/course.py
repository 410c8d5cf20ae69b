"""What submissions are graded by: the assignments and their checks."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from autograder.authoring.notebooks import Assignment
from autograder.authoring.sources import load_all
from autograder.checking.core import Check

_PACKAGES_THAT_JUDGE = (
    "autograder.checks",
    "solutions.hidden_checks",
    "autograder.checking",
    "autograder.conversation",
)
_MODULES_THAT_JUDGE = ("autograder.grading.run",)


@dataclass(frozen=True)
class Course:
    """The assignments by name, and the packages whose module `Assignment.module` holds an assignment's checks."""

    assignments: Mapping[str, Assignment] = field(default_factory=load_all)
    visible: str = "autograder.checks"
    hidden: str = "solutions.hidden_checks"

    def checks(self, module: str) -> tuple[Mapping[str, Check], Mapping[str, Check]]:
        """Return an assignment's visible and hidden checks by grade id."""
        return _checks(f"{self.visible}.{module}"), _checks(f"{self.hidden}.{module}")

    def needs_secret_pictures(self, module: str) -> tuple[str, ...]:
        """Return the archives of `autograder.checking.secret_pictures` that an assignment's hidden checks need.

        Their module says so, as `NEEDS_SECRET_PICTURES`.
        """
        return tuple(getattr(_module(f"{self.hidden}.{module}"), "NEEDS_SECRET_PICTURES", ()))

    def fingerprint(self) -> str:
        """Return a digest of everything that decides about points: where it changes, submissions are graded again."""
        digest = hashlib.sha256()
        for package in dict.fromkeys((*_PACKAGES_THAT_JUDGE, self.visible, self.hidden)):
            for folder in importlib.util.find_spec(package).submodule_search_locations or ():  # type: ignore[union-attr]
                for path in sorted(Path(folder).rglob("*.py")):
                    digest.update(path.read_bytes())
        for module in _MODULES_THAT_JUDGE:
            origin = importlib.util.find_spec(module).origin  # type: ignore[union-attr]
            digest.update(Path(str(origin)).read_bytes())
        return digest.hexdigest()


def _checks(name: str) -> Mapping[str, Check]:
    return {key: value for key, value in vars(_module(name)).items() if isinstance(value, Check)}


def _module(name: str) -> ModuleType:
    """Return the module, an empty one where there is none."""
    return ModuleType(name) if importlib.util.find_spec(name) is None else importlib.import_module(name)
