// Small helpers for elements. Text is always set as text: no name of a file or column is ever HTML.

import { localNumber } from "./language.js";

export const find = (selector, root = document) => root.querySelector(selector);
export const findAll = (selector, root = document) => [...root.querySelectorAll(selector)];

// The elements of some names, each by its selector.
export function parts(root, selectors) {
  return Object.fromEntries(
    Object.entries(selectors).map(([name, selector]) => [name, find(selector, root)]),
  );
}

// Connect the buttons of a part of the page to their actions.
export function connect(root, acts) {
  for (const [name, act] of Object.entries(acts))
    find(`[data-action=${name}]`, root).addEventListener("click", act);
}

// No line begins with the % of a number.
const unbroken = (words) =>
  typeof words === "string" ? words.replaceAll(/(\d) %/g, "$1\u00a0%") : words;

// Call a function after the next frame is painted. It returns a function that cancels the call.
export function onceDrawn(act) {
  let frame = requestAnimationFrame(() => {
    frame = requestAnimationFrame(act);
  });
  return () => cancelAnimationFrame(frame);
}

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("aria-") || name === "role" || name === "for")
      element.setAttribute(name, value);
    else if (name === "data") Object.assign(element.dataset, value);
    else element[name] = value;
  }
  element.append(...children.map(unbroken));
  return element;
}

export function button(words, act, properties = {}) {
  const made = make(
    "button",
    { className: "text", type: "button", ...properties },
    ...[words].flat(),
  );
  made.addEventListener("click", act);
  return made;
}

// A table of text; the first cell of each row is its name.
export function table(head, rows, className = "") {
  const lines = rows.map(([name, ...cells]) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, name),
      ...cells.map((cell) => make("td", {}, cell)),
    ),
  );
  return make(
    "table",
    { className },
    make(
      "tbody",
      {},
      make("tr", {}, ...head.map((name) => make("th", { scope: "col" }, name))),
      ...lines,
    ),
  );
}

// Set a text, unless it is there already: what is selected or read aloud stays.
export function write(element, words) {
  if (element.textContent !== unbroken(words)) element.textContent = unbroken(words);
  return element;
}

// The size of the page's letters, as a multiple of the usual one, which a projector and a reader's
// own settings change.
export function letterScale() {
  return parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
}

// The place of the pointer in an element: shares of its width and height, from the top left.
export function shareAt({ clientX, clientY }, element) {
  const { left, top, width, height } = element.getBoundingClientRect();
  return [(clientX - left) / width, (clientY - top) / height];
}

// Show a tip beside the pointer; without an event the pointer rests, and the text alone changes.
export function showTip(text, event) {
  const tip = find("#tip");
  Object.assign(tip, { hidden: !text, textContent: text });
  if (text && event)
    Object.assign(tip.style, {
      left: `${Math.min(event.clientX + 12, innerWidth - 240)}px`,
      top: `${event.clientY + 14}px`,
    });
}

// A click selects a number, so that digits replace it; the next click, before a change, sets the caret.
export function selectNumbers() {
  let inUse = null;
  for (const end of ["change", "focusout"]) document.addEventListener(end, () => (inUse = null));
  document.addEventListener("click", ({ target }) => {
    // after the release, which sets a caret
    const isNumber = target.type === "number" || target.matches?.("input.decimal");
    if (isNumber && target !== inUse) target.select();
    inUse = target;
  });
}

export function fillSelect(select, entries) {
  select.replaceChildren(...entries.map(([value, label]) => new Option(label, value)));
}

// Show a value in a control, adding it to a list that does not have it; not while it is in use.
export function show(control, value) {
  if (control.type === "checkbox") {
    control.checked = value;
  } else if (control.tagName === "SELECT") {
    const text = String(value);
    const options = [...control.options];
    // A number takes its place among numbers; a name comes last.
    if (!options.some((option) => option.value === text)) {
      const added = new Option(typeof value === "number" ? localNumber(text) : text, text);
      const next = options.find((option) => Number(option.value) > value);
      if (next)
        next.before(added); // which may be in a group
      else control.append(added);
    }
    control.value = text;
  } else if (control !== document.activeElement) {
    const isDecimal = control.type === "text" && typeof value === "number";
    control.value = isDecimal ? localNumber(String(value)) : value;
  }
}

export function rounded(value, digits = 3) {
  if (value === null || value === undefined) return "—";
  const size = Math.abs(value);
  const odd = size > 0 && (size >= 1e5 || size < 1e-4);
  const whole = size >= 1 ? Math.floor(Math.log10(size)) : 0;
  const text = odd ? value.toExponential(1) : value.toFixed(Math.max(0, digits - whole));
  return localNumber(text.replaceAll("-", "−"));
}

export const percent = (value) =>
  value === null || value === undefined
    ? "—"
    : unbroken(`${localNumber((Math.round(1000 * value) / 10).toFixed(1))} %`);

export const counted = (number) => localNumber(number.toLocaleString("en"));
