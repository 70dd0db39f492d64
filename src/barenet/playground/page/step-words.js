// The step just taken, in plain sentences with the numbers of one point beside each.

import { counted } from "./dom.js";
import { localNumber, t } from "./language.js";

const MAX_TERMS = 4;
const NAMES = { l1: "L1", l2: "L2" };

const LOSSES = {
  binary_cross_entropy: t`binary cross entropy`,
  categorical_cross_entropy: t`categorical cross entropy`,
  squared_error: t`squared error`,
  absolute_error: t`absolute error`,
};

// The name of a loss in a sentence.
export const lossName = (name) => LOSSES[name] ?? name.replaceAll("_", " ");

// The step that an optimizer makes of a gradient, in words. `rate`: the learning rate, in words.
const RULES = {
  sgd: (rate) =>
    t`SGD moves each weight against its gradient: by the gradient times the learning rate, ${rate}.`,
  momentum: (rate) =>
    t`Momentum lets each weight roll like a ball: it keeps most of its last step, and adds the gradient times the learning rate, ${rate}, the other way.`,
  nesterov: (rate) =>
    t`Nesterov lets each weight roll like a ball, and feels the slope a little ahead of it: the learning rate is ${rate}.`,
  adagrad: (rate) =>
    t`AdaGrad moves each weight against its gradient, by less and less, the larger all its gradients have been so far: the learning rate is ${rate}.`,
  rmsprop: (rate) =>
    t`RMSProp divides each gradient by the size that it has had of late: most steps are about as long as the learning rate, ${rate}.`,
  adam: (rate) =>
    t`Adam takes the mean of a weight's last gradients, and divides it by their size: most steps are about as long as the learning rate, ${rate}, or shorter.`,
  adamw: (rate) =>
    t`AdamW takes the mean of a weight's last gradients, and divides it by their size: most steps are about as long as the learning rate, ${rate}, or shorter. Each weight shrinks a little besides.`,
  lion: (rate) =>
    t`Lion looks at the sign of a weight's last gradients alone: every step is as long as the learning rate, ${rate}.`,
  muon: (rate) =>
    t`Muon moves the weights of a hidden layer together, by a matrix near an orthogonal one, and all others as AdamW does: the learning rate is ${rate}.`,
  lbfgs: () =>
    t`L-BFGS looks at all points at once, tries steps of several lengths, and keeps one that makes the loss smaller: there is no formula for it.`,
};

// A list of { words, sum }; `about`: as in neuron-words.js, with { activation, dropout, optimizer, penalty }.
export function stepLines(about, answer) {
  const sizes = about.inputs.map((_, row) => Math.abs(answer.inputs[row] ?? 0));
  about = { ...about, shown: sizes.indexOf(Math.max(...sizes)) };
  return [
    point(about, answer),
    adding(about, answer),
    outputLine(about, answer),
    backward(about, answer),
    share(about, answer),
    total(about, answer),
  ];
}

export function ruleOf({ optimizer }, { learning_rate: rate }) {
  const name = optimizer.split(":")[0];
  const words = number(rate);
  const rule = RULES[name];
  if (!rule) return t`${name} moves each weight by its gradient: the learning rate is ${words}.`;
  return rule(words);
}

// After a function of a sum: " = 0.86"; a probability has no digits beyond those that mean something.
export function equals(value, isProbability) {
  if (isProbability && value < 0.0005) return " ≈ 0";
  if (isProbability && value >= 0.9995) return " ≈ 1";
  return ` = ${number(value)}`;
}

export function number(value, digits = 3) {
  if (value === null || value === undefined) return t`no number`;
  const size = Math.abs(value);
  const text =
    size && (size < 1e-4 || size >= 1e5) ? value.toExponential(1) : `${+value.toPrecision(digits)}`;
  return localNumber(text.replaceAll("-", "−"));
}

function point({ layer, inputs, terms }, { rows, inputs: values, epoch, batch: [batch, batches] }) {
  const where =
    batches === 1
      ? t`Epoch ${counted(epoch)} was a single batch.`
      : t`It was batch ${counted(batch)} of ${counted(batches)} in epoch ${counted(epoch)}.`;
  const which =
    rows === 1
      ? t`It had one point.`
      : t`It had ${counted(rows)} points. Take the one that moves this neuron most.`;
  const heading = layer > 0 ? t`The outputs of the neurons before are:` : t`Its inputs are:`;
  return {
    words: `${where} ${which} ${heading}`,
    sum: listed(terms, inputs.length, (row) => `${inputs[row]} = ${number(values[row])}`, ", "),
  };
}

