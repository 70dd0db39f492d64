// The axes of a picture of the plane: their names, and ticks with numbers.

import { find, findAll, make } from "../dom.js";
import { axisNames, sliceWords } from "./input-names.js";
import { localNumber } from "../language.js";

const TICKS = 5; // about as many on an axis
const LARGE = new Intl.NumberFormat("en", { notation: "compact" });

// Write the axes beside the canvas of a `.plot`, and above it which slice of the data it is.
export function writeAxes(plot, data) {
  const words = sliceWords(data);
  Object.assign(find(".slice", plot), { textContent: words, hidden: !words });
  writeTicks(plot, axisNames(data), data.low, data.high);
}

export function writeTicks(plot, names, low, high) {
  for (const each of findAll(".axis, .ticks", plot)) each.remove();
  ["x", "y"].forEach((side, axis) => {
    const ticks = ticksBetween(low[axis], high[axis]).map(({ share, text }) => {
      const tick = make("span", {}, text);
      tick.style.setProperty("--at", `${100 * share}%`);
      return tick;
    });
    plot.append(
      make("span", { className: `axis ${side}`, title: names[axis] }, names[axis]),
      make("span", { className: `ticks ${side}`, "aria-hidden": true }, ...ticks),
    );
  });
}

// Round numbers: { share of the way, text }.
export function ticksBetween(low, high) {
  const least = (high - low) / TICKS;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= least * 0.999);
  const first = Math.ceil(low / step);
  const count = Math.floor(high / step) - first + 1;
  if (!(count > 0)) return []; // also if it is no number
  return Array.from({ length: count }, (_, place) => {
    const value = +((first + place) * step).toPrecision(10);
    return { share: (value - low) / (high - low), text: written(value) };
  });
}

// Powers of ten, about as many, between whole exponents.
export function decadesBetween(low, high) {
  const step = Math.ceil((high - low) / TICKS);
  return Array.from({ length: Math.floor((high - low) / step) + 1 }, (_, place) => ({
    share: (place * step) / (high - low),
    text: written(+`1e${low + place * step}`),
  }));
}

function written(value) {
  const size = Math.abs(value);
  let text = String(value);
  if (size >= 1e15 || (size && size < 1e-3)) text = value.toExponential(0);
  else if (size >= 1e4) text = LARGE.format(value);
  return localNumber(text.replaceAll("-", "−"));
}
