// The terms of a pass, one after the other: forward to the answer, the error, each δ on its way back,
// each gradient and the update. The numbers are the server's; here they get their places and words.

import { counted } from "../dom.js";
import { subscript } from "../data/input-names.js";
import { t } from "../language.js";
import { lossName, number } from "../network/step-words.js";

export const CHAPTERS = {
  forward: t`Forward`,
  error: t`Error`,
  delta: t`δ backward`,
  gradient: t`Gradients`,
  update: t`Update`,
};

// A loss of one output y with the target t: its formula, and that of dL/dy, in letters and with numbers.
const LOSSES = {
  binary_cross_entropy: ({ y, t: isPositive }) =>
    isPositive
      ? { loss: "−ln y", filled: `−ln ${y}`, slope: "−1 ÷ y", slopeFilled: `−1 ÷ ${y}` }
      : {
          loss: "−ln(1 − y)",
          filled: `−ln(1 − ${y})`,
          slope: "1 ÷ (1 − y)",
          slopeFilled: `1 ÷ (1 − ${y})`,
        },
  categorical_cross_entropy: ({ y }) => ({
    loss: "−ln y",
    filled: `−ln ${y}`,
    slope: "−1 ÷ y",
    slopeFilled: `−1 ÷ ${y}`,
  }),
  squared_error: ({ y, target, isOnly }) => ({
    loss: isOnly ? "½ (y − t)²" : "½ Σ (y − t)²",
    filled: isOnly ? `½ (${y} − ${target})²` : t`over all outputs`,
    slope: "y − t",
    slopeFilled: `${y} − ${target}`,
  }),
  absolute_error: ({ y, target, isOnly }) => ({
    loss: isOnly ? "|y − t|" : "Σ |y − t|",
    filled: isOnly ? `|${y} − ${target}|` : t`over all outputs`,
    slope: "sign(y − t)",
    slopeFilled: `sign(${y} − ${target})`,
  }),
};

// The slope of an activation with the output a: its formula, in letters and with numbers.
const SLOPES = {
  sigmoid: (letter, a) => [`${letter} · (1 − ${letter})`, `${number(a)} · ${number(1 - a)}`],
  tanh: (letter, a) => [`1 − ${letter}²`, `1 − ${signed(a)}²`],
};

// `names`: input(row), letter(row), neuron(layer, index), full(layer, index) and title(layer, index). Returns the list of
// terms, each { chapter, layer, neuron, link, node, formula, from, to, words }: of the parts of its
// formula, those before `to` are shown, and those from `from` on are new.
export class PassTerms {
  constructor(answer, names) {
    Object.assign(this, { answer, names, terms: [], seen: new Map() });
    this.last = answer.layers.length - 1;
    this.addForward();
    if (!answer.target) return;
    this.addError();
    for (let layer = this.last; layer >= 0; layer--) this.addDeltas(layer);
    for (let layer = this.last; layer >= 0; layer--) this.addGradients(layer);
    if (!answer.steps) return;
    for (let layer = this.last; layer >= 0; layer--) this.addUpdates(layer);
  }

  // The values that enter a layer, and the letter of one of them.
  inputsOf(layer) {
    return layer ? this.answer.layers[layer - 1].outputs : this.answer.inputs;
  }

  letterOf(layer, row) {
    return layer ? `a${subscript(row + 1)}` : this.names.letter(row);
  }

  sourceOf(layer, row) {
    return layer ? this.names.neuron(layer - 1, row) : this.names.input(row);
  }

  // Add a term that shows the next parts of a formula, and note when a number is first seen.
  add(chapter, formula, parts, { words, link = null, node = null, seen = [], curve = null }) {
    const from = formula.parts.length;
    formula.parts.push(...parts);
    const index = this.terms.length;
    for (const key of seen) this.seen.set(key, index);
    this.terms.push({
      chapter,
      formula,
      from,
      to: formula.parts.length,
      words,
      link,
      node,
      curve,
    });
  }