function adding({ inputs, terms: rows }, { inputs: values, before, z }) {
  const terms = rows.slice(0, MAX_TERMS).map((row) => [before[row], ` · ${signed(values[row])}`]);
  if (inputs.length > MAX_TERMS) terms.push([null, "…"]);
  terms.push([before.at(-1), ""]); // the bias
  const added = terms.map(([value, rest], place) => {
    const size = value === null ? "" : number(Math.abs(value));
    return `${signBefore(value, place)}${size}${rest}`;
  });
  return {
    words: t`Each is multiplied by its weight, as it was before the step; the sum with the bias is z:`,
    sum: `z = ${added.join("")} = ${number(z)}`,
  };
}

function outputLine({ activation, normed, dropout, last }, { z, output }) {
  const rest = !last && dropout > 0;
  const parts = [
    normed && t`batch norm`,
    activation !== "identity" && activation,
    rest && t`dropout`,
  ].filter(Boolean);
  if (!parts.length) return { words: t`The output is z itself:`, sum: `z = ${number(output)}` };
  const functions = parts.reduce((first, then) => t`${first}, then ${then}`);
  const direct = !normed && !rest && activation !== "softmax";
  return {
    words:
      activation === "softmax"
        ? t`The output is computed from z by ${functions}, which depends on the sums of the other classes, too:`
        : t`The output is computed from z by ${functions}:`,
    sum: direct
      ? `${activation}(${number(z)}) = ${number(output)}`
      : `${number(z)} → ${number(output)}`,
  };
}

function backward(about, answer) {
  const { slope, output, rows } = answer;
  const error = about.last
    ? `${target(about, answer, number(output))} `
    : `${t`The error of the output is propagated back through the network.`} `;
  if (!slope)
    return {
      words:
        rows > 1
          ? `${error}${t`For this point z makes no difference to the loss, and for no other of the batch.`}`
          : `${error}${t`For this point z makes no difference to the loss.`}`,
      sum: t`derivative of the loss by z: 0`,
    };
  const way = slope > 0 ? t`It rises as z grows:` : t`It falls as z grows:`;
  if (rows === 1)
    return {
      words: `${error}${slope > 0 ? t`The loss rises as z grows:` : t`The loss falls as z grows:`}`,
      sum: t`derivative of the loss by z = ${number(slope)}`,
    };
  const mean = t`The loss is the mean over the ${counted(rows)} points, so that of this point is divided by ${counted(rows)}.`;
  return {
    words: `${error}${mean} ${way}`,
    sum: t`derivative of the loss by z = ${number(slope * rows)} ÷ ${counted(rows)} = ${number(slope)}`,
  };
}

// The target of the point, and its output.
function target({ activation, classes, standardized, index }, { target: value }, output) {
  if (!classes && standardized)
    return t`The target was ${number(value)}, in standard deviations, and the output was ${output}.`;
  if (!classes) return t`The target was ${number(value)}, and the output was ${output}.`;
  const right = activation === "softmax" ? Number(value === index) : value;
  return t`The point is of class ${classes[value]}: the target was ${number(right)}, and the output was ${output}.`;
}

function share({ inputs, shown }, { inputs: values, slope }) {
  return {
    words: t`The derivative by a weight is that by z, times the input of the weight. For the weight of ${inputs[shown]}:`,
    sum: `${number(slope)} · ${signed(values[shown])} = ${number(slope * values[shown])}`,
  };
}

function total({ penalty, shown }, { rows, gradient }) {
  const name = NAMES[penalty];
  const count = counted(rows);
  let words = t`The same for each of the ${count} points, added up, is the gradient of this weight:`;
  if (rows === 1 && name)
    words = t`That is the gradient of this weight, plus that of the ${name} penalty:`;
  else if (rows === 1) words = t`That is the gradient of this weight:`;
  else if (name)
    words = t`The same for each of the ${count} points, added up, is the gradient of this weight, plus that of the ${name} penalty:`;
  return { words, sum: `${t`gradient`} = ${number(gradient[shown])}` };
}

const signed = (value) => (value < 0 ? `(${number(value)})` : number(value));

function listed(rows, count, write, between) {
  const shown = rows.slice(0, MAX_TERMS).map(write);
  if (count > MAX_TERMS) shown.push("…");
  return shown.join(between);
}

// The sign of a term of a sum: of a positive one only behind others.
export function signBefore(value, index) {
  if (index) return value < 0 ? " − " : " + ";
  return value < 0 ? "−" : "";
}
