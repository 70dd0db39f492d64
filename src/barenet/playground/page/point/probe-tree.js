// The answer for one point as a tree: each neuron unfolds into the terms of its sum.

import { ActivationCurve } from "../network/activation-curve.js";
import { make, percent, write } from "../dom.js";
import { Folds, put } from "../folds.js";
import { t } from "../language.js";
import { nameOfInput, neuronOf } from "../network/neurons.js";
import { equals, number } from "../network/step-words.js";

export class Tree {
  // `isCalm()`: whether the terms may be sorted.
  constructor(panel, isCalm) {
    Object.assign(this, {
      panel,
      isCalm,
      folds: new Folds(() => this.show(this.answer)),
      curves: new Map(),
    });
    this.verdict = make("p", { className: "verdict" });
    this.outputs = make("div");
    this.root = make("div", { className: "tree" }, this.verdict, this.outputs);
  }

  // `isNew`: the point is another one; then only the largest output is unfolded.
  show(answer, isNew = false) {
    this.answer = answer;
    const { outputs } = answer.layers.at(-1);
    const last = answer.layers.length - 1;
    const best = outputs.indexOf(Math.max(...outputs));
    write(this.verdict, verdict(this.panel.data, answer));
    put(
      this.outputs,
      outputs.map((_, index) => {
        const name = neuronOf(this.panel, last, index).output;
        const words = `${name} = ${this.value(last, index)}`;
        return this.neuron(`${index}`, last, index, words, index === best);
      }),
    );
    if (isNew && outputs.length > 1)
      [...this.outputs.children].forEach((line, index) => (line.open = index === best));
  }

  neuron(path, layer, index, words, open) {
    return this.folds.line(path, words, (body) => this.unfold(body, path, layer, index), open);
  }

  // A function of a sum: "tanh(1.3) = 0.86".
  value(layer, index) {
    const { settings } = this.panel;
    const { sums, outputs } = this.answer.layers[layer];
    const last = layer === this.answer.layers.length - 1;
    const activation = last ? this.answer.activation : settings.activations[layer];
    let words = number(sums[index]);
    if (activation === "identity") return words;
    if (activation === "softmax") words = `softmax(${words}, …)`;
    else words = `${activation}(${words})`;
    const isProbability = activation === "softmax" || activation === "sigmoid";
    return `${words}${equals(outputs[index], isProbability)}`;
  }

  // The terms of the sum, the largest first; the smaller ones are one term together.
  unfold(body, path, layer, index) {
    const { sums, bias, terms: largest } = this.answer.layers[layer];
    const terms = largest[index].map(([row, weight, input]) => {
      const name = layer ? inputName(this.panel, layer, row) : nameOfInput(this.panel, 0, row);
      const words = `${name}: ${product(weight, input)}`;
      const line = layer
        ? this.neuron(`${path}.${row}`, layer - 1, row, words)
        : this.folds.leaf(`${path}.${row}`, words);
      return { line, value: weight * input };
    });
    const rest = terms.reduce((left, { value }) => left - value, sums[index] - bias[index]);
    const others = this.panel.architecture.layout[layer].n_in - terms.length;
    const places = new Map([...body.children].map((line, place) => [line, place]));
    if (this.isCalm() || !places.size) terms.sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
    else
      terms.sort(
        (a, b) => (places.get(a.line) ?? places.size) - (places.get(b.line) ?? places.size),
      );
    let head = t`z = ${number(sums[index])} is the sum of:`;
    if (layer < this.answer.layers.length - 1)
      head = t`${this.value(layer, index)}, where z = ${number(sums[index])} is the sum of:`;
    const leaves = [this.folds.leaf(`${path} sum`, head)];
    leaves.push(...this.curve(path, layer, sums[index]));
    leaves.push(...terms.map(({ line }) => line));
    if (others > 0)
      leaves.push(this.folds.leaf(`${path} rest`, t`${others} others together: ${number(rest)}`));
    leaves.push(this.folds.leaf(`${path} bias`, `${t`bias`}: ${number(bias[index])}`));
    put(body, leaves);
  }

  // The activation of a hidden neuron at its sum.
  curve(path, layer, sum) {
    const { activations } = this.panel.settings;
    if (layer === this.answer.layers.length - 1) return [];
    if (!this.curves.has(path)) this.curves.set(path, new ActivationCurve());
    return [this.curves.get(path).show(activations[layer], sum)];
  }
}

// The weights of a neuron that are drawn, each with its input.
export function termsOf(answer, layer, index) {
  const inputs = layer ? answer.layers[layer - 1].outputs : answer.inputs;
  return answer.layers[layer].weights.map((weights, row) => ({
    input: inputs[row],
    weight: weights[index],
  }));
}

// The name of a drawn input: with its layer, if there are several.
export function inputName(panel, layer, row) {
  if (layer === 0) return nameOfInput(panel, 0, panel.data.drawn_inputs[row]);
  return panel.architecture.layout.length > 2
    ? t`layer ${layer}, neuron ${row + 1}`
    : t`neuron ${row + 1}`;
}

export const product = (weight, input) =>
  `${number(weight)} × ${number(input)} = ${number(weight * input)}`;

// The unit in the name of a column: "price (k$)".
export const unitOf = (name) => name.match(/ ?\(([^()]*)\)$/)?.[1] ?? "";

function verdict(data, { prediction, truth }) {
  const { classes, target, target_scaling: scaling } = data;
  const truly = truthWords(data, prediction[0], truth);
  const answer = t`The answer`;
  if (!classes) {
    const scaled = scaling === "none" ? "" : `; ${t`the network computes it as scaled:`}`;
    return `${answer}: ${target} = ${inUnits(prediction[0])}${truly}${scaled}`;
  }
  const probabilities = probabilitiesOf(prediction);
  const place = probabilities.indexOf(Math.max(...probabilities));
  const share = percent(probabilities[place]);
  return `${answer}: ${t`class ${classes[place]}, ${share}`}${truly}`;
}

// A number in the units of the target: a large one is written whole, without an exponent.
function inUnits(value, digits = 5) {
  if (Math.abs(value) < 1e5 || Math.abs(value) >= 1e15) return number(value, digits);
  return String(Math.round(value)).replace("-", "−");
}

// The probability of each class: a single output is that of the second of two, but softmax has an
// output for each, also for two.
function probabilitiesOf(prediction) {
  if (prediction.length === 1) return [1 - prediction[0], prediction[0]];
  return prediction;
}

// The true class or value of a point, if it has one, and how far the prediction is off.
function truthWords({ classes, target }, prediction, truth) {
  if (truth === undefined || truth === null) return "";
  if (classes) return `; ${t`in truth: ${classes[truth]}`}`;
  const off = prediction - truth;
  const size = [inUnits(Math.abs(off), 3), unitOf(target)].filter(Boolean).join(" ");
  const value = inUnits(truth);
  return off < 0
    ? `; ${t`in truth: ${value}, so that it is ${size} too low`}`
    : `; ${t`in truth: ${value}, so that it is ${size} too high`}`;
}