  addForward() {
    this.answer.layers.forEach((values, layer) => {
      values.sums.forEach((_, index) => this.addSum(values, layer, index));
    });
  }

  addSum(values, layer, index) {
    const inputs = this.inputsOf(layer);
    const formula = { title: t`${this.names.title(layer, index)}: its sum`, parts: [] };
    const node = { column: layer + 1, place: index };
    values.weights.forEach((weights, row) => {
      const product = number(values.products[row][index]);
      const letter = this.letterOf(layer, row);
      this.add(
        "forward",
        formula,
        [
          {
            lead: row ? "" : "z =",
            joint: row ? "+" : "",
            symbol: `w${subscript(row + 1)} · ${letter}`,
            numbers: `${signed(weights[index], row)} · ${signed(inputs[row])}`,
            value: product,
          },
        ],
        {
          words: t`From ${this.sourceOf(layer, row)} comes ${number(inputs[row])}; times its weight, ${number(weights[index])}, that is ${product}.`,
          link: { layer, row, column: index },
          node,
          seen: [`product.${layer}.${row}.${index}`],
        },
      );
    });
    this.addOthers("forward", formula, values.others?.[index], values.n_others, node);
    const sum = number(values.sums[index]);
    this.add(
      "forward",
      formula,
      [
        { joint: "+", symbol: "b", numbers: signed(values.bias[index]) },
        { joint: "=", symbol: "z", numbers: sum, isResult: true },
      ],
      {
        words: t`The bias, ${number(values.bias[index])}, is added: the sum z is ${sum}.`,
        node,
        seen: [`z.${layer}.${index}`],
      },
    );
    this.addOutput(values, layer, index, formula, node);
  }

  addOutput(values, layer, index, formula, node) {
    const { activation } = values;
    const output = number(values.outputs[index]);
    const letter = layer === this.last ? "y" : "a";
    const name = activation === "identity" ? "" : activation;
    const rest = activation === "softmax" ? ", …" : "";
    const given = `${number(values.sums[index])}${rest}`;
    const filled = name ? `${name}(${given})` : given;
    let words = t`${name} of the sum is ${output}: the output.`;
    if (!name) words = t`There is no activation: the output is the sum, ${output}.`;
    if (activation === "softmax")
      words = t`softmax makes probabilities of the sums of all classes: here ${output}.`;
    this.add(
      "forward",
      formula,
      [
        {
          lead: `${letter} =`,
          breaks: true,
          symbol: name ? `${name}(z${rest})` : "z",
          numbers: filled,
        },
        { joint: "=", symbol: letter, numbers: output, isResult: true },
      ],
      {
        words: capitalized(words),
        node,
        seen: [`output.${layer}.${index}`],
        curve: { name: activation, sum: values.sums[index] },
      },
    );
  }

  // The terms of neurons that are not drawn.
  addOthers(chapter, formula, value, count, node) {
    if (value === undefined || value === null) return;
    const words = t`The ${counted(count)} that are not drawn add ${number(value)} together.`;
    const part = { joint: "+", symbol: t`${counted(count)} others`, numbers: signed(value) };
    this.add(chapter, formula, [part], { words, node });
  }

