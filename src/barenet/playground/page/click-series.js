// Clicks that follow one another on Next press nothing else: a new step moves other controls to its
// place, and until the clicks pause, or the pointer moves, none of them is pressed.

import { onceDrawn } from "./dom.js";

export const TWO_CLICKS = 800; // milliseconds
const NEAR = 12; // pixels that a hand or a finger moves between two clicks
const PRESSES = ["pointerdown", "mousedown", "pointerup", "mouseup", "click"];

export class ClickSeries {
  constructor(buttons) {
    this.buttons = buttons;
    this.cancelDrawn = () => {};
    this.end();
    for (const type of PRESSES)
      document.addEventListener(type, (event) => this.follow(event), { capture: true });
  }

  end() {
    this.cancelDrawn();
    Object.assign(this, { place: null, until: 0, isDrawn: true });
  }

  renew() {
    if (this.place && this.isDrawn) this.until = performance.now() + TWO_CLICKS;
  }

  // The pause begins once what the clicks have changed is drawn: nobody clicks on what is not seen yet.
  renewOnceDrawn() {
    if (!this.place) return;
    this.cancelDrawn();
    Object.assign(this, { until: Infinity, isDrawn: false });
    this.cancelDrawn = onceDrawn(() => {
      this.isDrawn = true;
      this.renew();
    });
  }

  // A key that presses a button is a click without a pointer.
  follow(event) {
    const { type, target, detail } = event;
    if (type === "click" && detail === 0) return;
    if (this.buttons.contains(target)) {
      if (type === "pointerdown") this.place = event;
      this.renew();
    } else if (this.continues(event)) {
      event.preventDefault(); // a list does not unfold
      event.stopPropagation();
      this.renew();
    } else if (type === "pointerdown") this.end();
  }

  continues({ clientX, clientY }) {
    if (!this.place || performance.now() > this.until) return false;
    return Math.hypot(clientX - this.place.clientX, clientY - this.place.clientY) <= NEAR;
  }
}
