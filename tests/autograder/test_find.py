"""What is found where learners hand in, and what of it is refused, with which words."""

from __future__ import annotations

import json
import os
import socket
import unicodedata

import pytest

from autograder.authoring.notebooks import dumps
from autograder.intake import rebuild as rebuilding
from autograder.intake.find import find_submissions
from autograder.intake.rebuild import rebuild
from autograder.intake.submissions import Rejected
from flowercourse.errors import CourseError


def rejection(found, assignment):
    """Return the message with which the only submission is rejected."""
    with pytest.raises(Rejected) as error:
        rebuild(found[0], assignment)
    assert len(found) == 1
    message = str(error.value)
    assert message[0].isupper()
    assert message.endswith(".")
    return message


def test_every_students_assignment_is_found_in_order(exercise, submitted, hand_in):
    for student, assignment in [("b", "01-tiny"), ("a", "02-other"), ("a", "01-tiny")]:
        hand_in(exercise, student, f"{assignment}.ipynb", assignment)
    found = find_submissions(submitted)
    assert [(one.student_id, one.assignment) for one in found] == [
        ("a", "01-tiny"),
        ("a", "02-other"),
        ("b", "01-tiny"),
    ]
    assert [one.assignment for one in find_submissions(submitted, assignment="01-tiny")] == ["01-tiny", "01-tiny"]


def test_an_untouched_exercise_is_rebuilt_as_it_was(tiny, exercise, submitted, hand_in):
    hand_in(exercise)
    rebuilt = rebuild(find_submissions(submitted)[0], tiny)
    assert [(cell.id, cell.source) for cell in rebuilt.cells] == [(cell.id, cell.given) for cell in tiny.cells]
    assert (rebuilt.max_score, rebuilt.notes, rebuilt.outdated, rebuilt.module) == (5, (), False, "tiny")
    assert len(rebuilt.digest) == 64


def test_submissions_are_never_changed(tiny, exercise, submitted, hand_in):
    path = hand_in(exercise)
    before = (path.read_bytes(), path.stat().st_mtime_ns)
    rebuild(find_submissions(submitted)[0], tiny)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert sorted(one.name for one in submitted.rglob("*")) == ["01-tiny", "01-tiny.ipynb", "learner-01"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty file"),
        (b" \n", "empty file"),
        (b"{", "JSON is broken (line 1)"),
        (b'{"cells": [', "JSON is broken"),
        ("\ufeff{".encode(), "JSON is broken"),
        ("{}".encode("utf-16"), "format is unknown instead of 4"),
        ("{}".encode("utf-16")[:-1], "not in UTF-8"),
        (b'{"cells": "\xff"}', "not in UTF-8"),
        (b"\x89PNG\r\n\x1a\n", "not in UTF-8"),
        (b"[]", "not a notebook"),
        (b"null", "not a notebook"),
        (b'"text"', "not a notebook"),
        (b"{}", "format is unknown instead of 4"),
        (b'{"nbformat": 2, "worksheets": []}', "format is 2 instead of 4"),
        (b'{"nbformat": 3, "worksheets": []}', "none of its tasks"),
        (b'{"nbformat": 3, "worksheets": 5}', "none of its tasks"),
        (b'{"nbformat": 3, "worksheets": [5, {"cells": 5}, {"cells": [5, {"cell_type": []}]}]}', "none of its tasks"),
        (b'{"nbformat": 5, "cells": []}', "format is 5 instead of 4"),
        (b'{"nbformat": 4.5, "cells": []}', "format is 4.5 instead of 4"),
        (b'{"nbformat": true, "cells": []}', "format is True instead of 4"),
        (b'{"nbformat": "four", "cells": []}', "instead of 4"),
        (b'{"nbformat": -' + b"9" * 400 + b', "cells": []}', "instead of 4"),
        (b'{"nbformat": ' + b"9" * 5000 + b', "cells": []}', "format is 0 instead of 4"),
        (b'{"nbformat": 1e999, "cells": []}', "format is inf instead of 4"),
        (b'{"nbformat": NaN, "cells": []}', "format is nan instead of 4"),
        (b'{"nbformat": 4}', "no list of cells"),
        (b'{"nbformat": 4, "cells": {}}', "no list of cells"),
        (b'{"nbformat": 4, "cells": [' + b'{"source": "x"},' * 5000 + b'{"source": "x"}]}', "has 5,001 cells"),
        (b'{"nbformat": 4, "cells": []}', "none of its tasks"),
        (b'{"nbformat": 4, "cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "JSON is broken"),
        (
            b'{"nbformat": 4, "cells": [' + b"[]," * 1_000_000 + b"1]}",
            "2,000,003 values, and at most 2,000,000 are read",
        ),
    ],
    ids=lambda value: value[:30].decode("ascii", "replace") if isinstance(value, bytes) else "",
)
def test_what_is_no_notebook_is_rejected_in_words(tiny, submitted, hand_in, content, words):
    hand_in(content)
    assert words in rejection(find_submissions(submitted), tiny)


