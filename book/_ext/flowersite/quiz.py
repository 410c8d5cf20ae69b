"""Quizzes in plain text.

    :::{quiz}
    ? Question, any inline markup
    - a wrong answer
      > why it is wrong
    + the right answer
      > why it is right
    :::

Lines that start with none of the four marks continue the one before. Each question needs one right answer, at least
one wrong one, and an explanation for each. The page shows real form controls; `_static/quiz.js` gives the feedback.
Without JavaScript, and in print, the answers stand in a `<details>` element.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

MARKS = {"?": "question", "-": "answer", "+": "answer", ">": "explanation"}


@dataclass(frozen=True)
class Answer:
    """One answer as written: its text, whether it is right, and why."""

    text: str
    right: bool
    explanation: str


@dataclass(frozen=True)
class Question:
    """One question with its answers in the order in which they are shown."""

    text: str
    answers: tuple[Answer, ...]


def _marked_lines(text: str) -> list[tuple[str, str]]:
    """Return (mark, text) pairs with continuation lines joined.

    Raises:
        ValueError: The text starts without a mark.
    """
    items: list[tuple[str, str]] = []
    for line in (line.strip() for line in text.splitlines()):
        if not line:
            continue
        if line[0] in MARKS and line[1:2] in (" ", ""):
            items.append((line[0], line[1:].strip()))
        elif items:
            mark, before = items[-1]
            items[-1] = (mark, f"{before} {line}")
        else:
            raise ValueError(f"a quiz starts with a question ('? ...'), not with {line!r}")
    return items


def _answers(items: list[tuple[str, str]]) -> tuple[Answer, ...]:
    """Pair answers with the explanations that follow them.

    Raises:
        ValueError: An answer has no explanation, or an explanation no answer.
    """
    if len(items) % 2:
        raise ValueError(f"every answer needs one explanation ('> ...'): see {items[-1][1]!r}")
    pairs = zip(items[::2], items[1::2], strict=True)
    answers = []
    for (mark, text), (explanation_mark, explanation) in pairs:
        if MARKS[mark] != "answer" or explanation_mark != ">":
            raise ValueError(f"every answer needs one explanation ('> ...'): see {text!r}")
        answers.append(Answer(text, mark == "+", explanation))
    return tuple(answers)


def parse(text: str) -> tuple[Question, ...]:
    """Read a quiz.

    Args:
        text: The directive's content.

    Returns:
        The questions in order, at least one.

    Raises:
        ValueError: The text breaks one of the rules above; the message names the question.
    """
    items = _marked_lines(text)
    starts = [index for index, (mark, _) in enumerate(items) if mark == "?"]
    if not starts or starts[0] != 0:
        raise ValueError("a quiz starts with a question ('? ...')")
    questions = []
    for start, stop in itertools.pairwise([*starts, len(items)]):
        answers = _answers(items[start + 1 : stop])
        if sum(answer.right for answer in answers) != 1 or len(answers) < 2:
            raise ValueError(f"a question needs one right answer and a wrong one: see {items[start][1]!r}")
        questions.append(Question(items[start][1], answers))
    return tuple(questions)


class quiz_node(nodes.General, nodes.Element):  # noqa: N801  (docutils names nodes so)
    """A whole quiz."""


class question_node(nodes.General, nodes.Element):  # noqa: N801
    """A question: has `ids` and `number`; its children are a legend, answers and details."""


class tag_node(nodes.General, nodes.TextElement):  # noqa: N801 - an element of text, so that links may stand in it
    """An HTML element `tag` with `attributes`; other writers see its children only."""


def _tag(tag: str, *children: nodes.Node, **attributes: str) -> tag_node:
    node = tag_node(
        "", tag=tag, html_attributes={key.rstrip("_").replace("_", "-"): v for key, v in attributes.items()}
    )
    node.extend(children)
    return node


class QuizDirective(SphinxDirective):
    """`{quiz}`: see the module's description."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Turn the questions into nodes; a mistake in the text is an error of the build, with its line."""
        try:
            questions = parse("\n".join(self.content))
        except ValueError as error:
            raise self.error(str(error)) from error
        serial = self.env.new_serialno("quiz")
        quiz = quiz_node("")
        for number, question in enumerate(questions, start=1):
            quiz += self._question(question, f"quiz-{serial}-{number}", number)
        return [quiz]

    def _inline(self, text: str) -> list[nodes.Node]:
        """Parse inline markup."""
        parsed, messages = self.state.inline_text(text, self.lineno)
        return [*parsed, *messages]

    def _question(self, question: Question, identifier: str, number: int) -> question_node:
        legend = _tag("legend", *self._inline(f"{number}. {question.text}"))
        controls = _tag("div", class_="quiz-answers")
        for index, answer in enumerate(question.answers):
            choice = f"{identifier}-{index}"
            radio = _tag("input", type="radio", name=identifier, id=choice, value="right" if answer.right else "wrong")
            controls += _tag("div", radio, _tag("label", *self._inline(answer.text), for_=choice), class_="quiz-answer")
        button = _tag("button", nodes.Text("Check"), type="button", class_="quiz-check")
        feedback = _tag("div", class_="quiz-feedback", role="status", aria_live="polite")
        return question_node("", legend, controls, button, feedback, self._explanations(question))

    def _explanations(self, question: Question) -> tag_node:
        rows = _tag("ul")
        for answer in question.answers:
            sign = "✓ Right: " if answer.right else "✗ Wrong: "
            said = _tag(
                "span", nodes.Text(sign), nodes.emphasis("", "", *self._inline(answer.text)), class_="quiz-said"
            )
            why = _tag("span", *self._inline(answer.explanation), class_="quiz-why")
            rows += _tag("li", said, nodes.Text(" "), why, class_="quiz-right" if answer.right else "quiz-wrong")
        return _tag("details", _tag("summary", nodes.Text("Answers, explained")), rows, class_="quiz-explained")


VOID = {"input"}


def _visit_tag(translator, node: tag_node) -> None:
    attributes = "".join(f' {key}="{translator.attval(value)}"' for key, value in node["html_attributes"].items())
    translator.body.append(f"<{node['tag']}{attributes}>")


def _depart_tag(translator, node: tag_node) -> None:
    if node["tag"] not in VOID:
        translator.body.append(f"</{node['tag']}>")


def _visit_quiz(translator, node: quiz_node) -> None:
    translator.body.append('<form class="quiz" action="#" autocomplete="off">')


def _depart_quiz(translator, node: quiz_node) -> None:
    translator.body.append("</form>\n")


def _visit_question(translator, node: question_node) -> None:
    translator.body.append('<fieldset class="quiz-question">')


def _depart_question(translator, node: question_node) -> None:
    translator.body.append("</fieldset>\n")


def _pass(translator, node: nodes.Node) -> None:
    """Other writers show the text of the children."""


def setup(app: Sphinx) -> None:
    """Register the directive and how its nodes are written."""
    app.add_directive("quiz", QuizDirective)
    plain = dict.fromkeys(("latex", "text", "man", "texinfo"), (_pass, _pass))
    app.add_node(quiz_node, html=(_visit_quiz, _depart_quiz), **plain)
    app.add_node(question_node, html=(_visit_question, _depart_question), **plain)
    app.add_node(tag_node, html=(_visit_tag, _depart_tag), **plain)
