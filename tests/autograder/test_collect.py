"""`autograder collect`: downloads of learning platforms become submissions, and nobody's work is lost or mistaken."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import unicodedata
import zipfile
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder import files as keeping
from autograder.intake import archives, sorting
from autograder.intake import collect as collecting
from autograder.intake.find import find_submissions
from autograder.intake.placing import Placing
from autograder.intake.receipts import read_receipts
from autograder.intake.roster import read_roster
from flowercourse.errors import CourseError
from tests.autograder.downloads import canvas_name, moodle_folder, save, symlink, with_flags, zipped
from tests.conftest import tries

TINY = "01-tiny"
NOTEBOOK = f"{TINY}.ipynb"
A, B, C = b'{"cells": [1]}', b'{"cells": [2]}', b'{"cells": [3]}'


@pytest.fixture
def into(tmp_path) -> Path:
    return tmp_path / "class" / "submitted"


@pytest.fixture
def collect(tmp_path, into):
    """Return a function that collects an archive (bytes) or a folder, and returns the report."""

    def run(download, platform="canvas", roster=None, **options) -> sorting.Report:
        source = save(tmp_path / "download.zip", download) if isinstance(download, bytes) else download
        options.setdefault("assignment", TINY)
        if roster is not None:
            path = tmp_path / "roster.csv"
            path.write_text(roster, encoding="utf-8-sig")
            roster = read_roster(path)
        return collecting.collect(source, platform, into, roster=roster, known=[TINY, "02-other"], **options)

    return run


def files(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder but the receipts."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "collected.json")
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def leftovers(into: Path) -> list[str]:
    return [path.name for path in into.parent.iterdir() if path != into]


def test_canvas_one_flat_archive_with_late_marks(collect, into):
    roster = (
        'Student,ID,SIS Login ID,Section\n    Points Possible,,,\nO\'Brien; Zoë,4711,00123,A\n"Ng, Li",4712,00124,A\n'
    )
    download = zipped(
        {
            canvas_name("O'Brien, Zoë", 4711, 900, "01-tiny-1.ipynb", late=True): A,
            canvas_name("Ng, Li", 4712, 901, "01-tiny (2).ipynb"): B,
        }
    )
    report = collect(download, roster=roster)
    assert files(into) == {f"00123/{TINY}/{NOTEBOOK}": A, f"00124/{TINY}/{NOTEBOOK}": B}
    assert report.lines == ["00123, 01-tiny: marked as late by the platform."]
    receipts = read_receipts(into)
    assert [(one.student_id, one.platform_id, one.late) for one in receipts.values()] == [
        ("00123", "4711", True),
        ("00124", "4712", False),
    ]
    assert [(one.student_id, one.problem, one.notes) for one in find_submissions(into, known=[TINY])] == [
        ("00123", "", ()),
        ("00124", "", ()),
    ]
    assert leftovers(into) == []


@pytest.mark.parametrize("old", [False, True])
def test_moodle_one_folder_for_each_learner(collect, into, old):
    roster = "Identifier,Full name,ID number,Status\nParticipant 77,Zoë_O'Brien,00123,x\nParticipant 78,李 娜,00124,x\n"
    download = zipped(
        {
            f"{moodle_folder('Zoë O’Brien', 77, old=old)}/{NOTEBOOK}": A,
            f"{moodle_folder('李 娜', 78, old=old)}/work/{NOTEBOOK}": B,
            "李 娜_78_assignsubmission_onlinetext/onlinetext.html": b"hello",
        }
    )
    report = collect(download, "moodle", roster)
    assert files(into) == {f"00123/{TINY}/{NOTEBOOK}": A, f"00124/{TINY}/{NOTEBOOK}": B}
    assert report.lines == ["李 娜_78_assignsubmission_onlinetext/onlinetext.html: left out: it is no notebook."]


def test_moodle_without_folders_and_from_an_unpacked_download(collect, into, tmp_path):
    folder = tmp_path / "unpacked"
    folder.mkdir()
    (folder / f"Ann Lee_5_assignsubmission_file_{NOTEBOOK}").write_bytes(A)
    collect(folder, "moodle", "student_id,name\n007,Ann Lee\n")
    assert files(into) == {f"007/{TINY}/{NOTEBOOK}": A}


def test_nbgrader_with_its_times_and_the_last_of_two_attempts(collect, into):
    download = zipped(
        {
            f"submitted/00123/{TINY}/{NOTEBOOK}": A,
            f"submitted/00123/{TINY}/timestamp.txt": b"2026-11-02 15:58:23.948203 UTC",
            f"submitted/00124/02-other/{NOTEBOOK}": B,
        }
    )
    report = collect(download, "nbgrader", assignment=None)
    assert files(into) == {f"00123/{TINY}/{NOTEBOOK}": A, "00124/02-other/02-other.ipynb": B}
    assert report.lines == []
    assert read_receipts(into)["00123", TINY].submitted_at == "2026-11-02T15:58:23.948203+00:00"
    attempts = zipped(
        {
            f"00125_attempt_2026-11-02-10-00-00_{NOTEBOOK}": B,
            f"00125_attempt_2026-11-01-10-00-00_{NOTEBOOK}": A,
        }
    )
    report = collect(attempts, "nbgrader", assignment=None)
    assert (into / "00125" / TINY / NOTEBOOK).read_bytes() == B
    assert (into / "00125" / TINY / "earlier" / NOTEBOOK).read_bytes() == A
    assert any("counts; kept in earlier/" in line for line in report.lines)


def test_flat_files_named_by_the_ids_of_the_roster(collect, into, tmp_path):
    folder = tmp_path / "mail"
    folder.mkdir()
    for name, data in {"00123_01-tiny.ipynb": A, "00124.ipynb": B, "999.ipynb": C}.items():
        (folder / name).write_bytes(data)
    report = collect(folder, "flat", "student_id\n00123\n00124\n")
    assert files(into) == {f"00123/{TINY}/{NOTEBOOK}": A, f"00124/{TINY}/{NOTEBOOK}": B}
    assert report.lines == ["999.ipynb: left out: '999' is not in the roster; add it and collect again."]


def test_the_last_of_several_attempts_counts_and_the_others_are_kept(collect, into):
    download = zipped(
        {
            canvas_name("Lee, Ann", 7, 12, "01-tiny-1.ipynb"): C,
            canvas_name("Lee, Ann", 7, 10, "01-tiny.ipynb"): A,
            canvas_name("Lee, Ann", 7, 11, "01-tiny (1).ipynb"): B,
        }
    )
    report = collect(download)
    kept = {name: data for name, data in files(into).items() if "earlier" in name}
    assert (into / "7" / TINY / NOTEBOOK).read_bytes() == C
    assert sorted(kept.values()) == [A, B]
    assert report.lines == ["7, 01-tiny: 01-tiny-1.ipynb counts; kept in earlier/: 01-tiny.ipynb, 01-tiny (1).ipynb."]


def test_two_files_of_one_name_in_an_archive_are_two_attempts(collect, into):
    name = f"{moodle_folder('Ann Lee', 5)}/{NOTEBOOK}"
    with pytest.warns(UserWarning, match="Duplicate name"):
        download = zipped([(name, A), (name, B)])
    collect(download, "moodle")
    assert files(into) == {f"Ann Lee/{TINY}/{NOTEBOOK}": B, f"Ann Lee/{TINY}/earlier/{NOTEBOOK}": A}


def test_collecting_again_changes_nothing_and_a_later_attempt_replaces_and_keeps(collect, into):
    first = zipped({canvas_name("Lee, Ann", 7, 10, NOTEBOOK): A})
    assert collect(first).new == 1
    before = files(into)
    assert (collect(first).unchanged, files(into)) == (1, before)
    report = collect(zipped({canvas_name("Lee, Ann", 7, 11, "01-tiny-1.ipynb"): B}))
    assert report.replaced == 1
    assert files(into) == {f"7/{TINY}/{NOTEBOOK}": B, f"7/{TINY}/earlier/{NOTEBOOK}": A}
    assert report.lines == ["7, 01-tiny: a new attempt; the one before is in earlier/."]


def test_an_older_download_does_not_replace_a_later_attempt(collect, into):
    for time, data in (("2026-11-02", B), ("2026-11-01", A)):
        collect(zipped({f"7_attempt_{time}-10-00-00_{NOTEBOOK}": data}), "nbgrader")
    assert files(into) == {f"7/{TINY}/{NOTEBOOK}": B, f"7/{TINY}/earlier/{NOTEBOOK}": A}
    assert read_receipts(into)["7", TINY].submitted_at.startswith("2026-11-02")


def test_a_notebook_zipped_once_more_is_found_and_twice_has_a_line(collect, into):
    download = zipped(
        {
            canvas_name("Lee, Ann", 7, 10, "work.zip"): zipped({f"../../{NOTEBOOK}": C, f"mine/{NOTEBOOK}": A}),
            canvas_name("Ng, Li", 8, 11, "work.zip"): zipped({"inner.zip": zipped({NOTEBOOK: B})}),
            canvas_name("Odd, Bo", 9, 12, "work.zip"): b"PK\x03\x04 and no more",
        }
    )
    report = collect(download)
    assert files(into) == {f"7/{TINY}/{NOTEBOOK}": A}
    assert any("its path leads out of the archive" in line for line in report.lines)
    assert any("an archive within an archive is not opened" in line for line in report.lines)
    assert any("it is no zip archive" in line for line in report.lines)
    # Those without a notebook get a row all the same.
    assert [one.student_id for one in find_submissions(into, known=[TINY])] == ["7", "8", "9"]


@pytest.mark.parametrize("name", ["../7_8_x.ipynb", "/etc/7_8_x.ipynb", "C:/7_8_x.ipynb", "a\\..\\..\\lee_7_8_x.ipynb"])
def test_paths_that_climb_lead_nowhere(collect, into, tmp_path, name):
    before = sorted(tmp_path.parent.iterdir())
    report = collect(zipped({name: A, canvas_name("Lee, Ann", 7, 10, NOTEBOOK): B}))
    assert files(into) == {f"7/{TINY}/{NOTEBOOK}": B}
    assert any("its path leads out of the archive" in line for line in report.lines)
    assert sorted(tmp_path.parent.iterdir()) == before


def test_links_are_not_followed_in_archives_nor_in_folders(collect, into, tmp_path):
    (tmp_path / "secret.ipynb").write_bytes(B)
    folder = tmp_path / "unpacked"
    folder.mkdir()
    (folder / "lee_7_10_01-tiny.ipynb").symlink_to(tmp_path / "secret.ipynb")
    (folder / "ng_8_11_01-tiny.ipynb").write_bytes(A)
    os.mkfifo(folder / "odd_9_12_01-tiny.ipynb")
    for download in (folder, symlink("lee_7_10_01-tiny.ipynb", "/etc/passwd")):
        report = collect(download)
        assert "lee_7_10_01-tiny.ipynb: left out: it is a symbolic link, which is not followed." in report.lines
    assert files(into) == {f"8/{TINY}/{NOTEBOOK}": A}


def test_a_link_in_place_of_a_students_folder_is_left_alone(collect, into, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    into.mkdir(parents=True)
    (into / "7").symlink_to(tmp_path / "elsewhere")
    report = collect(zipped({canvas_name("Lee, Ann", 7, 10, NOTEBOOK): A}))
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert report.lines == ["7, 01-tiny: left out: 7 is no folder."]


def test_a_bomb_costs_its_own_learner_only(collect, into, monkeypatch):
    monkeypatch.setattr(sorting, "MAX_BYTES", 2**20)
    monkeypatch.setattr(sorting, "MAX_BYTES_EACH", 4 * 2**20)
    bomb = b" " * (2**20 * 3)
    download = zipped(
        {
            canvas_name("Lee, Ann", 7, 10, NOTEBOOK): bomb,
            canvas_name("Lee, Ann", 7, 11, "more.zip"): zipped({f"{number}.ipynb": bomb for number in range(9)}),
            canvas_name("Ng, Li", 8, 12, NOTEBOOK): A,
        }
    )
    report = collect(download)
    assert files(into) == {f"8/{TINY}/{NOTEBOOK}": A}
    assert sum("unpacks to more than" in line for line in report.lines) >= 2
    assert leftovers(into) == []


def test_an_archive_of_many_files_is_not_read_whole_for_one_learner(collect, into):
    crowd = zipped({f"{number}.ipynb": b"" for number in range(archives.MAX_INNER_MEMBERS + 1)})
    listing = zipped({"x" * 60_000 + str(number): b"" for number in range(6)})
    report = collect(
        zipped({canvas_name("Lee, Ann", 7, 10, "a.zip"): crowd, canvas_name("Ng, Li", 8, 11, "b.zip"): listing})
    )
    assert any("holds more than 500 files" in line for line in report.lines)
    assert any("its list of contents is longer than is read" in line for line in report.lines)
    assert files(into) == {}


def test_an_archive_that_claims_a_small_size_is_counted_as_it_unpacks(collect, into, monkeypatch):
    monkeypatch.setattr(sorting, "MAX_BYTES", 2**20)
    name = canvas_name("Lee, Ann", 7, 10, NOTEBOOK)
    honest = zipped({name: b" " * 2**22})
    claimed = honest.replace((2**22).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert claimed != honest
    report = collect(claimed)
    assert files(into) == {}
    assert any("left out" in line for line in report.lines)


def test_damaged_encrypted_and_oddly_packed_files_have_a_line(collect, into, tmp_path):
    good = canvas_name("Ng, Li", 8, 12, NOTEBOOK)
    bad = canvas_name("Lee, Ann", 7, 10, NOTEBOOK)
    data = bytearray(zipped({bad: bytes(range(256)) * 40, good: A}))
    data[30 + len(bad) + 20] ^= 0xFF
    report = collect(bytes(data))
    assert files(into) == {f"8/{TINY}/{NOTEBOOK}": A}
    assert any("it is damaged" in line for line in report.lines)
    assert f"{bad}: left out: it is encrypted." in collect(with_flags(zipped({bad: A}), on=1)).lines
    path = tmp_path / "lzma.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr(bad, A)
    assert any("packed by a method" in line for line in collect(path).lines)


@pytest.mark.parametrize("says_utf8", [True, False])
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize(
    "name", ["Zoë Ångström", "Łukasz Żak", "李小龍", "Ольга Иванова", "محمد علي", "नेहा शर्मा", "한지민"]
)
def test_names_in_any_script_and_either_form_are_found_in_the_roster(collect, into, name, form, says_utf8):
    download = zipped({f"{moodle_folder(unicodedata.normalize(form, name), 5)}/{NOTEBOOK}": A}, says_utf8=says_utf8)
    report = collect(download, "moodle", f"student_id,name\n00123,{unicodedata.normalize('NFC', name)}\n")
    assert files(into) == {f"00123/{TINY}/{NOTEBOOK}": A}
    assert report.lines == []


def test_names_in_code_page_437_are_read_as_such(collect, into):
    download = bytearray(zipped({f"{moodle_folder('Zo@', 5)}/{NOTEBOOK}": A}))
    collect(bytes(download.replace(b"Zo@", b"Zo\x89")), "moodle", "student_id,name\n1,Zoë\n")
    assert files(into) == {f"1/{TINY}/{NOTEBOOK}": A}


def test_two_of_one_name_are_not_guessed_without_a_number(collect, into):
    download = zipped({f"{moodle_folder('Ann Lee', 5)}/{NOTEBOOK}": A, f"{moodle_folder('Ann Lee', 6)}/{NOTEBOOK}": B})
    report = collect(download, "moodle", "student_id,name\n1,Ann Lee\n2,Ann Lee\n")
    assert files(into) == {}
    assert all("2 in the roster are named like" in line for line in report.lines)
    collect(download, "moodle", "student_id,name,platform_id\n1,Ann Lee,6\n2,Ann Lee,5\n")
    assert files(into) == {f"1/{TINY}/{NOTEBOOK}": B, f"2/{TINY}/{NOTEBOOK}": A}


def test_nobody_hands_in_as_somebody_else_by_taking_her_name(collect, into):
    download = zipped({f"{moodle_folder('Ann Lee', 5)}/{NOTEBOOK}": A, f"{moodle_folder('Ann Lee', 6)}/{NOTEBOOK}": B})
    report = collect(download, "moodle", "student_id,name\n1,Ann Lee\n2,Bo Odd\n")
    assert files(into) == {}
    assert all("users 5 and 6 both read as 1" in line for line in report.lines)


def test_a_learner_named_like_a_number_is_not_taken_for_that_number(collect, into):
    """Bo has called himself "Odd_42"; 42 is Ann's number."""
    name = "odd_42_77_900_01-tiny.ipynb"
    roster = 'student_id,name,platform_id\nann,"Lee, Ann",42\nbo,"Odd_42",77\n'
    collect(zipped({name: A}), roster=roster)
    assert files(into) == {f"bo/{TINY}/{NOTEBOOK}": A}