def test_a_byte_order_mark_is_no_reason_to_reject(tiny, exercise, submitted, hand_in):
    hand_in("\ufeff" + dumps(exercise))
    assert rebuild(find_submissions(submitted)[0], tiny).notes == ()


def test_a_notebook_of_50_mb_is_graded_like_any_other_for_its_outputs_do_not_count(tiny, exercise, submitted, hand_in):
    output = {"output_type": "display_data", "data": {"image/png": "[{,}]" * (10 * 2**20)}, "metadata": {}}
    exercise["cells"][-2]["outputs"] = [output]
    path = hand_in(exercise)
    assert path.stat().st_size > 50 * 2**20
    assert rebuild(find_submissions(submitted)[0], tiny).notes == ()


def test_a_notebook_over_the_limit_is_rejected_unread_with_its_size_and_the_limit(
    tiny, submitted, hand_in, monkeypatch
):
    path = hand_in(b"{}")
    with path.open("wb") as file:
        file.truncate(100 * 2**20 + 1)
    monkeypatch.setattr(rebuilding.json, "loads", pytest.fail)
    message = rejection(find_submissions(submitted), tiny)
    assert "has 101 MB; at most 100 MB are read. Clear the outputs" in message


def test_texts_that_would_fill_the_graders_memory_are_rejected_with_their_size_and_the_limit(
    tiny, exercise, submitted, hand_in
):
    exercise["cells"][-1]["source"] = " " * (21 * 2**20)
    hand_in(exercise)
    assert "code and text have 22 MB; at most 20 MB are read" in rejection(find_submissions(submitted), tiny)


def test_empty_cells_do_not_count_against_the_limit(tiny, exercise, submitted, hand_in):
    exercise["cells"] += [{"cell_type": "code", "source": blank} for blank in ("", [], "\n", [" ", "\n"])] * 2000
    exercise["cells"] += [{"cell_type": "code", "source": "1"}] * 1500
    hand_in(json.dumps(exercise))
    made = rebuild(find_submissions(submitted)[0], tiny)
    assert sum(cell.id.startswith("added") for cell in made.cells) == 1500


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig", "utf-16-le"])
def test_what_an_editor_saved_in_another_unicode_encoding_is_graded(tiny, exercise, submitted, hand_in, encoding):
    hand_in(dumps(exercise).encode(encoding))
    assert rebuild(find_submissions(submitted)[0], tiny).notes == ()


@pytest.mark.parametrize("what", ["notebook", "assignment", "student"])
def test_symbolic_links_are_not_followed(tiny, exercise, submitted, tmp_path, hand_in, what):
    secret = tmp_path / "secret" / "01-tiny" / "01-tiny.ipynb"
    secret.parent.mkdir(parents=True)
    secret.write_text(dumps(exercise))
    path = submitted / "learner-01" / "01-tiny" / "01-tiny.ipynb"
    link, target = {
        "notebook": (path, secret),
        "assignment": (path.parent, secret.parent),
        "student": (path.parent.parent, secret.parent.parent),
    }[what]
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
    found = find_submissions(submitted)
    assert [(one.student_id, one.assignment) for one in found] == [("learner-01", "01-tiny")]
    assert "symbolic link" in rejection(found, tiny)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_folder_that_becomes_a_link_after_it_was_found_is_not_followed(
    tiny, exercise, submitted, tmp_path, hand_in, level
):
    path = hand_in(exercise)
    found = find_submissions(submitted)
    place = [path, path.parent, path.parent.parent][level]
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    assert "could not be read" in rejection(found, tiny)


