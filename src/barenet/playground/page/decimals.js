// Fields of decimal numbers. They are text, as a browser's own field of numbers drops a decimal comma
// that its language does not have: 2,5 would become 25.

import { make } from "./dom.js";
import { localNumber, t } from "./language.js";

const DECIMAL = /^[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?$/i;

// The number that a text is, with a point or a comma, in wide letters too; NaN if it is none.
export function decimalOf(text) {
  const typed = text.normalize("NFKC").replace("−", "-").trim();
  if (!DECIMAL.test(typed)) return NaN;
  const value = Number(typed.replace(",", "."));
  return Number.isFinite(value) ? value : NaN;
}

// Mark a field whose text is no number, or take the mark away.
export function markDecimal(input, isWrong) {
  input.title = isWrong ? t`Not a number: type one such as 2.5.` : "";
  if (isWrong) input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

// Show a number in a field, in place of what was typed.
export function showDecimal(input, value) {
  input.value = localNumber(String(value));
  input.setAttribute("aria-valuenow", value);
  markDecimal(input, false);
}

// A field in which the arrow keys add and subtract 1; `take(value)`, null where no number is typed:
// the field then shows its old one, and is marked unless it was empty.
export function decimalField(label, take, { least, most }) {
  const input = make("input", {
    type: "text",
    inputMode: "text", // the keyboard for decimals has no minus on some phones
    autocomplete: "off",
    className: "decimal",
    role: "spinbutton",
    "aria-label": label,
    "aria-valuemin": least,
    "aria-valuemax": most,
  });
  const bounded = (value) => Math.min(most, Math.max(least, value));
  input.addEventListener("change", () => {
    const isEmpty = input.value.trim() === "";
    const value = decimalOf(input.value);
    const isRead = !Number.isNaN(value);
    take(isRead ? bounded(value) : null);
    markDecimal(input, !isRead && !isEmpty);
  });
  input.addEventListener("keydown", (event) => {
    const { key, altKey, ctrlKey, metaKey } = event;
    const isArrow = key === "ArrowUp" || key === "ArrowDown";
    const value = decimalOf(input.value);
    if (!isArrow || altKey || ctrlKey || metaKey || Number.isNaN(value)) return;
    event.preventDefault();
    const step = key === "ArrowUp" ? 1 : -1;
    const moved = bounded(Number((value + step).toPrecision(12))); // 0.1 + 1 is 1.1
    showDecimal(input, moved);
    take(moved);
  });
  return input;
}