@pytest.mark.parametrize("roster", [None, 'student_id,name,platform_id\nann,"Lee, Ann",42\n'])
def test_where_a_name_can_be_read_in_two_ways_it_is_reported(collect, into, roster):
    report = collect(zipped({"odd_42_77_900_01-tiny.ipynb": A}), roster=roster)
    assert files(into) == {}
    assert "it may be of user 42 or 77" in report.lines[0]


def test_what_lies_in_a_learners_own_folders_is_never_another_learners(collect, into):
    download = zipped({f"ann/{TINY}/{NOTEBOOK}": A, f"bo/ann/{TINY}/{NOTEBOOK}": B, f"bo/{TINY}/x/{NOTEBOOK}": C})
    collect(download, "nbgrader")
    assert files(into) == {f"ann/{TINY}/{NOTEBOOK}": A, f"bo/{TINY}/{NOTEBOOK}": C}


@pytest.mark.parametrize("student", ["..", ".hidden", "a/b", "x" * 300, "collected.json", ".git", "a.ipynb", " "])
def test_any_id_of_a_roster_gets_a_folder_inside(collect, into, student, tmp_path):
    roster = f'student_id,platform_id\n"{student}",7\n1,8\n'
    collect(zipped({canvas_name("Lee, Ann", 7, 10, NOTEBOOK): A, canvas_name("Ng", 8, 11, NOTEBOOK): B}), roster=roster)
    found = find_submissions(into, known=[TINY])
    assert len(found) == (2 if student.strip() else 1)
    assert all(one.notebook and one.notebook.is_relative_to(into) for one in found)