@pytest.mark.parametrize("level", ["notebook", "assignment", "student"])
@pytest.mark.parametrize("kind", ["pipe", "socket", "folder"])
def test_pipes_sockets_and_folders_are_rejected_at_once(tiny, submitted, level, kind, monkeypatch):
    path = submitted / "learner-01" / "01-tiny" / "01-tiny.ipynb"
    place = {"notebook": path, "assignment": path.parent, "student": path.parent.parent}[level]
    place.parent.mkdir(parents=True, exist_ok=True)
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "socket":
        monkeypatch.chdir(place.parent)  # a socket's path may have 107 characters at most
        socket.socket(socket.AF_UNIX).bind(place.name)
    else:
        place.mkdir()
    found = find_submissions(submitted, assignment="01-tiny")
    if kind == "folder" and level == "student":
        assert found == []  # an empty folder: this student handed in nothing
        return
    assert [(one.student_id, one.assignment) for one in found] == [("learner-01", "01-tiny")]
    assert rejection(found, tiny)


def test_a_notebook_that_becomes_a_pipe_after_it_was_found_does_not_block(tiny, exercise, submitted, hand_in):
    path = hand_in(exercise)
    found = find_submissions(submitted)
    path.unlink()
    os.mkfifo(path)
    assert "not a regular file" in rejection(found, tiny)


def test_an_unknown_assignment_is_rejected_by_name(submitted, exercise, hand_in):
    hand_in(exercise, assignment="01-tinny", name="01-tinny.ipynb")
    assert "no assignment named '01-tinny'" in rejection(find_submissions(submitted), None)


def test_a_folder_without_a_notebook_is_a_submission_all_the_same(tiny, submitted):
    (submitted / "learner-01" / "01-tiny").mkdir(parents=True)
    assert "no notebook in the folder" in rejection(find_submissions(submitted), tiny)


def test_a_loose_notebook_without_assignment_folder_is_rejected_with_its_place(tiny, submitted, exercise):
    (submitted / "learner-01").mkdir()
    (submitted / "learner-01" / "01-tiny.ipynb").write_text(dumps(exercise))
    found = find_submissions(submitted)
    assert (found[0].student_id, found[0].assignment) == ("learner-01", "01-tiny")
    assert "Hand it in as 01-tiny/01-tiny.ipynb" in rejection(found, tiny)


def test_a_notebook_without_a_student_is_rejected_and_has_its_row(tiny, submitted, exercise):
    (submitted / "01-tiny.ipynb").write_text(dumps(exercise))
    found = find_submissions(submitted)
    assert (found[0].student_id, found[0].assignment) == ("", "01-tiny")
    assert "outside of any student's folder" in rejection(found, tiny)


def test_a_loose_notebook_beside_its_folder_makes_no_second_row(submitted, exercise, hand_in):
    hand_in(exercise)
    (submitted / "learner-01" / "01-tiny.ipynb").write_text("{}")
    assert [one.problem for one in find_submissions(submitted)] == [""]


def test_of_two_notebooks_the_one_named_like_the_assignment_counts(tiny, exercise, submitted, hand_in):
    hand_in(exercise)
    hand_in(b"junk", name="01-tiny (1).ipynb")
    rebuilt = rebuild(find_submissions(submitted)[0], tiny)
    assert rebuilt.notes == ("Graded 01-tiny.ipynb; left out: 01-tiny (1).ipynb.",)


def test_two_notebooks_of_other_names_are_rejected(tiny, exercise, submitted, hand_in):
    hand_in(exercise, name="a.ipynb")
    hand_in(exercise, name="b.ipynb")
    assert "2 notebooks (a.ipynb and b.ipynb), none named 01-tiny.ipynb" in rejection(find_submissions(submitted), tiny)


