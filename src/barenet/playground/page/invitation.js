// Invitations: to play, then to click a neuron, each until it was done; the browser remembers it.

import { recall, remember } from "./io/memory.js";

const STEPS = ["play", "open"];

const key = (step) => `barenet: invited to ${step}`;

// Show the first invitation that was not accepted; in a lesson, nothing invites to play.
export function invite() {
  const next = STEPS.find((step) => recall(key(step)) === null);
  for (const step of STEPS) document.body.classList.toggle(`inviting-to-${step}`, step === next);
}

// After a neuron was opened, nobody is invited to play.
export function accept(step) {
  for (const done of STEPS.slice(0, STEPS.indexOf(step) + 1)) remember(key(done), "yes");
  invite();
}