def test_several_notebooks_of_which_none_is_the_assignments_are_left_to_the_grader(collect, into):
    folder = moodle_folder("Ann Lee", 5)
    report = collect(zipped({f"{folder}/alpha.ipynb": A, f"{folder}/beta.ipynb": B}), "moodle")
    assert set(files(into)) == {f"Ann Lee/{TINY}/alpha.ipynb", f"Ann Lee/{TINY}/beta.ipynb"}
    assert "2 different notebooks" in report.lines[0]
    assert "There are 2 notebooks" in find_submissions(into, known=[TINY])[0].problem


def test_a_full_disk_leaves_everything_as_it_was(collect, into, monkeypatch):
    collect(zipped({canvas_name("Lee, Ann", 7, 10, NOTEBOOK): A}))
    before = files(into)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sorting, "copy_bytes", full)
    with pytest.raises(CourseError, match=r"is full\. Make room and give the same command again"):
        collect(zipped({canvas_name("Lee, Ann", 7, 11, NOTEBOOK): B, canvas_name("Ng", 8, 12, NOTEBOOK): C}))
    assert files(into) == before
    assert leftovers(into) == []


def test_a_run_that_is_killed_while_placing_is_completed_by_the_next(collect, into, monkeypatch):
    download = zipped({canvas_name("Lee", number, number, NOTEBOOK): b"%d" % number for number in range(1, 6)})
    place, calls = Placing._place, []

    def killed(self, *arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return place(self, *arguments)

    monkeypatch.setattr(Placing, "_place", killed)
    with pytest.raises(KeyboardInterrupt):
        collect(download)
    monkeypatch.setattr(Placing, "_place", place)
    report = collect(download)
    assert (report.new, report.unchanged) == (3, 2)
    assert len(files(into)) == len(read_receipts(into)) == 5


def called(work) -> int:
    """Return how many functions are called while some work is done."""
    count = 0

    def count_call(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(count_call)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("again", [False, True], ids=["new", "handed in anew"])
@pytest.mark.parametrize("platform", ["canvas", "moodle", "nbgrader", "flat"])
def test_what_collecting_does_for_a_learner_does_not_grow_with_the_class(tmp_path, platform, again):
    names = {
        "canvas": lambda number: f"learner{number}_{number}_{number}_{NOTEBOOK}",
        "moodle": lambda number: f"{moodle_folder(f'Learner {number}', number)}/{NOTEBOOK}",
        "nbgrader": lambda number: f"learner{number}/{TINY}/{NOTEBOOK}",
        "flat": lambda number: f"learner{number}_{NOTEBOOK}",
    }

    def calls_each(size: int) -> float:
        into = tmp_path / f"class-{size}"
        for content in (A, B)[: 2 if again else 1]:
            files = {names[platform](number): content for number in range(10_000, 10_000 + size)}
            download = save(tmp_path / "download.zip", zipped(files))
            calls = called(partial(collecting.collect, download, platform, into, known=[TINY, "02-other"]))
        assert len(read_receipts(into)) == size
        return calls / size

    assert calls_each(100) < 1.1 * calls_each(25)


def test_a_name_that_no_file_system_takes_is_not_looked_at(collect, into):
    """What a learner zips may be named with tens of thousands of characters, which patterns take long to read."""
    long = "a" + "-1" * 15_000 + "x.ipynb"
    inner = zipped({long: A, NOTEBOOK: B})
    report = collect(zipped({canvas_name("Lee, Ann", 7, 10, "work.zip"): inner}), assignment=None)
    assert [line.endswith("left out: its name is longer than any file's.") for line in report.lines] == [True]
    assert files(into) == {f"7/{TINY}/{NOTEBOOK}": B}


def test_two_that_collect_into_one_folder_do_not_lose_each_others_receipts(collect, into, monkeypatch):
    copy, inside = sorting.copy_bytes, []

    def meanwhile(*arguments):
        if not inside:
            inside.append(1)
            with pytest.raises(CourseError, match="another autograder collect is at work there"):
                collect(zipped({canvas_name("Ng", 8, 12, NOTEBOOK): B}))
        return copy(*arguments)

    monkeypatch.setattr(sorting, "copy_bytes", meanwhile)
    collect(zipped({canvas_name("Lee, Ann", 7, 10, NOTEBOOK): A}))
    assert inside
    assert list(read_receipts(into)) == [("7", TINY)]


def test_what_a_killed_run_put_aside_is_removed_by_the_next(collect, into, monkeypatch):
    into.parent.mkdir(parents=True)
    code = f"import os\nfrom autograder.files import PrivateFolder\nPrivateFolder('.collect-', {str(into.parent)!r})\n"
    subprocess.run([sys.executable, "-c", f"{code}os.kill(os.getpid(), 9)"], check=False)
    (left,) = into.parent.iterdir()
    monkeypatch.setattr(keeping, "ABANDONED_AFTER_S", 0.0)
    collect(zipped({canvas_name("Lee, Ann", 7, 10, NOTEBOOK): A}))
    assert not left.exists()
    assert leftovers(into) == []


@pytest.mark.parametrize("packed", [True, False], ids=["archive", "folder"])
def test_what_macos_keeps_beside_a_file_is_no_attempt_and_has_a_line(into, tmp_path, packed):
    names = {"ng_1_2_01-tiny.ipynb": A, "._ng_1_2_01-tiny.ipynb": b"\x00\x05\x16\x07"}
    if packed:
        source = save(tmp_path / "a.zip", zipped(names))
    else:
        source = tmp_path / "a"
        source.mkdir()
        for name, content in names.items():
            (source / name).write_bytes(content)
    report = collecting.collect(source, "canvas", into, known=[TINY])
    assert list(files(into).values()) == [A]
    assert [line for line in report.lines if line.startswith("._ng")] == report.lines != []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=tries(60), deadline=None)
@given(
    st.lists(st.tuples(st.text(max_size=30), st.binary(max_size=60)), min_size=1, max_size=6, unique_by=lambda x: x[0])
)
@pytest.mark.parametrize("platform", ["canvas", "moodle", "nbgrader", "flat"])
def test_whatever_an_archive_holds_each_file_is_used_or_has_a_line(platform, tmp_path_factory, members):
    folder = tmp_path_factory.mktemp("any")
    try:
        data = zipped({f"{name}_1_2_x.ipynb": content for name, content in members})
    except (UnicodeError, ValueError):
        return
    source = save(folder / "a.zip", data)
    into = folder / "into"
    try:
        report = collecting.collect(source, platform, into, assignment=TINY, known=[TINY])
    except CourseError:
        assert not into.exists()
        return
    assert sorted(path.name for path in folder.iterdir()) == ["a.zip", "into"]
    said = " ".join(report.lines)
    used = list(files(into).values())
    for name, content in members:
        assert content in used or said, name


ROSTER_ERRORS = {
    "student_id,name\n7,Ann\n7,Bo\n": r"the student_id '7' is there twice, in lines 2 and 3. Give each learner",
    "student_id,platform_id\na,1\nb,1\n": "the platform_id '1' is there twice",
    "student_id\ncaf\u00e9\ncafe\u0301\n": "is there twice",
    "who,grade\nx,1\n": "none of its columns is named student_id",
    "student_id\n": "it names nobody",
    "": "none of its columns",
    'student_id\n"a\n': "it is no CSV file",
}


@pytest.mark.parametrize("text", ROSTER_ERRORS)
def test_a_roster_that_cannot_be_right_is_refused_with_the_reason(tmp_path, text):
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=ROSTER_ERRORS[text]):
        read_roster(path)


