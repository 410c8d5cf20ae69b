"""Grades as CSV and JSON, and the learners' feedback pages."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import struct
import unicodedata
import zlib
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from autograder.checking.core import CheckResult
from autograder.files import from_folder_name, to_folder_name
from autograder.outcome.inert import MAX_TEXT, NOTEBOOK_PICTURES, Picture, Text, inert_cells, inert_parts, inert_text
from autograder.outcome.report import (
    COLUMNS,
    cell_text,
    feedback_page,
    feedback_path,
    parse_results,
    sort,
    write_tables,
)
from autograder.outcome.results import CellOutcome, ManualGrade, SubmissionResult


def picture(**options):
    file = io.BytesIO()
    Image.new("RGB", (4, 3), "red").save(file, "PNG", **options)
    return base64.b64encode(file.getvalue()).decode()


def result(student="learner-01", **fields):
    return SubmissionResult(student, "01-tiny", **({"status": "graded", "score": 1.5, "max_score": 5} | fields))


def read(text):
    return list(csv.reader(io.StringIO(text, newline="")))


def tables(*results):
    """Return the texts of grades.csv and results.json."""
    table, rows = io.BytesIO(), io.BytesIO()
    write_tables(sort(results), table, rows)
    return table.getvalue().decode(), rows.getvalue().decode("ascii")


def row_of(one):
    """Return the row that a result has in grades.csv, by column."""
    (row,) = csv.DictReader(io.StringIO(tables(one)[0], newline=""))
    return row


def test_grades_have_exactly_the_promised_columns_and_a_row_for_each_submission():
    results = [result("b"), result("a", status="rejected", message='Say "yes", please.\nOr no.', seconds=1.234)]
    text, _ = tables(*results)
    table = read(text)
    assert ",".join(table[0]) == "student_id,assignment,score,max_score,status,seconds,message"
    assert table[1] == ["a", "01-tiny", "1.5", "5", "rejected", "1.23", 'Say "yes", please. Or no.']
    assert [row[0] for row in table[1:]] == ["a", "b"]
    assert text.count("\r\n") == 3


@pytest.mark.parametrize(
    "formula", ["=1+1", "=cmd|'/c calc'!A0", "@SUM(A1)", "+1+1", "-1+1", "\t=1", "\r=1", "+cmd|x!A"]
)
def test_no_value_runs_as_a_formula_in_a_spreadsheet(formula):
    row = row_of(result(formula, message=formula))
    assert row["student_id"] == f"'{formula}".encode("unicode_escape").decode()
    assert row["message"] == f"'{formula.strip()}"


def test_a_message_is_one_line_that_no_terminal_obeys():
    assert row_of(result(message="a\x1b[2J\x1b]0;mine\x07\nb\u202ec"))["message"] == "a bc"


@pytest.mark.parametrize(
    "student", ["learner-01", "-17", "+smith.j", "Jürgen", "a b", "x,y", 'a"b', "'x", "- o'Brien", "-Ö"]
)
def test_ordinary_ids_stay_as_they_are(student):
    assert row_of(result(student))["student_id"] == student


@pytest.mark.parametrize("sign", "=+-@＝＋－＠")
def test_what_may_be_a_formula_is_marked_as_text_whatever_is_in_front(sign):
    for text in (f"{sign}1+1", f" \t{sign}cmd|' /C calc'!A0", f"{sign}SUM(A1)"):
        assert cell_text(text).startswith("'")


INVISIBLE = " \t\r\n\u00a0\u3000\u200b\u200c\u200d\u2060\ufeff\u00ad\u0301\ufe0f\u3164\u115f\u2800\x00\x1f"


@given(
    st.text(INVISIBLE, max_size=3),
    st.sampled_from("=+-@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63"),
    st.sampled_from(
        ["A1", "a1", "$A$1", "XFD1048576", "\uff21\uff11", "R1C1", "RC", "Z1S1", "Sheet1.A1", "A1 B2", "A1:B2", "x!A1"]
    ),
)
def test_a_sign_before_a_cell_is_text_whatever_cannot_be_seen_in_front(invisible, sign, reference):
    for text in (f"{invisible}{sign}{reference}", f"{invisible}{sign}SUM(1)", f"{invisible}{sign}cmd|' /C calc'!A0"):
        assert cell_text(text).startswith("'")


@given(st.text(max_size=20), st.text(max_size=10))
def test_only_numbers_and_plain_names_follow_a_bare_sign_at_the_start_of_any_cell(before, text):
    """As a spreadsheet of any language splits it: at semicolons, and at tabs and line ends, of which none is left."""
    for cell in cell_text(f"{before};{text}").split(";"):
        bare = unicodedata.normalize("NFKC", cell).strip("".join({*INVISIBLE, " "}))
        if bare[:1] in tuple("=+-@"):
            assert re.fullmatch(r"[+-][\w. '\u2019]+", bare)
            assert not re.search(r"(?i)(?:^|[^\w])[a-z]{1,3}\d+(?!\w)", bare[1:])


@given(st.text(max_size=20), st.sampled_from("\x00\x1b\x7f\x9b\r\n\t\u202e\u2066\u200f\u2028"))
def test_no_cell_holds_a_character_that_acts(text, acting):
    assert acting not in cell_text(f"{text}{acting}{text}")


@given(st.text(max_size=30))
def test_any_id_gives_one_row_with_all_columns(student):
    row = row_of(result(student))
    assert tuple(row) == COLUMNS
    assert cell_text(student) == row["student_id"]


@given(st.text(max_size=30))
def test_any_id_gives_a_safe_folder_and_can_be_read_from_it(student):
    folder = to_folder_name(student)
    assert re.fullmatch(r"[\w.@ %~-]+", folder, re.ASCII)
    assert folder not in (".", "..")
    assert not folder.startswith(".")
    if "%~" not in folder and not any(0xD800 <= ord(character) < 0xE000 for character in student):
        assert from_folder_name(folder) == student


def test_long_ids_are_cut_and_still_differ():
    assert to_folder_name("x" * 300) != to_folder_name("x" * 301)
    assert len(to_folder_name("é" * 300)) <= 128


def test_results_can_be_read_back_from_json():
    check = CheckResult("adds", "It adds.", "failed", 1.5, 2.0, "Expected 3; found 4.", detail="for instructors")
    made = [result(checks=(check,), seed=5, message="\u2028 é \ud800"), result("learner-02")]
    _, text = tables(*made)
    assert json.loads(text)["format"] == 1
    assert list(parse_results(text.splitlines(keepends=True))) == made
    laid_out_anew = json.dumps(json.loads(text), indent=2)
    assert list(parse_results(laid_out_anew.splitlines(keepends=True))) == made


@pytest.mark.parametrize("results", [(), (result(),), (result("a"), result("b"))])
def test_a_file_of_results_that_was_cut_off_is_not_taken_for_a_whole_one(results):
    _, text = tables(*results)
    assert list(parse_results(text.splitlines(keepends=True))) == list(results)
    for end in range(len(text) - 2):
        with pytest.raises((ValueError, KeyError, TypeError)):
            list(parse_results(text[:end].splitlines(keepends=True)))


class Page(HTMLParser):
    """Collects what a browser would do with a page."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}\x1b[31m\x00'