def test_one_notebook_of_another_name_is_graded_with_a_note(tiny, exercise, submitted, hand_in):
    hand_in(exercise, name="01-tiny-final(2).ipynb")
    assert "named 01-tiny-final(2).ipynb instead" in rebuild(find_submissions(submitted)[0], tiny).notes[0]


def test_what_macos_adds_to_an_archive_is_not_taken_for_a_notebook(tiny, exercise, submitted, hand_in):
    for name in ("My work.ipynb", "._My work.ipynb", "__MACOSX/._My work.ipynb"):
        hand_in(exercise if name == "My work.ipynb" else b"\0\5\x16\7", name=name)
    (submitted / "learner-01" / "._01-tiny.ipynb").write_bytes(b"\0\5\x16\7")
    (submitted / "._learner-01.ipynb").write_bytes(b"\0\5\x16\7")
    found = find_submissions(submitted)
    assert [(one.student_id, one.assignment) for one in found] == [("learner-01", "01-tiny")]
    assert rebuild(found[0], tiny).notes == ("The notebook is named My work.ipynb instead of 01-tiny.ipynb.",)


@pytest.mark.parametrize("folder", ["01-TINY", " 01-tiny ", "01-Tiny\n"])
def test_a_folder_with_other_capitals_or_spaces_is_graded_with_a_note(tiny, exercise, submitted, hand_in, folder):
    hand_in(exercise, assignment=folder, name=f"{folder}.ipynb")
    hand_in(b"junk", assignment=folder, name="scratch.ipynb")
    for found in (find_submissions(submitted, known=["01-tiny"]), find_submissions(submitted, assignment="01-tiny")):
        assert [one.assignment for one in found] == ["01-tiny"]
        assert "not exactly 01-tiny" in " ".join(rebuild(found[0], tiny).notes)


def test_where_two_folders_may_be_meant_the_exact_one_counts_and_both_have_rows(tiny, exercise, submitted, hand_in):
    hand_in(exercise, assignment="01-TINY")
    hand_in(exercise)
    first, second = find_submissions(submitted, known=["01-tiny"])
    assert (first.assignment, rebuild(first, tiny).notes) == ("01-tiny", ())
    assert second.assignment == "01-tiny~2"
    assert "2 that mean the same assignment (01-tiny and 01-TINY). Hand in one of them." in rejection([second], None)


def test_where_two_folders_may_be_meant_and_none_is_exact_neither_is_guessed(exercise, submitted, hand_in):
    hand_in(exercise, assignment="01-TINY")
    hand_in(exercise, assignment="01-Tiny")
    found = find_submissions(submitted, assignment="01-tiny")
    assert [one.assignment for one in found] == ["01-tiny", "01-tiny~2"]
    assert all("2 that mean the same assignment" in one.problem for one in found)


@pytest.mark.parametrize("through_link", [False, True])
def test_a_known_assignments_notebook_in_the_students_folder_is_graded_with_a_note(
    tiny, exercise, submitted, tmp_path, through_link
):
    (submitted / "learner-01").mkdir()
    (submitted / "learner-01" / "01-tiny.ipynb").write_text(dumps(exercise))
    (submitted / "learner-01" / "scratch.ipynb").write_text("{}")
    if through_link:
        (tmp_path / "link").symlink_to(submitted)
        submitted = tmp_path / "link"
    found, scratch = find_submissions(submitted, known=["01-tiny"])
    assert (found.student_id, found.assignment) == ("learner-01", "01-tiny")
    assert rebuild(found, tiny).notes == (
        "The notebook lies in the student's folder itself; its place is 01-tiny/01-tiny.ipynb.",
    )
    assert "Hand it in as scratch/scratch.ipynb" in scratch.problem


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_misplaced_notebook_is_not_followed_anywhere_either(tiny, submitted, tmp_path, exercise, kind):
    (tmp_path / "secret.ipynb").write_text(dumps(exercise))
    (submitted / "learner-01").mkdir()
    place = submitted / "learner-01" / "01-tiny.ipynb"
    place.symlink_to(tmp_path / "secret.ipynb") if kind == "link" else os.mkfifo(place)
    found = find_submissions(submitted, known=["01-tiny"])
    assert {"link": "symbolic link", "pipe": "a named pipe"}[kind] in rejection(found, tiny)


