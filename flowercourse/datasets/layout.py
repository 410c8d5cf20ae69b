"""How a folder of images is laid out: one sub-folder a class, or parts that each have one sub-folder a class."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flowercourse import images
from flowercourse.errors import CourseError

HOW = "Make one sub-folder a class, named by the class, with its pictures in it"
PARTS = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev"),
    "test": ("test", "testing"),
}
"""The parts, in the order in which a data set is cut, and what their folders are called, in any case."""

Classes = dict[str, list[Path]]


@dataclass(frozen=True)
class Layout:
    """The images of a folder.

    Attributes:
        classes: the classes' names, in alphabetical order.
        parts: for each part its folder's name and the files of each class, in the order of `PARTS`; one without a name
            where the folder has no parts.
        left_out: folders that are not used, and why.
    """

    classes: tuple[str, ...]
    parts: tuple[tuple[str, Classes], ...]
    left_out: tuple[tuple[str, str], ...] = ()

    @property
    def has_parts(self) -> bool:
        """Whether the folder is cut into parts already."""
        return self.parts[0][0] != ""

    @property
    def in_words(self) -> str:
        """What to say of the parts, empty where there are none."""
        sizes = (f"{name} ({sum(map(len, classes.values())):,} files)" for name, classes in self.parts)
        return f", its parts {', '.join(sizes)} one after the other" if self.has_parts else ""

    def files(self) -> Iterator[tuple[str, str, Path]]:
        """Yield (key, class, file) for every file: part by part, and in each part mixed, always in the same way."""
        for part, classes in self.parts:
            found = [
                ("/".join(filter(None, (part, name, file.name))), name, file)
                for name in classes
                for file in classes[name]
            ]
            yield from sorted(found, key=_mixed) if self.has_parts else found


def _mixed(entry: tuple[str, str, Path]) -> bytes:
    return hashlib.blake2b(entry[0].encode(errors="surrogateescape"), digest_size=8).digest()


def layout_of(path: Path) -> Layout:
    """Return how the images in `path` are laid out.

    Every sub-folder with files in it is a class. Where a training part and another one have sub-folders, each part has
    the classes, and folders beside the parts are left out. Hidden files are ignored.

    Raises:
        CourseError: it has no images in classes, or fewer than two classes, or parts with different ones.
        OSError: it cannot be read.
    """
    folders = _sub_folders(path)
    if parts := _parts(path, folders):
        beside = tuple((str(entry), "it is none of the parts") for entry in folders if entry not in parts)
        return _with_parts(path, parts, beside)
    classes = _classes(path, folders)
    return Layout(tuple(classes), (("", classes),))


def _parts(path: Path, folders: list[Path]) -> list[Path]:
    """Return the folders of the parts in order; [] where the folder is laid out in another way.

    Raises:
        CourseError: two folders have names of the same part.
    """
    of_folder = {entry: part for entry in folders for part, names in PARTS.items() if entry.name.lower() in names}
    found = [entry for part in PARTS for entry in folders if of_folder.get(entry) == part]
    is_parted = len(found) > 1 and of_folder[found[0]] == "train" and _sub_folders(found[0])
    # A training part beside folders with images of their own may be a class that is called so.
    if not is_parted or (len(found) < len(folders) and not all(map(_sub_folders, found))):
        return []
    if len(set(of_folder.values())) < len(found):
        twice = ", ".join(entry.name for entry in found)
        raise CourseError(
            f"The folder {path} was not used",
            f"two of its folders name the same part ({twice})",
            "Keep one folder for each of train, validation and test",
        )
    return found


def _with_parts(path: Path, folders: list[Path], beside: tuple[tuple[str, str], ...]) -> Layout:
    parts, left_out = [], [*beside]
    for folder in folders:
        inside = _sub_folders(folder)
        if inside:
            parts.append((folder.name, _classes(folder, inside)))
        else:
            left_out.append((str(folder), "its pictures are in no class"))
    expected = sorted(parts[0][1])
    for name, classes in parts[1:]:
        if sorted(classes) != expected:
            odd = ", ".join(sorted(set(classes) ^ set(expected)))
            raise CourseError(
                f"The folder {path} was not used",
                f"{parts[0][0]} and {name} have different classes ({odd} is in one of them only)",
                "Give every part the same sub-folders, each with a picture in it",
            )
    return Layout(tuple(expected), tuple(parts), tuple(left_out))


def _sub_folders(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))


def _classes(path: Path, folders: list[Path]) -> Classes:
    """Return the files of each class, in order of names."""
    classes = {folder.name: _files(folder) for folder in folders}
    classes = {name: files for name, files in classes.items() if files}
    if not classes and len(folders) == 1 and _sub_folders(folders[0]):
        raise CourseError(
            f"The folder {path} was not used",
            "its classes lie one level deeper",
            f"Name the folder {folders[0]} instead",
        )
    if not classes:
        loose = any(file.suffix.lower() in images.EXTENSIONS for file in _files(path))
        why = "its pictures lie beside one another, in no class" if loose else "there is no picture in it"
        raise CourseError(f"The folder {path} was not used", why, HOW)
    if len(classes) == 1:
        raise CourseError(f"The folder {path} was not used", f"it has only one class, {next(iter(classes))!r}", HOW)
    return classes


def _files(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if entry.is_file() and not entry.name.startswith("."))