  // The loss, and its derivative by each output that has one.
  addError() {
    const { answer, last } = this;
    const { outputs } = answer.layers[last];
    const isOnly = outputs.length === 1;
    const counts = answer.output_gradient.map((slope) => slope !== 0);
    if (!counts.includes(true)) counts[isOnly ? 0 : answer.target.indexOf(1)] = true;
    let isFirst = true;
    outputs.forEach((output, index) => {
      if (!counts[index]) return;
      const target = answer.target[index];
      const y = number(output);
      const aim = number(target);
      const written = LOSSES[answer.loss_name]?.({ y, t: target, target: aim, isOnly });
      const node = { column: last + 1, place: index };
      const name = this.names.neuron(last, index);
      const formula = { title: t`The error of ${name}`, parts: [] };
      this.add("error", formula, [{ lead: "t =", symbol: t`target`, numbers: aim }], {
        words: t`The answer y is ${y}, and the target t is ${aim}.`,
        node,
        seen: [`target.${index}`],
      });
      if (isFirst) this.addLoss(formula, written, node);
      isFirst = false;
      const slope = number(answer.output_gradient[index]);
      const parts = [{ joint: "=", symbol: "dL/dy", numbers: slope, isResult: true }];
      if (written)
        parts.unshift({ joint: "", symbol: written.slope, numbers: written.slopeFilled });
      Object.assign(parts[0], { lead: "dL/dy =", breaks: true, joint: "" });
      const size = slope.replace("−", "");
      const falls = answer.output_gradient[index] < 0;
      this.add("error", formula, parts, {
        words: falls
          ? t`How steep is the loss here? It falls by ${size} for each unit that y grows.`
          : t`How steep is the loss here? It rises by ${size} for each unit that y grows.`,
        node,
      });
    });
  }

  addLoss(formula, written, node) {
    const { loss, loss_name: name } = this.answer;
    const value = number(loss);
    const parts = [{ joint: "=", symbol: "L", numbers: value, isResult: true }];
    if (written) parts.unshift({ symbol: written.loss, numbers: written.filled });
    Object.assign(parts[0], { lead: "L =", joint: "" });
    this.add("error", formula, parts, {
      words: t`The loss, ${lossName(name)}, is ${value}: the smaller, the better.`,
      node,
    });
  }

  addDeltas(layer) {
    const values = this.answer.layers[layer];
    values.deltas.forEach((_, index) => {
      const title = t`δ of ${this.names.full(layer, index)}: how the loss depends on its sum z`;
      const formula = { title, parts: [] };
      const node = { column: layer + 1, place: index };
      if (layer < this.last) this.addErrorsFrom(layer, index, formula, node);
      else if (values.back_terms) this.addMixed(values, index, formula, node);
      if (layer < this.last || !values.back_terms) this.addSlope(layer, index, formula, node);
      if (layer === this.last && this.answer.is_difference) this.addShortcut(index, formula, node);
    });
  }

  // What comes back to a hidden neuron: each δ of the next layer times the weight to it.
  addErrorsFrom(layer, index, formula, node) {
    const values = this.answer.layers[layer];
    const next = this.answer.layers[layer + 1];
    next.deltas.forEach((delta, column) => {
      const term = number(values.back_terms[index][column]);
      const weight = next.weights[index][column];
      const name = this.names.neuron(layer + 1, column);
      this.add(
        "delta",
        formula,
        [
          {
            lead: column ? "" : "dL/da =",
            joint: column ? "+" : "",
            symbol: `w · δ${subscript(column + 1)}`,
            numbers: `${signed(weight, column)} · ${signed(delta)}`,
            value: term,
          },
        ],
        {
          words: t`Back along the weight to ${name}: ${number(weight)} times its δ, ${number(delta)}, is ${term}.`,
          link: { layer: layer + 1, row: index, column, isBack: true },
          node,
          seen: [`back.${layer + 1}.${index}.${column}`],
        },
      );
    });
    const width = this.names.width(layer + 1);
    this.addOthers("delta", formula, values.back_others?.[index], width - next.deltas.length, node);
  }

