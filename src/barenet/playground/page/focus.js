// The focus of the keyboard, where what has it is closed.

import { find } from "./dom.js";

// Whether the focus is on an element that is shown.
export function isFocusSeen() {
  const { activeElement } = document;
  return activeElement !== null && canReturnTo(activeElement);
}

// Give the focus back to the element that had it before, or to the networks if that is not shown.
export function returnFocus(element) {
  const place = element && canReturnTo(element) ? element : find("#networks");
  place.focus({ preventScroll: true });
}

const canReturnTo = (element) => element !== document.body && element.checkVisibility();
