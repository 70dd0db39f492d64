// Explains the picture of a neuron in a few sentences, with its own numbers.

import { rounded } from "./dom.js";
import { listed, t } from "./language.js";
import { number, signBefore } from "./step-words.js";

const MAX_TERMS = 8;
const STRAIGHT = 0.01; // of the picture's side

const ACTIVATIONS = {
  identity: () =>
    t`Its output is z itself: the further on the positive side, the bluer; the further on the negative side, the more orange.`,
  relu: () =>
    t`ReLU keeps what is above 0 and turns the rest into 0: on the positive side the neuron is active (blue), on the negative side it is 0 (pale).`,
  leaky_relu: () =>
    t`Leaky ReLU keeps what is above 0 and makes the rest small: on the positive side the neuron is active (blue), on the negative side it is small.`,
  tanh: () =>
    t`Then tanh is applied to z: far on the positive side its output is nearly 1 (blue), far on the negative side nearly −1 (orange), and 0 on the line.`,
  sigmoid: () =>
    t`Then the sigmoid, a curve like an S, is applied to z: far on the positive side its output is nearly 1 (blue), far on the negative side nearly 0 (pale), and ½ on the line.`,
};
const ENDS = {
  identity: ({ name, standardized }) =>
    standardized
      ? t`The prediction is z itself, in standard deviations from the mean of ${name}: the mean on the line, more on the positive side, less on the negative side.`
      : t`The prediction is z itself, ${name} as the model scales it: more on the positive side, less on the negative side.`,
  sigmoid: ({ classes }) =>
    t`Then the sigmoid, a curve like an S, makes z the probability of the blue class, ${classes[1]}: nearly 1 far on the positive side (blue), nearly 0 far on the negative side (orange), and ½ on the line, which is the decision boundary.`,
  softmax: ({ name }) =>
    t`Softmax compares the sums z of all classes, and the largest is predicted: ${name} on one side of the thick line, another class on the other.`,
};

// The heading. `about`: { layer, last, inputs: names, count, curved: names of inputs, curve,
// name, isClass: whether it is one of several classes, classes, standardized: whether the target is };
// `answer`: the server's view of the neuron.
export function question({ layer, last, curved, curve, classes, straightBefore }, answer) {
  if (!answer.line.length) return t`Why there is no line in the picture`;
  if (layer > 0 && straightBefore && !curve) return t`Why it draws a straight line`;
  if (curve)
    return layer > 0 || curved.length
      ? t`Why it can change at several places`
      : t`Why it changes at one place`;
  if (layer > 0 && isStraight(answer.line)) return t`Why it draws a border that can bend`;
  if (layer > 0)
    return last && classes
      ? t`Why the output has this decision boundary`
      : t`Why it draws a border that bends`;
  return curved.length ? t`Why it draws a curve` : t`Why it draws a straight line`;
}

// Whether the neuron's sum is compared with those of the other classes, and not with 0.
export const isCompared = ({ last }, { activation }) => last && activation === "softmax";

export function sentences(about, answer) {
  return [
    adding(about),
    [...line(about, answer), activation(about, answer)].filter(Boolean).join(" "),
    moving(about, answer),
  ];
}

export function sum({ inputs, terms: rows, count }, { weights, bias }) {
  const terms = rows.slice(0, MAX_TERMS).map((row) => [weights[row], ` · ${inputs[row]}`]);
  const shown = [...terms, [bias, ""]].map(([value, name], index) => {
    return `${signBefore(value, index)}${short(Math.abs(value ?? 0))}${name}`;
  });
  if (count > MAX_TERMS) shown.splice(-1, 0, " + …");
  return `z = ${shown.join("")}`;
}

