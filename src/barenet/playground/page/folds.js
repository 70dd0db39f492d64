// Lines that unfold, by key: they stay open, and keep the focus, while their numbers change.

import { make } from "./dom.js";

export class Folds {
  constructor(onToggle) {
    this.onToggle = onToggle;
    this.kept = new Map();
  }

  // A line; `fill(body)` puts content below it while it is open.
  line(key, words, fill, open = false) {
    if (!this.kept.has(key)) {
      const [line, body] = [make("span"), make("div", { className: "fold-body" })];
      const root = make("details", { className: "fold", open }, make("summary", {}, line), body);
      root.addEventListener("toggle", () => this.onToggle());
      this.kept.set(key, { root, line, body });
    }
    const { root, line, body } = this.kept.get(key);
    write(line, words);
    if (root.open) fill(body);
    return root;
  }

  // A line with nothing below it.
  leaf(key, words) {
    if (!this.kept.has(key)) this.kept.set(key, make("p", { className: "leaf" }));
    write(this.kept.get(key), words);
    return this.kept.get(key);
  }
}

export function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

// Put children into an element, unless they are in it already.
export function put(element, children) {
  const same = children.length === element.children.length && children.every((child, place) => child === element.children[place]);
  if (!same) element.replaceChildren(...children);
}