  addSlope(layer, index, formula, node) {
    const values = this.answer.layers[layer];
    const isLast = layer === this.last;
    const error = number(values.errors[index]);
    const slope = number(values.slopes[index]);
    const delta = number(values.deltas[index]);
    const name = values.activation === "identity" ? t`z itself` : values.activation;
    let words = t`Times the slope of ${name} at z, ${slope}: δ is ${delta}.`;
    const written = SLOPES[values.activation];
    if (written) {
      const [formulaOfSlope, numbers] = written(isLast ? "y" : "a", values.outputs[index]);
      words = t`Times the slope of ${name} at z, ${formulaOfSlope} = ${numbers} ≈ ${slope}: δ is ${delta}.`;
    }
    this.add(
      "delta",
      formula,
      [
        {
          lead: "δ =",
          breaks: !isLast,
          symbol: isLast ? "dL/dy" : "dL/da",
          numbers: error,
        },
        { joint: "·", symbol: t`slope of ${name}`, numbers: signed(values.slopes[index]) },
        { joint: "=", symbol: "δ", numbers: delta, isResult: true },
      ],
      {
        words,
        node,
        seen: [`delta.${layer}.${index}`],
        curve: { name: values.activation, sum: values.sums[index] },
      },
    );
  }

  // Softmax: the sum of one class changes the outputs of all.
  addMixed(values, index, formula, node) {
    const { output_gradient: gradient } = this.answer;
    const columns = gradient.flatMap((slope, column) => (slope === 0 ? [] : [column]));
    const parts = columns.map((column, place) => ({
      lead: place ? "" : "δ =",
      joint: place ? "+" : "",
      symbol: `dL/dy${subscript(column + 1)} · dy${subscript(column + 1)}/dz`,
      numbers: `${signed(gradient[column], place)} · ${signed(values.slopes[index][column])}`,
      value: number(values.back_terms[index][column]),
    }));
    const others = values.back_others?.[index];
    if (others) {
      const count = this.names.width(this.last) - values.deltas.length;
      const symbol = t`${counted(count)} others`;
      parts.push({ joint: "+", symbol, numbers: signed(others) });
    }
    const delta = number(values.deltas[index]);
    parts.push({
      lead: parts.length ? "" : "δ =",
      joint: parts.length ? "=" : "",
      symbol: "δ",
      numbers: delta,
      isResult: true,
    });
    this.add("delta", formula, parts, {
      words: t`A change of this sum changes the probabilities that count: δ is ${delta}.`,
      node,
      seen: [`delta.${this.last}.${index}`],
    });
  }

  addShortcut(index, formula, node) {
    const { target, layers } = this.answer;
    const { outputs, deltas, activation } = layers[this.last];
    this.add(
      "delta",
      formula,
      [
        {
          lead: "δ =",
          breaks: true,
          symbol: t`answer − target`,
          numbers: `${number(outputs[index])} − ${signed(target[index])}`,
        },
        { joint: "=", symbol: "δ", numbers: number(deltas[index]), isResult: true },
      ],
      {
        words:
          activation === "identity"
            ? t`The same number, without detours: for half the squared error, δ is always the answer minus the target.`
            : t`The same number, without detours: for this loss after ${activation}, δ is always the answer minus the target.`,
        node,
      },
    );
  }

  addGradients(layer) {
    const values = this.answer.layers[layer];
    const inputs = this.inputsOf(layer);
    const shares = this.answer.steps?.[layer].shares;
    values.deltas.forEach((delta, index) => {
      inputs.slice(0, values.weights.length).forEach((input, row) =>
        this.addGradient(layer, index, row, {
          input,
          delta,
          gradient: values.gradients[row][index],
          share: shares?.weights[row][index],
        }),
      );
      const gradient = values.bias_gradients[index];
      this.addGradient(layer, index, null, { delta, gradient, share: shares?.bias[index] });
    });
  }

