// The picture of −log p in a lesson: what a probability p of the true class costs.

import { make, write } from "../dom.js";
import { localNumber, t } from "../language.js";
import { number } from "../network/step-words.js";

const LEAST = 0.02; // the smallest probability that is drawn
const START = 0.6;
const STEPS = 100;
const HEIGHT = 4; // of the picture, in units of the loss
const WIDTH = 6; // for probabilities from 0 to 1

const cost = (probability) => Math.max(0, -Math.log(probability)); // not −0
const place = (probability) => `${WIDTH * probability},${HEIGHT - cost(probability)}`;

export function logLoss() {
  const picture = shape("svg", { viewBox: `-0.2 -0.2 ${WIDTH + 0.4} ${HEIGHT + 0.4}` });
  picture.setAttribute("aria-hidden", true);
  const probabilities = Array.from({ length: STEPS + 1 }, (_, step) => {
    return LEAST + ((1 - LEAST) * step) / STEPS;
  });
  const mark = shape("circle", { r: 0.16 });
  picture.append(
    shape("path", { class: "zero", d: `M0 0V${HEIGHT}H${WIDTH}` }),
    shape("polyline", { class: "bend", points: probabilities.map(place).join(" ") }),
    mark,
  );
  const slider = make("input", {
    type: "range",
    min: LEAST,
    max: 1,
    step: 0.01,
    value: START,
    "aria-label": t`Probability p of the true colour`,
  });
  const words = make("output", {});
  const show = () => {
    const probability = Number(slider.value);
    const [x, y] = place(probability).split(",");
    mark.setAttribute("cx", x);
    mark.setAttribute("cy", y);
    write(
      words,
      `p = ${localNumber(probability.toFixed(2))}, −log p = ${number(cost(probability), 2)}`,
    );
  };
  slider.addEventListener("input", show);
  show();
  return make("div", { className: "log-loss" }, picture, slider, words);
}

function shape(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
