// The page for a projector, large and without settings: the browser remembers it, also after a reload.

import { recall, remember } from "./io/memory.js";

const KEY = "barenet: on a projector";

// `redraw` draws again what is not laid out by the browser.
export function connectProjector(button, redraw) {
  const page = document.documentElement;
  const show = (isOn) => {
    page.classList.toggle("projector", isOn);
    button.setAttribute("aria-pressed", isOn);
  };
  const isPartOfAnother = new URLSearchParams(location.search).has("embedded");
  show(recall(KEY) === "yes" && !isPartOfAnother);
  button.addEventListener("click", () => {
    const isOn = !page.classList.contains("projector");
    remember(KEY, isOn ? "yes" : "no");
    show(isOn);
    redraw();
  });
}
