/* The confusion matrix as a table whose cells can be chosen, with recall and precision at its edges. */

import { markInText } from "../shared/plot.js";
import { make } from "../shared/elements.js";

/* A share in a cell at the edge. */
function percentage(value) {
  return value === null ? ["–"] : [(100 * value).toFixed(0), make("span", { class: "predictions-unit" }, " %")];
}

/* What a cell holds, in words. */
export function cellInWords(names, row, column) {
  if (column === names.length) return `${names[row]} rejected`;
  return row === column ? `${names[row]} recognized` : `${names[row]} taken for ${names[column]}`;
}

/* choose(row, column) is called for a cell that is chosen. Returns {element, show}. */
export function matrix(names, choose) {
  const columns = [...names, "I don't know"];
  const head = columns.map((name, column) => make("th", { scope: "col" }, make("span", { class: "predictions-upright" }, ...(column < names.length ? [markInText(column), ` ${name}`] : [name]))));
  const cells = names.map((_, row) => columns.map((__, column) => {
    const kind = column === names.length ? "rejected" : row === column ? "right" : "wrong";
    const button = make("button", { type: "button", class: `predictions-cell predictions-${kind}` });
    button.addEventListener("click", () => choose(row, column));
    return button;
  }));
  const edge = () => names.map(() => make("td", { class: "predictions-edge" }));
  const [recall, precision] = [edge(), edge()];
  const rows = names.map((name, row) => make("tr", {},
    make("th", { scope: "row" }, markInText(row), ` ${name}`), ...cells[row].map((button) => make("td", {}, button)), recall[row]));
  const table = make("table", { class: "predictions-matrix" },
    make("caption", {}, "Rows: true classes. Columns: answers. Recall and precision are in percent. Choose a cell to see its pictures."),
    make("thead", {}, make("tr", {}, make("td"), ...head, make("th", { scope: "col" }, make("span", { class: "predictions-upright" }, "recall")))),
    make("tbody", {}, ...rows),
    make("tfoot", {}, make("tr", {}, make("th", { scope: "row" }, "precision"), ...precision, make("td"), make("td"))));
  const element = make("div", { class: "predictions-scroll", tabindex: "0", role: "region", "aria-label": "Confusion matrix" }, table);
  const show = (judged, chosen) => {
    const most = Math.max(1, ...judged.counts.flat());
    cells.forEach((line, row) => line.forEach((button, column) => {
      const count = judged.counts[row][column];
      button.textContent = String(count);
      button.disabled = count === 0;
      button.style.setProperty("--share", `${Math.round((26 * count) / most)}%`);
      button.setAttribute("aria-label", `${cellInWords(names, row, column)}: ${count}`);
      button.setAttribute("aria-pressed", String(row === chosen?.[0] && column === chosen?.[1]));
    }));
    recall.forEach((cell, row) => cell.replaceChildren(...percentage(judged.recall[row])));
    precision.forEach((cell, column) => cell.replaceChildren(...percentage(judged.precision[column])));
  };
  return { element, show };
}
