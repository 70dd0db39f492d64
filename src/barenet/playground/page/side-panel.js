// The panel at the side of the page: it is not modal, so the network stays in view and in use.

import { button, make } from "./dom.js";
import { isFocusSeen, returnFocus } from "./focus.js";
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

  // Show an element; whatever was shown before is closed. `takesFocus`: false where a state opens the
  // panel, and not the user.
  open(title, content, onClose = () => {}, takesFocus = true) {
    const from = this.root.contains(document.activeElement) ? this.from : document.activeElement;
    if (this.content !== content) this.close();
    Object.assign(this, { content, onClose, from });
    this.heading.textContent = title;
    this.body.replaceChildren(content);
    this.root.hidden = false;
    document.body.classList.add("with-side");
    this.root.scrollTop = 0;
    if (takesFocus) this.root.focus({ preventScroll: true });
    if (getComputedStyle(this.root).position === "fixed") from.closest(".stage")?.scrollIntoView(); // seen above the sheet
  }

  shows(content) {
    return !this.root.hidden && this.content === content;
  }

  // The focus returns if it was within the panel, or is on nothing: a state that closes the panel
  // takes it from no button.
  close() {
    if (this.root.hidden) return;
    const wasInside = this.root.contains(document.activeElement);
    this.root.hidden = true;
    document.body.classList.remove("with-side");
    this.onClose();
    if (!wasInside && isFocusSeen()) return;
    returnFocus(this.from);
  }
}
