/* Feedback for quizzes. The page holds every answer and explanation already (in <details>); this script shows the one
   that belongs to the chosen answer. Nothing is stored and nothing is sent. */
"use strict";

document.documentElement.classList.add("has-script");

function explanationOf(question, index) {
  return question.querySelectorAll(".quiz-explained li")[index];
}

function showScore(quiz) {
  const questions = [...quiz.querySelectorAll(".quiz-question")];
  const right = questions.filter((question) => question.dataset.result === "right").length;
  const answered = questions.filter((question) => question.dataset.result).length;
  let score = quiz.querySelector(".quiz-score");
  if (!score) {
    score = document.createElement("p");
    score.className = "quiz-score";
    score.setAttribute("role", "status");
    quiz.append(score);
  }
  score.textContent = `${right} of ${questions.length} right` + (answered < questions.length ? " so far." : ".");
}

function check(question) {
  const radios = [...question.querySelectorAll("input[type=radio]")];
  const chosen = radios.findIndex((radio) => radio.checked);
  const feedback = question.querySelector(".quiz-feedback");
  feedback.replaceChildren();
  if (chosen < 0) {
    delete question.dataset.result;
    feedback.textContent = "Choose an answer first.";
    return;
  }
  const right = radios[chosen].value === "right";
  question.dataset.result = right ? "right" : "wrong";
  const verdict = document.createElement("strong");
  verdict.textContent = right ? "✓ Right. " : "✗ Not quite. ";
  const why = explanationOf(question, chosen).querySelector(".quiz-why").cloneNode(true);
  feedback.append(verdict, why);
  showScore(question.closest(".quiz"));
}

function forget(question) {
  delete question.dataset.result;
  question.querySelector(".quiz-feedback").replaceChildren();
}

function prepareQuiz(quiz) {
  quiz.addEventListener("submit", (event) => event.preventDefault());
  for (const question of quiz.querySelectorAll(".quiz-question")) {
    question.querySelector(".quiz-check").addEventListener("click", () => check(question));
    question.addEventListener("change", () => forget(question));
    // Enter on a chosen answer checks it, as a form's default button would.
    question.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && event.target.matches("input[type=radio]")) {
        event.preventDefault();
        check(question);
      }
    });
  }
}

function openExplanations() {
  document.querySelectorAll(".quiz-explained").forEach((details) => { details.open = true; });
}

document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("form.quiz").forEach(prepareQuiz));
window.addEventListener("beforeprint", openExplanations);
