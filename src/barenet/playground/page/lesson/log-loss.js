// The picture of −log p in a lesson: what a probability p of the true class costs.

import { writeTicks } from "../data/plane-axes.js";
import { make, shareAt, write } from "../dom.js";
import { localNumber, t } from "../language.js";
import { number } from "../network/step-words.js";

const LEAST = 0.02; // the smallest probability that is drawn
const START = 0.6;
const STEPS = 100;
const HEIGHT = 4; // of the picture, in units of the loss

const cost = (probability) => Math.max(0, -Math.log(probability)); // not −0
const place = (probability) => [100 * probability, 100 - (100 * cost(probability)) / HEIGHT];

export function logLoss() {
  const picture = shape("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none" });
  picture.setAttribute("aria-hidden", true);
  const probabilities = Array.from({ length: STEPS + 1 }, (_, step) => {
    return LEAST + ((1 - LEAST) * step) / STEPS;
  });
  picture.append(
    shape("path", { class: "zero", d: "M0 0V100H100" }),
    shape("polyline", { class: "bend", points: probabilities.map(place).join(" ") }),
  );
  const dot = make("span", { className: "dot" });
  const drawn = make("div", { className: "drawn" }, picture, dot);
  const plot = make("div", { className: "plot" }, drawn);
  writeTicks(plot, ["p", "−log p"], [0, 0], [1, HEIGHT]);
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
    const [x, y] = place(probability);
    Object.assign(dot.style, { left: `${x}%`, top: `${y}%` });
    write(
      words,
      `p = ${localNumber(probability.toFixed(2))}, −log p = ${number(cost(probability), 2)}`,
    );
  };
  const drag = (event) => {
    if (event.buttons === 0) return;
    [slider.value] = shareAt(event, drawn);
    show();
  };
  drawn.addEventListener("pointerdown", (event) => {
    drawn.setPointerCapture(event.pointerId);
    drag(event);
  });
  drawn.addEventListener("pointermove", drag);
  slider.addEventListener("input", show);
  show();
  return make("div", { className: "log-loss" }, plot, slider, words);
}

function shape(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
