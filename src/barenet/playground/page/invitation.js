// An invitation to click a neuron, until the first click; the browser remembers it.

import { recall, remember } from "./memory.js";

const KEY = "barenet: a neuron was opened";

export const invite = () => document.body.classList.toggle("inviting", recall(KEY) === null);

export function accept() {
  document.body.classList.remove("inviting");
  remember(KEY, "yes");
}
