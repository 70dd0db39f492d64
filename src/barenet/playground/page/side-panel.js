// The panel at the side of the page: it is not modal, so the network stays in view and in use.

import { find, make } from "./dom.js";

export class SidePanel {
  constructor(root) {
    this.root = root;
    this.heading = make("h2", { id: "side-title" });
    this.body = make("div", { className: "side-body" });
    const close = make("button", { className: "text close", type: "button" }, "Close");
    close.addEventListener("click", () => this.close());
    root.replaceChildren(close, this.heading, this.body);
    root.addEventListener("keydown", ({ key }) => key === "Escape" && this.close());
  }

  // Show an element; whatever was shown before is closed.
  open(title, content, onClose = () => {}) {
    if (this.content !== content) this.close();
    Object.assign(this, { content, onClose });
    this.heading.textContent = title;
    this.body.replaceChildren(content);
    this.root.hidden = false;
    document.body.classList.add("with-side");
  }

  shows(content) {
    return !this.root.hidden && this.content === content;
  }

  close() {
    if (this.root.hidden) return;
    this.root.hidden = true;
    document.body.classList.remove("with-side");
    this.onClose();
    find("#networks").focus({ preventScroll: true });
  }
}