def test_a_misplaced_notebook_whose_folder_becomes_a_link_is_not_followed(tiny, submitted, tmp_path, exercise):
    (submitted / "learner-01").mkdir()
    (submitted / "learner-01" / "01-tiny.ipynb").write_text(dumps(exercise))
    found = find_submissions(submitted, known=["01-tiny"])
    (submitted / "learner-01").rename(tmp_path / "elsewhere")
    (submitted / "learner-01").symlink_to(tmp_path / "elsewhere")
    assert "could not be read" in rejection(found, tiny)


def test_of_the_folder_and_a_notebook_beside_it_the_folder_counts_and_says_so(tiny, exercise, submitted, hand_in):
    hand_in(exercise)
    (submitted / "learner-01" / "01-tiny.ipynb").write_text("{}")
    (found,) = find_submissions(submitted, known=["01-tiny"])
    assert rebuild(found, tiny).notes == ("Left out, beside the folder: 01-tiny.ipynb.",)


def test_a_notebook_one_folder_too_deep_is_graded_with_a_note(tiny, exercise, submitted, hand_in):
    hand_in(exercise, name="01-tiny/01-tiny.ipynb")
    assert rebuild(find_submissions(submitted)[0], tiny).notes == ("The notebook lies one folder too deep.",)


@pytest.mark.parametrize("change", ["deeper still", "a link", "beside another"])
def test_no_other_notebook_is_looked_for_in_depth(tiny, exercise, submitted, tmp_path, hand_in, change):
    if change == "deeper still":
        hand_in(exercise, name="01-tiny/01-tiny/01-tiny.ipynb")
    elif change == "a link":
        path = hand_in(exercise, name="01-tiny/01-tiny.ipynb").parent
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
    else:
        hand_in(b"junk")
        hand_in(exercise, name="01-tiny/01-tiny.ipynb")
    words = "JSON is broken" if change == "beside another" else "no notebook in the folder"
    assert words in rejection(find_submissions(submitted), tiny)


def test_what_editors_and_systems_leave_behind_is_no_submission(submitted, exercise, hand_in):
    hand_in(exercise)
    for litter in (".ipynb_checkpoints", "learner-01/.ipynb_checkpoints", "learner-01/01-tiny/.ipynb_checkpoints"):
        (submitted / litter).mkdir()
        (submitted / litter / "01-tiny-checkpoint.ipynb").write_text("{}")
    (submitted / ".DS_Store").write_text("")
    (submitted / "learner-01" / "notes.txt").write_text("")
    assert len(find_submissions(submitted)) == 1


@pytest.mark.parametrize(
    "student",
    ["a\nb", "[a-z]*", "=cmd|calc!A0", "-rf", "..x", "x" * 255, "Jürgen", "a\tb", "\x1b[31m", "%2e%2e", "a+b"],
)
def test_strange_names_of_students_are_kept_as_they_are(tiny, exercise, submitted, hand_in, student):
    hand_in(exercise, student)
    found = find_submissions(submitted)
    assert [one.student_id for one in found] == [student]
    assert rebuild(found[0], tiny).student_id == student


def test_a_name_that_is_not_utf_8_is_spelled_out(tiny, exercise, submitted, hand_in):
    hand_in(exercise, os.fsdecode(b"caf\xe9"))
    found = find_submissions(submitted)
    assert found[0].student_id == r"caf\xe9"
    assert rebuild(found[0], tiny).max_score == 5


def test_two_students_whose_names_read_the_same_are_both_graded(tiny, exercise, submitted, hand_in):
    hand_in(exercise, os.fsdecode(b"caf\xe9"))
    hand_in(exercise, os.fsdecode(b"caf\xe9"), assignment="02-other")
    hand_in(exercise, r"caf\xe9")
    found = find_submissions(submitted)
    assert [(one.student_id, one.assignment) for one in found] == [
        (r"caf\xe9", "01-tiny"),
        (r"caf\xe9~2", "01-tiny"),
        (r"caf\xe9~2", "02-other"),
    ]
    assert found[0].folder == submitted / r"caf\xe9" / "01-tiny"
    assert rebuild(found[0], tiny).notes == ()
    assert r"reads the same, so this one is called caf\xe9~2." in rebuild(found[1], tiny).notes[0]
    assert find_submissions(submitted, assignment="02-other") == found[2:]