def evil_page():
    outputs = (
        {"output_type": "stream", "name": "stdout", "text": EVIL},
        {"output_type": "stream", "name": EVIL, "text": [EVIL, 5]},
        {"output_type": "error", "ename": EVIL, "evalue": EVIL, "traceback": [EVIL]},
        {"output_type": "error"},
        {"output_type": "display_data", "data": {"text/html": EVIL, "text/plain": EVIL}},
        {"output_type": "display_data", "data": {"application/javascript": "alert(1)"}},
        {"output_type": "display_data", "data": {"image/svg+xml": "<svg onload=alert(1)>"}},
        {"output_type": "display_data", "data": {"image/png": '"><script>alert(1)</script>'}},
        {"output_type": "execute_result", "data": {"image/png": picture()}},
        {"output_type": "update_display_data", "data": EVIL},
        {"output_type": EVIL},
        {},
    )
    cells = (
        CellOutcome("setup", "given", EVIL, outputs=outputs),
        CellOutcome("add", "learner", f"x = '''{EVIL}'''", outputs=outputs, note="A note."),
        CellOutcome("adds", "graded", "checks.adds()", 2, outputs=outputs),
        CellOutcome("thoughts", "text", EVIL, 5),
        CellOutcome("added-1", "text", EVIL),
        CellOutcome("cell-0", "text", f"# {EVIL}"),
    )
    checks = (CheckResult("adds", f"It `adds` {EVIL}.", "failed", 1.0, 2.0, EVIL, detail="SECRET TRACEBACK"),)
    grades = {"thoughts": ManualGrade(3.0, 5.0, EVIL), "add": ManualGrade(None, 0.0, EVIL, is_written=False)}
    return feedback_page(result(EVIL, checks=checks, cells=cells, message=EVIL, version="0123456789ab"), EVIL, grades)


