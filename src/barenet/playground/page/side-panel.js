// The panel at the side of the page: it is not modal, so the network stays in view and in use.

import { button, find, make } from "./dom.js";
import { t } from "./language.js";

export class SidePanel {
  constructor(root) {
    this.root = root;
    this.heading = make("h2", { id: "side-title" });
    this.body = make("div", { className: "side-body" });
    root.replaceChildren(
      button(t`Close`, () => this.close(), { className: "text close" }),
      this.heading,
      this.body,
    );
    document.addEventListener("keydown", ({ key, target }) => {
      if (key === "Escape" && !target.closest("dialog, select")) this.close();
    });
  }

  // Show an element; whatever was shown before is closed. The focus returns to where it was.
  open(title, content, onClose = () => {}) {
    const from = this.root.contains(document.activeElement) ? this.from : document.activeElement;
    if (this.content !== content) this.close();
    Object.assign(this, { content, onClose, from });
    this.heading.textContent = title;
    this.body.replaceChildren(content);
    this.root.hidden = false;
    document.body.classList.add("with-side");
    this.root.scrollTop = 0;
    this.root.focus({ preventScroll: true });
    if (getComputedStyle(this.root).position === "fixed") from.closest(".stage")?.scrollIntoView(); // seen above the sheet
  }

  shows(content) {
    return !this.root.hidden && this.content === content;
  }

  close() {
    if (this.root.hidden) return;
    this.root.hidden = true;
    document.body.classList.remove("with-side");
    this.onClose();
    const place =
      this.from?.isConnected && this.from !== document.body ? this.from : find("#networks");
    place.focus({ preventScroll: true });
  }
}
