// The curve of an activation, with its output and its slope at a sum.

import { ACTIVATIONS } from "./activations.js";
import { make, write } from "../dom.js";
import { t } from "../language.js";
import { number } from "./step-words.js";

const REACH = 3; // sums of either sign, at least
const STEPS = 120;
const NEAR = 1e-3; // of a sum, to measure a slope

export class ActivationCurve {
  constructor() {
    this.picture = shape("svg", { "aria-hidden": true });
    this.words = make("span", {});
    this.root = make("span", { className: "activation-curve" }, this.picture, this.words);
  }

  // `sum`: where output and slope are marked, and `hasWords`, also written. Return the element.
  show(name, sum = null, hasWords = false) {
    const activation = ACTIVATIONS[name];
    this.root.hidden = !activation;
    if (!activation) return this.root;
    const output = activation(sum ?? 0);
    const reach = 1.1 * Math.max(REACH, Math.abs(sum ?? 0), 2 * Math.abs(output));
    const places = Array.from({ length: STEPS + 1 }, (_, step) => reach * ((2 * step) / STEPS - 1));
    const marks = [];
    if (sum !== null) {
      const slope = (activation(sum + NEAR) - activation(sum - NEAR)) / (2 * NEAR);
      const ends = [sum - reach / 3, sum + reach / 3];
      marks.push(
        line("slope", ends, (z) => output + slope * (z - sum)),
        shape("circle", { cx: sum, cy: -output, r: reach / 18 }),
      );
    }
    this.picture.setAttribute("viewBox", [-reach, -reach / 2, 2 * reach, reach].join(" "));
    this.picture.replaceChildren(
      line("zero", [-reach, reach], () => 0),
      shape("path", { class: "zero", d: `M0 ${-reach}V${reach}` }),
      line("bend", places, activation),
      ...marks,
    );
    let words = "";
    if (hasWords) {
      const label = name === "identity" ? t`linear` : name;
      words = `${label}(${number(sum)}) = ${number(output)}`;
    }
    write(this.words, words);
    return this.root;
  }
}

const line = (name, places, height) =>
  shape("polyline", { class: name, points: places.map((z) => `${z},${-height(z)}`).join(" ") });

function shape(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