// Whether lines x, y, x, y, … are all along one straight line: by the spread across their main direction.
function isStraight(lines) {
  const points = Array.from({ length: lines.length / 2 }, (_, index) => [
    lines[2 * index],
    lines[2 * index + 1],
  ]);
  const mean = (of) => points.reduce((total, point) => total + of(point), 0) / points.length;
  const x = mean((point) => point[0]);
  const y = mean((point) => point[1]);
  const xx = mean((point) => (point[0] - x) ** 2);
  const yy = mean((point) => (point[1] - y) ** 2);
  const xy = mean((point) => (point[0] - x) * (point[1] - y));
  return (xx + yy) / 2 - Math.hypot((xx - yy) / 2, xy) < STRAIGHT ** 2;
}

// A small number has more digits: it is not 0.
const short = (value) => (value && Math.abs(value) < 0.005 ? number(value) : rounded(value, 2));

function adding({ layer, inputs, count, last, name, isClass }) {
  let start = "";
  if (last)
    start = isClass ? `${t`This is the output for ${name}.`} ` : `${t`This is the output.`} `;
  if (layer === 0 && count === 1)
    return last
      ? start + t`It multiplies its input by a weight, and adds a bias:`
      : t`This neuron multiplies its input by a weight, and adds a bias:`;
  if (layer === 0)
    return last
      ? start + t`It multiplies each input by a weight, and adds them up with a bias:`
      : t`This neuron multiplies each input by a weight, and adds them up with a bias:`;
  start += last
    ? `${t`It does not see the points themselves.`} `
    : `${t`This neuron does not see the points themselves.`} `;
  if (count === 1)
    return (
      start + t`It multiplies the output of the neuron before it, n₁, by a weight, and adds a bias:`
    );
  if (count === 2)
    return (
      start +
      t`It multiplies the outputs of the 2 neurons before it, n₁ and n₂, by a weight each, and adds them up with a bias:`
    );
  const end = inputs.at(-1);
  if (count > inputs.length)
    return (
      start +
      t`It multiplies the outputs of the ${count} neurons before it, n₁ to ${end} and on, by a weight each, and adds them up with a bias:`
    );
  return (
    start +
    t`It multiplies the outputs of the ${count} neurons before it, n₁ to ${end}, by a weight each, and adds them up with a bias:`
  );
}

function line(about, answer) {
  const { layer, curved, curve, last, name, straightBefore } = about;
  const result = "z";
  const found = [];
  if (isConstant(about, answer))
    return [
      ...found,
      t`All weights are 0: z is ${short(answer.bias)} everywhere, and there is no line.`,
    ];
  const compared = isCompared(about, answer);
  if (!answer.line.length && compared)
    return [
      ...found,
      answer.positive > 0.5
        ? t`In all of this picture the sum for ${name} is the largest: the line where another one is as large lies outside. Change the bias to bring it into the picture.`
        : t`Nowhere in this picture is the sum for ${name} the largest: the line where it is as large as the largest of the others lies outside. Change the bias to bring it into the picture.`,
    ];
  if (!answer.line.length)
    return [
      ...found,
      answer.positive > 0.5
        ? t`In all of this picture ${result} is above 0: the line where it is 0 lies outside. Change the bias to bring it into the picture.`
        : t`In all of this picture ${result} is below 0: the line where it is 0 lies outside. Change the bias to bring it into the picture.`,
    ];
  if (!compared) found.push(t`On the thick line ${result} is exactly 0.`);
  if (layer > 0 && curve)
    return [
      ...found,
      t`Each neuron before turns from off to on at a place of its own, drawn thin: around it, the slope of the sum changes.`,
    ];
  if (layer > 0 && straightBefore)
    return [
      ...found,
      t`Each neuron before has a line of its own, drawn thin. None of them bends its sum, so that a sum of their outputs is 0 along a straight line, too.`,
    ];
  if (layer > 0) {
    found.push(
      t`Each neuron before has a line of its own, drawn thin: where the thick line comes near one, it bends, as there one of its inputs turns from off to on.`,
    );
    return isStraight(answer.line)
      ? [...found, t`So far it is almost straight; it bends as the network learns.`]
      : found;
  }
  const names = listed(curved);
  if (curve && curved.length > 1)
    found.push(t`There can be several such places, as ${names} are curved.`);
  else if (curve && curved.length)
    found.push(t`There can be several such places, as ${names} is curved.`);
  else if (curve) found.push(t`There is only one such place.`);
  else if (curved.length > 1) found.push(t`It is a curve, as ${names} are curved, too.`);
  else if (curved.length) found.push(t`It is a curve, as ${names} is curved, too.`);
  else if (compared) found.push(t`Two sums like this can only be equal along a straight line.`);
  else found.push(t`A sum like this can only be 0 along a straight line.`);
  if (last) return found;
  const sides =
    answer.activation === "identity"
      ? t`On the positive side, where the arrow points, ${result} is above 0; on the negative side it is below 0.`
      : t`On the positive side, where the arrow points, ${result} is above 0 and the neuron is on; on the negative side it is below 0 and the neuron is off.`;
  return [...found, sides];
}