  // The gradient of a weight, or of the bias, whose input is 1.
  addGradient(layer, index, row, { input = 1, delta, gradient, share }) {
    const { rows } = this.answer;
    const isBias = row === null;
    const letter = isBias ? "b" : "w";
    const slope = `dL/d${letter}`;
    const result = number(gradient);
    const parts = [
      {
        lead: `${slope} =`,
        symbol: isBias ? "δ · 1" : `δ · ${this.letterOf(layer, row)}`,
        numbers: `${number(delta)} · ${signed(input)}`,
      },
      { joint: "=", symbol: slope, numbers: result, isResult: true },
    ];
    if (rows > 1 && share !== undefined)
      parts.push(
        {
          lead: `${t`share`} =`,
          breaks: true,
          symbol: `${slope} ÷ ${counted(rows)}`,
          numbers: `${result} ÷ ${counted(rows)}`,
        },
        { joint: "=", symbol: t`share`, numbers: number(share), isResult: true },
      );
    let words = t`The gradient of this weight is δ times its input: ${number(delta)} times ${number(input)} is ${result}.`;
    if (isBias) words = t`The input of a bias is 1: its gradient is δ itself, ${result}.`;
    this.add("gradient", { title: this.gradientTitle(layer, index, row), parts: [] }, parts, {
      words,
      link: isBias ? null : { layer, row, column: index },
      node: { column: layer + 1, place: index },
      seen: [`gradient.${layer}.${isBias ? "bias" : row}.${index}`],
    });
  }

  addUpdates(layer) {
    const values = this.answer.layers[layer];
    const { shares, after, changes } = this.answer.steps[layer];
    values.deltas.forEach((_, index) => {
      values.weights.forEach((weights, row) =>
        this.addUpdate(layer, index, row, {
          before: weights[index],
          share: shares.weights[row][index],
          change: changes.weights[row][index],
          after: after.weights[row][index],
        }),
      );
      this.addUpdate(layer, index, null, {
        before: values.bias[index],
        share: shares.bias[index],
        change: changes.bias[index],
        after: after.bias[index],
      });
    });
  }

  addUpdate(layer, index, row, { before, share, change, after }) {
    const { optimizer, learning_rate: rate, rows } = this.answer;
    const isBias = row === null;
    const letter = isBias ? "b" : "w";
    const gradient = rows > 1 ? t`share` : `dL/d${letter}`;
    let symbol = t`${letter} + step of ${optimizer}`;
    let numbers = `${number(before, 4)} + ${signed(change)}`;
    if (optimizer === "sgd") {
      symbol = t`${letter} − learning rate · ${gradient}`;
      numbers = `${number(before, 4)} − ${number(rate)} · ${signed(share)}`;
    }
    const result = number(after, 4);
    const parts = [
      { lead: `${letter} ←`, symbol, numbers },
      { joint: "=", symbol: t`new ${letter}`, numbers: result, isResult: true },
    ];
    const from = number(before, 4);
    let words = t`It stays: from ${from} to ${result}.`;
    if (change > 0) words = t`It grows: from ${from} to ${result}.`;
    if (change < 0) words = t`It shrinks: from ${from} to ${result}.`;
    this.add("update", { title: this.updateTitle(layer, index, row), parts: [] }, parts, {
      words,
      link: isBias ? null : { layer, row, column: index },
      node: { column: layer + 1, place: index },
      seen: [`update.${layer}.${isBias ? "bias" : row}.${index}`],
    });
  }

  gradientTitle(layer, index, row) {
    const name = this.names.full(layer, index);
    if (row === null) return t`Gradient of the bias of ${name}`;
    return t`Gradient of the weight from ${this.sourceOf(layer, row)} to ${name}`;
  }

  updateTitle(layer, index, row) {
    const name = this.names.full(layer, index);
    if (row === null) return t`Update of the bias of ${name}`;
    return t`Update of the weight from ${this.sourceOf(layer, row)} to ${name}`;
  }

  // The numbers of a link: of the forward pass, on the way back, the gradient, and after the update.
  ofLink(kind, { layer, row, column }) {
    const values = this.answer.layers[layer];
    if (kind === "product") return values.products[row][column];
    if (kind === "back") return this.answer.layers[layer - 1]?.back_terms[row][column];
    if (kind === "gradient") return values.gradients[row][column];
    return this.answer.steps[layer].after.weights[row][column];
  }
}

// In parentheses where it stands behind an operator.
const signed = (value, isBehind = true) =>
  isBehind && value < 0 ? `(${number(value)})` : number(value);

const capitalized = (words) => words[0].toUpperCase() + words.slice(1);
