"""A folder of images is used as it is; what is wrong with it is said in one message, with the path."""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from flowercourse import datasets
from flowercourse.datasets.layout import layout_of
from flowercourse.errors import CourseError
from tests.conftest import tries

SIZE = (48, 36)  # width, height


def photo(seed: int, kind: str = "JPEG", mode: str = "RGB", size: tuple[int, int] = SIZE) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).convert(mode).save(file, kind)
    return file.getvalue()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FLOWERCOURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "elsewhere"))
    return tmp_path / "cache"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with six good photographs of lilies and six of irises."""
    for number in range(12):
        path = tmp_path / "My photos" / ("iris" if number % 2 else "lily") / f"{number:02}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo(number))
    return tmp_path / "My photos"


def test_sub_folders_are_classes_in_alphabetical_order(folder):
    data = datasets.find(str(folder))
    assert data.class_names == ("iris", "lily")
    assert data.num_examples == 12
    assert data.skipped == ()
    examples = list(data.load().as_numpy_iterator())
    assert {image.shape for image, _ in examples} == {(36, 48, 3)}
    assert sorted(int(label) for _, label in examples) == [0] * 6 + [1] * 6
    assert str(folder) in data.origin


def test_classes_are_mixed_and_in_the_same_order_every_time(folder):
    data = datasets.find(str(folder))
    labels = [int(label) for _, label in data.load().as_numpy_iterator()]
    assert labels != sorted(labels)
    assert labels == [int(label) for _, label in datasets.find(str(folder)).load().as_numpy_iterator()]


def test_parts_are_disjoint_and_complete(folder):
    data = datasets.find(str(folder))
    parts = [[image.tobytes() for image, _ in data.load(name).as_numpy_iterator()] for name in datasets.split_names()]
    assert [len(part) for part in parts] == [len(part) for part in datasets.split_ranges(12)]
    assert len({image for part in parts for image in part}) == 12


def test_encoded_images_can_be_had_for_other_decoders(folder):
    encoded = next(iter(datasets.find(str(folder)).load(decode=False).as_numpy_iterator()))[0]
    assert encoded.startswith(b"\xff\xd8")


def test_tfds_loads_a_folder_by_its_registered_name(folder, cache, monkeypatch):
    import tensorflow_datasets as tfds

    # TFDS read this variable when it was imported, and does not know of the change.
    monkeypatch.setenv("TFDS_DATA_DIR", str(cache / "tensorflow_datasets"))

    name = datasets.register(datasets.find(str(folder)))
    data, info = tfds.load(name, split="train[:50%]", as_supervised=True, with_info=True)
    assert len(data) == 6
    assert info.features["label"].names == ["iris", "lily"]


def test_images_of_every_kind_are_used(folder):
    (folder / "iris" / "gray.jpg").write_bytes(photo(20, mode="L"))
    (folder / "iris" / "cmyk.jpg").write_bytes(photo(21, mode="CMYK"))
    (folder / "lily" / "a-png.jpg").write_bytes(photo(22, kind="PNG"))
    (folder / "lily" / "pixel.jpg").write_bytes(photo(23, size=(1, 1)))
    data = datasets.find(str(folder))
    assert data.skipped == ()
    shapes = [image.shape for image, _ in data.load().as_numpy_iterator()]
    assert len(shapes) == data.num_examples == 16
    assert (1, 1, 3) in shapes


def test_bad_files_are_skipped_counted_and_named(folder):
    whole = photo(30, size=(300, 300))
    (folder / "iris" / "truncated.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "lily" / "notes.txt").write_text("buy bulbs")
    (folder / "lily" / "empty.png").write_bytes(b"")
    data = datasets.find(str(folder))
    assert data.num_examples == 12
    reasons = {Path(path).relative_to(folder).as_posix(): why for path, why in data.skipped}
    assert set(reasons) == {"iris/truncated.jpg", "lily/notes.txt", "lily/empty.png"}
    assert "cut off" in reasons["iris/truncated.jpg"]
    assert "no picture" in reasons["lily/notes.txt"]
    assert "empty" in reasons["lily/empty.png"]
    assert datasets.find(str(folder)).skipped == data.skipped  # also when it is read from the cache


def test_colors_survive_for_formats_that_tensorflow_cannot_read(folder):
    red = folder / "iris" / "red.jpg"
    file = io.BytesIO()
    Image.new("RGB", (9, 7), (200, 20, 30)).convert("CMYK").save(file, "JPEG")
    red.write_bytes(file.getvalue())
    data = datasets.find(str(folder))
    (pixels,) = [image for image, _ in data.load().as_numpy_iterator() if image.shape == (7, 9, 3)]
    assert np.abs(pixels.astype(int) - (200, 20, 30)).max() <= 6


def test_hidden_files_and_empty_sub_folders_are_no_part_of_it(folder):
    (folder / ".git").mkdir()
    (folder / ".git" / "x.jpg").write_bytes(photo(1))
    (folder / "iris" / ".DS_Store").write_bytes(b"\0")
    (folder / "tulip").mkdir()
    data = datasets.find(str(folder))
    assert data.class_names == ("iris", "lily")
    assert data.skipped == ()


def test_the_fingerprint_follows_the_images_and_not_their_dates(folder, tmp_path):
    before = datasets.find(str(folder)).fingerprint
    for path in folder.rglob("*.jpg"):
        os.utime(path, (1, 1))
    touched = datasets.find(str(folder)).fingerprint
    (folder / "iris" / "01.jpg").write_bytes(photo(99))
    changed = datasets.find(str(folder)).fingerprint
    assert before == touched
    assert changed != before


def test_copies_of_earlier_states_do_not_pile_up(folder, cache):
    for number in range(3):
        (folder / "iris" / f"more-{number}.jpg").write_bytes(photo(50 + number))
        assert datasets.find(str(folder)).num_examples == 13 + number
    assert len(list(cache.glob("tensorflow_datasets/folder_*"))) == 1


def test_classes_one_level_deeper_are_pointed_to(folder, tmp_path):
    outer = tmp_path / "outer"
    outer.mkdir()
    inner = folder.rename(outer / "photos")
    with pytest.raises(CourseError, match="one level deeper") as refused:
        datasets.find(str(outer))
    assert str(inner) in refused.value.next_step


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({}, "no picture"),
        ({"a.jpg": photo(1), "b.jpg": photo(2)}, "in no class"),
        ({"rose/a.jpg": photo(1)}, "only one class, 'rose'"),
        ({"rose/a.jpg": photo(1), "iris/notes.jpg": b"text"}, "class 'iris' has no usable picture"),
    ],
    ids=["empty", "no sub-folders", "one class", "a class of bad files"],
)
def test_a_folder_that_is_no_data_set_is_refused_and_leaves_nothing(tmp_path, cache, files, why):
    top = tmp_path / "photos"
    top.mkdir()
    for name, content in files.items():
        path = top / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    with pytest.raises(CourseError, match=why) as refused:
        datasets.find(str(top))
    assert str(top) in str(refused.value)
    assert "sub-folder a class" in refused.value.next_step
    assert not [path for path in cache.rglob("*") if path.is_file() and path.suffix != ".lock"]


def test_a_name_that_is_nothing_is_refused_with_what_is_allowed():
    with pytest.raises(CourseError, match="neither tf_flowers, nor mini_flowers, nor a folder"):
        datasets.find("tf_flower")


def test_an_unknown_split_is_refused_with_an_example(folder):
    with pytest.raises(CourseError, match=r"'valid' .*train\[:70%\]"):
        datasets.find(str(folder)).load("valid")


def parted(top: Path, **counts: int) -> Path:
    """Make a folder whose parts have so many images of each of two classes."""
    for seed, (part, count) in enumerate(counts.items()):
        for name in ("iris", "lily"):
            (top / part / name).mkdir(parents=True)
            for number in range(count):  # the same names in every part, as downloads often have them
                (top / part / name / f"{number:02}.jpg").write_bytes(
                    photo(1000 * seed + number + 500 * (name == "iris"))
                )
    return top


def pictures(data: datasets.Dataset, split: str) -> set[bytes]:
    return {image.tobytes() for image, _ in data.load(split).as_numpy_iterator()}


@pytest.mark.parametrize("names", [("train", "test"), ("Train", "Valid", "TEST"), ("training", "val", "testing")])
def test_a_folder_with_parts_of_its_own_never_mixes_them_up(tmp_path, names):
    sizes = (14, 3, 3) if len(names) == 3 else (16, 4)
    folder = parted(tmp_path / "cut", **dict(zip(names, sizes, strict=True)))
    data = datasets.find(str(folder))
    assert (data.num_examples, data.class_names, data.skipped) == (40, ("iris", "lily"), ())
    own = {name: pictures(datasets.find(str(folder / name)), "train") for name in names}
    train, validation, test = (pictures(data, split) for split in datasets.split_names("70/15/15"))
    assert train <= own[names[0]]
    assert test <= own[names[-1]]
    assert not train & test
    assert train | validation | test == set().union(*own.values())
    sizes = ", ".join(f"{name} ({len(pictures)} files)" for name, pictures in own.items())
    assert f"its parts {sizes} one after the other" in data.origin
    labels = [int(label) for _, label in data.load("train[:70%]").as_numpy_iterator()]
    assert labels != sorted(labels)
    assert labels == [int(label) for _, label in datasets.find(str(folder)).load("train[:70%]").as_numpy_iterator()]


def test_a_part_without_classes_is_left_out_and_named(tmp_path):
    folder = parted(tmp_path / "cut", train=5)
    (folder / "test").mkdir()
    (folder / "test" / "1.jpg").write_bytes(photo(9))
    data = datasets.find(str(folder))
    assert data.num_examples == 10
    assert data.skipped == ((str(folder / "test"), "its pictures are in no class"),)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda top: (top / "test" / "iris").rename(top / "test" / "rose"), "different classes (iris, rose is in one"),
        (lambda top: parted(top, val=1, valid=1), "two of its folders name the same part (train, val, valid, test)"),
    ],
    ids=["other classes", "one part twice"],
)
def test_parts_that_do_not_fit_are_refused(tmp_path, change, why):
    folder = parted(tmp_path / "cut", train=3, test=2)
    change(folder)
    with pytest.raises(CourseError) as raised:
        datasets.find(str(folder))
    assert why in str(raised.value)


def test_folders_beside_the_parts_are_left_out_and_named(tmp_path):
    folder = parted(tmp_path / "cut", Train=4, TEST=2)
    (folder / "__MACOSX").mkdir()
    (folder / "annotations").mkdir()
    (folder / "annotations" / "1.xml").write_text("<a/>")
    data = datasets.find(str(folder))
    assert data.num_examples == 12
    assert data.class_names == datasets.find(str(parted(tmp_path / "same", train=4, test=2))).class_names
    assert [Path(name).name for name, _ in data.skipped] == ["__MACOSX", "annotations"]


NAMES = st.sampled_from(("train", "Training", "val", "VALID", "validation", "test", "rose", "iris", ".git", "a b", "é"))
FILES = st.lists(st.sampled_from(("1.jpg", "2.png", ".DS_Store", "read me.txt")), max_size=3, unique=True)


@settings(max_examples=tries(200), deadline=None)
@given(tree=st.dictionaries(NAMES, st.tuples(FILES, st.dictionaries(NAMES, FILES, max_size=3)), max_size=4))
def test_any_tree_is_classes_or_parts_with_the_same_classes_or_refused_with_a_next_step(tree):
    with tempfile.TemporaryDirectory() as top:
        for name, (files, inner) in tree.items():
            for inside, found in {"": files, **inner}.items():
                (Path(top) / name / inside).mkdir(parents=True, exist_ok=True)
                for file in found:
                    (Path(top) / name / inside / file).touch()
        try:
            layout, refused = layout_of(Path(top)), None
        except CourseError as error:
            layout, refused = None, error
        if layout is None:
            assert top in refused.what
            assert refused.next_step
            return
        assert len(layout.classes) > 1
        assert all(tuple(sorted(classes)) == layout.classes for _, classes in layout.parts)
        used = list(layout.files())
        assert len({key for key, _, _ in used}) == len({file for _, _, file in used}) == len(used)
        assert all(file.parent.name == name for _, name, file in used)
        assert all(file.is_file() and not file.name.startswith(".") for _, _, file in used)


def test_classes_may_be_called_train_and_bus(tmp_path):
    folder = tmp_path / "vehicles"
    for number, name in enumerate(("train", "bus") * 2):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / f"{number}.jpg").write_bytes(photo(number))
    assert datasets.find(str(folder)).class_names == ("bus", "train")


@pytest.mark.parametrize("ending", ["zip", "tar.gz", "TGZ"])
def test_an_archive_is_named_with_a_command_that_unpacks_it(folder, tmp_path, ending):
    made = shutil.make_archive(
        str(tmp_path / "made"), "zip" if ending == "zip" else "gztar", folder.parent, folder.name
    )
    archive = Path(made).rename(tmp_path / f"birds.{ending}")
    with pytest.raises(CourseError) as raised:
        datasets.find(str(archive))
    command = re.search(r"\(python (.*)\), then name the folder in (.*) that holds", str(raised.value))
    subprocess.run([sys.executable, *shlex.split(command[1])], check=True)
    assert datasets.find(str(Path(command[2]) / folder.name)).num_examples == 12


def test_another_file_is_no_data_set(folder):
    with pytest.raises(CourseError, match="a data set is a folder"):
        datasets.find(str(folder / "iris" / "01.jpg"))