def test_nothing_on_a_feedback_page_runs_or_asks_another_place():
    html = evil_page()
    page = Page(html)
    assert not {"script", "iframe", "object", "embed", "form", "link", "svg", "base", "video"} & set(page.tags)
    assert page.tags.count("img") == 2  # the picture, once in each of the two cells
    for name, value in page.attributes:
        assert not name.startswith("on")
        if name in ("src", "href"):
            assert value.startswith(("data:image/png;base64,", "#"))
    assert "default-src 'none'" in html
    assert "@import" not in html
    assert "url(" not in html
    assert "\x1b" not in html
    assert "\x00" not in html


def test_a_feedback_page_shows_everything_as_text():
    page = Page(evil_page())
    assert page.text.count("<script>alert(1)</script>") >= 10
    assert "{{ 7 * 7 }}" in page.text
    assert "49" not in page.text
    assert "SECRET TRACEBACK" not in page.text


def test_a_feedback_page_says_score_points_and_messages():
    checks = (
        CheckResult("adds", "`add` adds.", "passed", 2.0, 2.0),
        CheckResult("doubles", "It doubles.", "failed", 0.0, 3.0, "Expected 4; found 3. Multiply by 2."),
    )
    cells = (CellOutcome("adds", "graded", "", 2), CellOutcome("doubles", "graded", "", 3))
    page = Page(feedback_page(result(checks=checks, cells=cells, score=2.0), "Adding numbers"))
    text = " ".join(page.text.split())
    assert "Adding numbers: 2 of 5 points" in text
    assert "1 of 2 tasks are right. Go on with this one: It doubles." in text
    assert "Expected 4; found 3. Multiply by 2." in text
    assert ("aria-label", "right") in page.attributes
    assert ("aria-label", "not yet") in page.attributes


def test_a_hidden_checks_failure_shows_its_sentence_once_and_nothing_else():
    check = CheckResult("adds", "It adds.", "failed", 0.0, 2.0, "It also adds negative numbers.")
    text = Page(feedback_page(result(checks=(check,), cells=(CellOutcome("adds", "graded", "", 2),)))).text
    assert text.count("It also adds negative numbers.") == 1


def test_all_points_are_praised_and_a_rejected_page_says_what_to_do():
    check = CheckResult("adds", "It adds.", "passed", 2.0, 2.0)
    assert "Everything is right. Well done!" in feedback_page(result(checks=(check,), score=2, max_score=2))
    page = feedback_page(result(status="rejected", score=0, message="The notebook is an empty file."))
    assert "Could not be graded" in page
    assert "The notebook is an empty file." in page


@pytest.mark.parametrize(
    ("text", "words"), [("YOUR ANSWER HERE", "There is no answer here."), ("x", "A person will read")]
)
def test_only_an_answer_that_was_given_waits_for_a_person(text, words):
    page = Page(feedback_page(result(cells=(CellOutcome("thoughts", "text", text, 5),))))
    assert words in page.text


