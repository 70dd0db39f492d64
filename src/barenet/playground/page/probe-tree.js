// The answer for one point as a tree: each neuron unfolds into the terms of its sum.

import { make, percent } from "./dom.js";
import { Folds, put, write } from "./folds.js";
import { number } from "./step-words.js";

export class Tree {
  // `isCalm()`: whether the terms may be sorted.
  constructor(panel, isCalm) {
    Object.assign(this, { panel, isCalm, folds: new Folds(() => this.show()) });
    this.verdict = make("p", { className: "verdict" });
    this.outputs = make("div");
    this.root = make("div", { className: "tree" }, this.verdict, this.outputs);
  }

  show(answer = this.answer) {
    this.answer = answer;
    const { sums, outputs } = answer.layers.at(-1);
    const best = outputs.indexOf(Math.max(...outputs));
    write(this.verdict, verdict(this.panel.data, answer, best));
    const last = answer.layers.length - 1;
    put(this.outputs, sums.map((_, index) => {
      const name = this.panel.neuron(last, index).name.replace(/^Output /, "");
      return this.neuron(`${index}`, last, index, `${name} = ${this.value(last, index)}`, sums.length === 1 || index === best);
    }));
  }

  neuron(path, layer, index, words, open) {
    return this.folds.line(path, words, (body) => this.unfold(body, path, layer, index), open);
  }

  // A function of a sum: "tanh(1.3) = 0.86".
  value(layer, index) {
    const { settings } = this.panel;
    const { sums, outputs } = this.answer.layers[layer];
    const last = layer === this.answer.layers.length - 1;
    const normed = settings.batch_norm && !last;
    const activation = last ? this.answer.activation : settings.activations[layer];
    const z = normed ? `batch norm(${number(sums[index])})` : number(sums[index]);
    if (activation === "identity") return normed ? `${z} = ${number(outputs[index])}` : z;
    return `${activation}(${z}${activation === "softmax" ? ", …" : ""}) = ${number(outputs[index])}`;
  }

  // The terms of the sum, the largest first; those that are not drawn are one term together.
  unfold(body, path, layer, index) {
    const { sums, weights, bias } = this.answer.layers[layer];
    const terms = inputsOf(this.answer, layer).map((input, row) => ({ row, input, weight: weights[row][index], size: Math.abs(weights[row][index] * input) }));
    const formula = this.folds.leaf(`${path} sum`, `${layer === this.answer.layers.length - 1 ? "" : `${this.value(layer, index)}, where `}z = ${number(sums[index])} is the sum of:`);
    const lines = terms.map(({ row, input, weight, size }) => {
      const words = `${inputName(this.panel, layer, row)}: ${product(weight, input)}`;
      const line = layer ? this.neuron(`${path}.${row}`, layer - 1, row, words) : this.folds.leaf(`${path}.${row}`, words);
      return { line, size };
    });
    const known = terms.reduce((sum, { weight, input }) => sum + weight * input, bias[index]);
    const others = this.panel.facts.layout[layer].n_in - terms.length;
    if (this.isCalm() || !body.children.length) lines.sort((a, b) => b.size - a.size);
    else lines.sort((a, b) => [...body.children].indexOf(a.line) - [...body.children].indexOf(b.line));
    const rest = others > 0 ? [this.folds.leaf(`${path} rest`, `${others} others together: ${number(sums[index] - known)}`)] : [];
    put(body, [formula, ...lines.map(({ line }) => line), ...rest, this.folds.leaf(`${path} bias`, `bias: ${number(bias[index])}`)]);
  }
}

// The inputs of a layer that are drawn.
export const inputsOf = (answer, layer) => (layer ? answer.layers[layer - 1].outputs : answer.inputs);

// The name of a drawn input: with its layer, if there are several.
export function inputName(panel, layer, row) {
  if (layer === 0) return panel.inputName(0, panel.data.drawn_inputs[row]);
  return panel.facts.layout.length > 2 ? `layer ${layer}, neuron ${row + 1}` : `neuron ${row + 1}`;
}

export const product = (weight, input) => `${number(weight)} × ${number(input)} = ${number(weight * input)}`;

function verdict({ classes, target, outputs }, { prediction }, best) {
  if (classes?.length === 2) {
    const second = prediction[0] >= 0.5;
    return `The answer: class ${classes[Number(second)]}, ${percent(second ? prediction[0] : 1 - prediction[0])}`;
  }
  if (classes) return `The answer: class ${classes[best]}, ${percent(prediction[best])}`;
  return `The answer: ${prediction.map((value, place) => `${outputs[place] ?? target} = ${number(value)}`).join(", ")}`;
}
