"""Quizzes as authors write them."""

from __future__ import annotations

import pytest

from tests.site.tools import extension

quiz = extension().quiz

GOOD = """
? How many legs
  has a spider?
- Six.
  > That is an insect.
+ Eight.
  > Spiders and their
  kin have eight.
"""


def test_reads_question_answers_and_explanations():
    (question,) = quiz.parse(GOOD)
    assert question.text == "How many legs has a spider?"
    assert [answer.right for answer in question.answers] == [False, True]
    assert question.answers[1].explanation == "Spiders and their kin have eight."


def test_reads_several_questions_in_order():
    questions = quiz.parse(GOOD + "? Second?\n+ yes\n> it is\n- no\n> it is not\n")
    assert [question.text for question in questions] == ["How many legs has a spider?", "Second?"]


def test_marks_inside_a_line_are_text():
    (question,) = quiz.parse("? Is 2 - 1 > 0?\n+ yes + always\n> 1 > 0\n- no\n> wrong\n")
    assert question.text == "Is 2 - 1 > 0?"
    assert question.answers[0].text == "yes + always"
    assert question.answers[0].explanation == "1 > 0"


def test_a_number_with_a_sign_is_no_mark():
    (question,) = quiz.parse("? What is 1 - 2?\n+ it is\n-1\n> right\n- 1\n> wrong\n")
    assert question.answers[0].text == "it is -1"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "starts with a question"),
        ("some text", "not with 'some text'"),
        ("- answer\n> why", "starts with a question"),
        ("? q\n- a\n> why\n- b\n> why", "one right answer"),
        ("? q\n+ a\n> why\n+ b\n> why", "one right answer"),
        ("? q\n+ a\n> why", "a wrong one"),
        ("? q\n+ a\n- b\n> why", "needs one explanation"),
        ("? q\n+ a\n> why\n- b", "needs one explanation"),
        ("? q\n+ a\n> why\n> again\n- b\n> why", "needs one explanation"),
        ("? q", "one right answer"),
    ],
)
def test_says_what_is_wrong_with_a_quiz(text, complaint):
    with pytest.raises(ValueError, match=complaint):
        quiz.parse(text)


def test_names_the_question_that_is_wrong():
    with pytest.raises(ValueError, match="Which one"):
        quiz.parse(GOOD + "? Which one?\n- a\n> why\n- b\n> why\n")
