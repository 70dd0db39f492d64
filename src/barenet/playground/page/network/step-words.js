// Numbers, and the names and rules of losses and optimizers, in words.

import { localNumber, t } from "../language.js";

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

// The sign of a term of a sum: of a positive one only behind others.
export function signBefore(value, index) {
  if (index) return value < 0 ? " − " : " + ";
  return value < 0 ? "−" : "";
}