// The activation on both sides of the line, and on it.
function activation(about, answer) {
  if (isConstant(about, answer)) return "";
  // What is said of a softmax is about the two sides of the line.
  if (isCompared(about, answer) && !answer.line.length) return "";
  const { activation: name } = answer;
  const ofOutput = about.last ? ENDS[name] : undefined;
  const explain = ofOutput ?? ACTIVATIONS[name];
  if (explain) return explain(about);
  return t`Then ${name} is applied to z, which gives the output of the neuron.`;
}

function moving(about, answer) {
  return [effectOf(about, answer), t`Try it.`].join(" ");
}

// Whether the sum is its bias everywhere. For softmax, it is compared with the sums of others.
const isConstant = ({ count }, { activation, weights }) =>
  activation !== "softmax" && weights.length === count && weights.every((weight) => weight === 0);

// What a change of a weight and of the bias does to the line.
function effectOf(about, answer) {
  const { layer, curve, curved, count, straightBefore } = about;
  const bias = short(answer.bias);
  if (isConstant(about, answer))
    return t`While all weights are 0, no bias makes a line: change a weight.`;
  if (layer > 0 && curve)
    return t`A weight is the influence of a neuron before, with its sign: change one, and the places move. The bias, ${bias}, moves all of them.`;
  if (layer > 0 && straightBefore && count > 1)
    return t`A weight is the influence of a neuron before, with its sign: change one, and the line can turn or shift. The bias, ${bias}, shifts the line without turning it.`;
  if (layer > 0 && !straightBefore)
    return t`A weight is the influence of a neuron before, with its sign: change one, and the line bends elsewhere. The bias, ${bias}, moves all of it.`;
  if (curve && !curved.length)
    return t`The larger the weight, the steeper the change. The bias, ${bias}, moves the place.`;
  if (curve) return t`Change a weight, and the places move. The bias, ${bias}, moves all of them.`;
  if (curved.length)
    return t`Change a weight, and the curve takes another shape. The bias, ${bias}, widens or narrows it.`;
  return effectOnStraightLine(about, answer);
}

// A line turns with the ratio of the weights of two inputs, which two axes show. With more inputs than
// axes, or compared with the sum of another class, it depends on more than these weights.
function effectOnStraightLine({ inputs, count }, { activation, weights, bias: value }) {
  const bias = short(value);
  if (count === 1)
    return t`There is only one weight, ${short(weights[0])}: change it, and the line keeps its direction. The bias, ${bias}, shifts the line without turning it.`;
  if (count > 2 || activation === "softmax")
    return t`The weights decide where the arrow points: change one, and the line can turn or shift. The bias, ${bias}, shifts the line without turning it.`;
  const zero = weights.indexOf(0);
  if (zero >= 0)
    return t`The weight of ${inputs[zero]} is 0: change it, and the line turns. Change the other, ${short(weights[1 - zero])}, and the line keeps its direction. The bias, ${bias}, shifts the line without turning it.`;
  return t`The weights, ${listed(weights.map(short))}, decide where the arrow points: change one, and the line turns. The bias, ${bias}, shifts the line without turning it.`;
}
