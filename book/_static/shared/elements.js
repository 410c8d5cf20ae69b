/* Small helpers that make elements. What readers type is only ever set as text, never as markup. */

const SVG = "http://www.w3.org/2000/svg";

function set(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/* Make an element: make("p", {class: "answer"}, "text", otherElement). */
export function make(name, attributes = {}, ...children) {
  return set(document.createElement(name), attributes, children);
}

/* The same for parts of a drawing. */
export function shape(name, attributes = {}, ...children) {
  return set(document.createElementNS(SVG, name), attributes, children);
}

/* A button that calls `action`; what goes wrong in it is told by `complain`. */
export function button(text, action, complain, attributes = {}) {
  const made = make("button", { type: "button", class: "live-button", ...attributes }, text);
  made.addEventListener("click", async () => {
    try {
      await action(made);
    } catch (error) {
      complain(error);
    }
  });
  return made;
}

/* A line that screen readers speak when it changes, and a second one for what went wrong. */
export function messages() {
  const said = make("p", { class: "live-said", role: "status", "aria-live": "polite" });
  const problem = make("p", { class: "live-problem", role: "alert" });
  return {
    elements: [said, problem],
    say: (text) => {
      problem.textContent = "";
      said.textContent = text;
    },
    complain: (error) => {
      problem.textContent = error.message;
    },
  };
}

/* Take away the sentence that stands in a box as long as no script has started. */
export function started(box) {
  box.querySelector(".live-waiting")?.remove();
}
