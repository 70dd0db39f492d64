// Lines that unfold, by key: they stay open, and keep the focus, while their numbers change.

import { make, write } from "./dom.js";

export class Folds {
  constructor(onToggle) {
    this.onToggle = onToggle;
    this.kept = new Map();
  }

  // A line; `fill(body)` puts content below it while it is open.
  line(key, words, fill, open = false) {
    if (!this.kept.has(key)) {
      const root = make(
        "details",
        { className: "fold", open },
        make("summary"),
        make("div", { className: "fold-body" }),
      );
      root.addEventListener("toggle", this.onToggle);
      this.kept.set(key, root);
    }
    const root = this.kept.get(key);
    write(root.firstChild, words);
    if (root.open) fill(root.lastChild);
    return root;
  }

  // A line with nothing below it.
  leaf(key, words) {
    if (!this.kept.has(key)) this.kept.set(key, make("p", { className: "leaf" }));
    return write(this.kept.get(key), words);
  }
}

// Put children into an element, unless they are in it already.
export function put(element, children) {
  if (
    children.length !== element.children.length ||
    children.some((child, place) => child !== element.children[place])
  )
    element.replaceChildren(...children);
}