def test_ids_of_a_roster_stay_text_whatever_separates_its_columns(tmp_path):
    path = tmp_path / "roster.csv"
    for separator in ",;\t":
        path.write_text(f"Name{separator}Student_ID\r\n李{separator}00123\r\n", encoding="utf-16")
        (one,) = read_roster(path).learners
        assert (one.student_id, one.name) == ("00123", "李")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("id,name\n00123,Ann\n", ""),
        ("student_id,platform_id\n00123,u17\n", "u17"),
        ("Student,ID,SIS Login ID,Section\nAnn,4711,00123,A\n", "4711"),
        ("Identifier,Full name,ID number\nParticipant 77,Ann,00123\n", "77"),
    ],
)
def test_only_a_platforms_own_column_is_taken_for_its_number(tmp_path, text, number):
    """In a roster of one's own, `id` is the learner's id: Canvas would take 00123 for its user 123."""
    path = tmp_path / "roster.csv"
    path.write_text(text)
    (one,) = read_roster(path).learners
    assert (one.student_id, one.platform_id) == ("00123", number)


def test_the_command_collects_and_counts(autograder, tmp_path):
    source = save(tmp_path / "a.zip", zipped({canvas_name("Lee", 7, 10, "01-preprocessing-1.ipynb"): A}))
    status, out, _ = autograder("collect", source, "--from", "canvas", "--into", tmp_path / "in")
    assert status == 0
    assert out == f"1 submission in {tmp_path / 'in'}: 1 new, 0 replaced, 0 unchanged\n"
    assert (
        json.loads((tmp_path / "in/collected.json").read_text())["submissions"][0]["assignment"] == "01-preprocessing"
    )


@pytest.mark.parametrize(
    ("data", "options", "words"),
    [
        (b"no archive", ("--from", "canvas"), "it is no zip archive"),
        (zipped({}), ("--from", "canvas"), "there is no file in it"),
        (
            zipped({"a.ipynb": A}),
            ("--from", "canvas"),
            "no file in it is named as canvas names them, such as 'a.ipynb'",
        ),
        (zipped({"a.ipynb": A}), ("--from", "canvass"), "There is no platform 'canvass'"),
        (zipped({"a.ipynb": A}), ("--from", "flat", "--assignment", "01-x"), "there is no assignment '01-x'"),
        (zipped({"a.ipynb": A}), ("--from", "flat", "--roster", "nowhere.csv"), "nowhere.csv was not read"),
        (None, ("--from", "flat"), "was not read: No such file or directory"),
    ],
)
def test_wrong_input_ends_with_2_one_message_and_nothing_written(autograder, tmp_path, data, options, words):
    source = tmp_path / "a.zip"
    if data is not None:
        source.write_bytes(data)
    status, _, err = autograder("collect", source, "--into", tmp_path / "in", *options)
    assert status == 2
    assert words in err
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"][: data is not None]
