// The formulas of a neuron with its own numbers: its sum, and its output.

import { rounded } from "../dom.js";
import { number, signBefore } from "./step-words.js";

const MAX_TERMS = 8;

// `about`: { last, inputs: names, terms: places of their weights, count }; `answer`: the server's view
// of the neuron.
export function formulas({ last, inputs, terms: rows, count }, { activation, weights, bias }) {
  const terms = rows.slice(0, MAX_TERMS).map((row) => [weights[row], ` · ${inputs[row]}`]);
  const shown = [...terms, [bias, ""]].map(([value, name], index) => {
    return `${signBefore(value, index)}${short(Math.abs(value ?? 0))}${name}`;
  });
  if (count > MAX_TERMS) shown.splice(-1, 0, " + …");
  const output = last ? "y" : "a";
  const lines = [`z = ${shown.join("")}`];
  if (activation === "identity") lines.push(`${output} = z`);
  else if (activation === "softmax") lines.push(`${output} = softmax(z, …)`);
  else lines.push(`${output} = ${activation}(z)`);
  return lines;
}

// A small number has more digits: it is not 0.
const short = (value) => (value && Math.abs(value) < 0.005 ? number(value) : rounded(value, 2));