def test_feedback_paths_stay_inside_the_folder(tmp_path):
    for student in ("..", "../..", "/etc", "a/b", "a\0b", ".hidden", "con"):
        path = feedback_path(tmp_path, result(student))
        assert path.resolve().is_relative_to((tmp_path / "feedback").resolve())
        assert len(path.relative_to(tmp_path).parts) == 4


def test_terminal_commands_and_the_history_of_progress_bars_are_left_out():
    assert inert_text("\x1b[1;31mred\x1b[0m \x1b]0;title\x07x") == "red x"
    assert inert_text(" 10%\r 50%\r100%\nend") == "100%\nend"
    assert inert_text("a\x08\x00b\u202ec") == "abc"


def test_long_output_is_cut_with_a_word_about_it():
    assert inert_text("x" * (MAX_TEXT + 5)).endswith("[5 more characters]")
    assert len(inert_parts([{"output_type": "stream", "text": "x"}] * 500)) == 51


def test_pictures_are_encoded_anew_without_their_passengers():
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "<script>alert(1)</script>")
    (made,) = inert_parts([{"output_type": "display_data", "data": {"image/png": picture(pnginfo=info)}}])
    assert isinstance(made, Picture)
    assert (made.width, made.height) == (4, 3)
    assert b"script" not in made.png


@pytest.mark.parametrize("data", ["", "not base64!", base64.b64encode(b"GIF89a").decode(), picture()[:40], 5, {"a": 1}])
def test_what_is_no_picture_falls_back_to_its_text(data):
    assert inert_parts([{"output_type": "display_data", "data": {"image/png": data, "text/plain": "<Figure>"}}]) == [
        Text("<Figure>")
    ]


def test_a_picture_that_has_too_many_pixels_is_not_unpacked():
    file = io.BytesIO()
    Image.new("1", (5_000, 4_000)).save(file, "PNG")
    data = base64.b64encode(file.getvalue()).decode()
    output = {"output_type": "display_data", "data": {"image/png": data, "text/plain": "big"}}
    assert inert_parts([output]) == [Text("big")]


def broken_picture():
    """Return a PNG file on which Pillow raises what it promises nowhere: an empty colour profile after the pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0abcabc" * 2)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"iCCP", b"") + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunks).decode()


def test_a_picture_that_its_decoder_stumbles_over_is_left_out():
    data = {"image/png": broken_picture(), "text/plain": "odd"}
    assert inert_parts([{"output_type": "display_data", "data": data}]) == [Text("odd")]


def test_a_notebook_shows_a_limited_number_of_pictures():
    outputs = tuple({"output_type": "display_data", "data": {"image/png": picture()}} for _ in range(40))
    cells = inert_cells([CellOutcome(str(n), "learner", "draw()", outputs=outputs) for n in range(3)])
    kept = [output for cell in cells for output in cell.outputs]
    assert sum(output["output_type"] == "display_data" for output in kept) == NOTEBOOK_PICTURES
    assert "[more pictures were left out]" in kept[-1]["text"]


def test_what_cells_showed_is_the_same_after_it_was_made_inert_twice():
    outputs = (
        {"output_type": "stream", "name": "stderr", "text": "a\x1b[31mb"},
        {"output_type": "display_data", "data": {"image/png": picture(), "text/html": "<b>"}},
        {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["Trace", "ValueError: no"]},
    )
    once = inert_cells([CellOutcome("a", "learner", "x", outputs=outputs)])
    assert inert_cells(once) == once
    assert [output["output_type"] for output in once[0].outputs] == ["stream", "display_data", "error"]


@pytest.mark.parametrize("code", [" \n" * 24_500 + "x", "\n" * 49_000, "(" * 49_000, "    \n\n" * 5_000])
def test_code_that_takes_long_to_color_is_shown_all_the_same(code):
    cells = [CellOutcome(str(n), "learner", code) for n in range(20)]
    page = feedback_page(SubmissionResult("s", "01-tiny", "graded", cells=tuple(cells)))
    assert len(page) < 3_000_000