def test_names_that_differ_in_a_backslash_stay_apart(exercise, submitted, hand_in):
    for name in (b"a\\xe9\xe9", b"a\xe9\\xe9", b"a\xe9\xe9"):
        hand_in(exercise, os.fsdecode(name))
    assert len({one.student_id for one in find_submissions(submitted)}) == 3


def test_notebooks_whose_names_differ_in_the_ending_alone_have_a_row_each(tiny, exercise, submitted):
    (submitted / "learner-01").mkdir()
    for name in ("01-tiny.ipynb", "01-tiny.IPYNB", "x.ipynb", "x.IPYNB"):
        (submitted / "learner-01" / name).write_text(dumps(exercise))
        (submitted / name).write_text(dumps(exercise))
    found = find_submissions(submitted, known=["01-tiny"])
    assert [(one.student_id, one.assignment) for one in found] == [
        (student, name) for student in ("", "learner-01") for name in ("01-tiny", "01-tiny~2", "x", "x~2")
    ]
    assert [one.notebook.name for one in found if one.notebook] == ["01-tiny.ipynb"]
    assert "(01-tiny.ipynb and 01-tiny.IPYNB). Hand in one" in rejection([found[5]], None)
    assert "this one is called x~2." in rejection([found[7]], None)


@pytest.mark.parametrize("evil", ["\x1b[2J\x1b]0;owned\x07", "\u202egnp", "\n99,01-tiny,20", "\x9b31m", "x" * 200])
def test_messages_hold_names_without_anything_that_a_terminal_obeys(tiny, exercise, submitted, hand_in, evil):
    hand_in(exercise, assignment="01-tiny", name=f"a{evil}.ipynb")
    hand_in(exercise, assignment="02-two", name=f"a{evil}.ipynb")
    hand_in(exercise, assignment="02-two", name=f"b{evil}.ipynb")
    hand_in(exercise, assignment="03-more", name="03-more.ipynb")
    hand_in(exercise, assignment="03-more", name=f"b{evil}.ipynb")
    hand_in(exercise, assignment=f"04{evil}")
    (submitted / "learner-01" / "05" / f"c{evil}.ipynb").mkdir(parents=True)
    (submitted / "learner-01" / f"06{evil}.ipynb").write_text("{}")
    (submitted / "learner-01" / f"06{evil}.IPYNB").write_text("{}")
    said = []
    for one in find_submissions(submitted):
        try:
            said += rebuild(one, tiny if one.assignment == "01-tiny" else None).notes
        except Rejected as error:
            said += [str(error), *one.notes]
    assert len(said) >= 8
    assert all(text.isprintable() for text in said)
    assert max(map(len, said)) < 400


@pytest.mark.parametrize(
    ("one", "other"),
    [("Anna", "anna"), (unicodedata.normalize("NFC", "José"), unicodedata.normalize("NFD", "José")), ("a b", "a  b")],
)
def test_students_whose_names_look_alike_are_both_graded_with_a_note(tiny, exercise, submitted, hand_in, one, other):
    for student in (one, other, "somebody-else"):
        hand_in(exercise, student)
    found = {each.student_id: each for each in find_submissions(submitted)}
    assert len(found) == 3
    assert "Another student's folder" in found[one].notes[0]
    assert found[one].notes == found[other].notes
    assert found["somebody-else"].notes == ()


def test_a_folder_that_is_none_is_the_callers_mistake(tmp_path):
    with pytest.raises(CourseError, match="was not read"):
        find_submissions(tmp_path / "nothing")


def test_a_notebook_of_another_assignment_is_rejected_with_its_name(tiny, exercise, submitted, hand_in):
    exercise["metadata"]["flowercourse"]["assignment"] = "05-predictions"
    exercise["cells"] = [{"cell_type": "code", "source": "1", "metadata": {}, "outputs": []}]
    hand_in(json.dumps(exercise))
    assert "It says that it is '05-predictions'" in rejection(find_submissions(submitted), tiny)
