// The forward pass of a recorded network, and its inputs at places of the plane.

import { ACTIVATIONS } from "./activations.js";

// The features of a place: `a` and `b` are its coordinates as features are scaled, and the last
// argument its coordinates in units of the data.
const FEATURES = {
  x1: (a, b, [first]) => first,
  x2: (a, b, [, second]) => second,
  "x1^2": (a) => a * a,
  "x2^2": (a, b) => b * b,
  "x1*x2": (a, b) => a * b,
  "sin(x1)": (a) => Math.sin(a),
  "sin(x2)": (a, b) => Math.sin(b),
};

// The inputs at a place, given as shares of the plane's width and height.
export function inputsAt([across, up], { data, inputs, scaling: [offset, factor] }) {
  if (!inputs.features)
    return inputs.origin.map(
      (value, row) => value + across * inputs.across[row] + up * inputs.up[row],
    );
  const place = [across, up].map(
    (share, axis) => data.low[axis] + share * (data.high[axis] - data.low[axis]),
  );
  const [center, scale] = inputs.units;
  const [a, b] = place.map((value, axis) => (value - (center[axis] ?? 0)) * (scale[axis] ?? 1));
  return inputs.features.map(
    (name, row) => (FEATURES[name](a, b, place) - offset[row]) * factor[row],
  );
}

// The layers' sums and outputs for rows of inputs, one row after the other: a list of { sums, outputs }.
export function forward(rows, weights, { layout, activations }) {
  let inputs = rows;
  return layout.map((layer, place) => {
    const sums = sumsOf(inputs, weights, layer);
    const isSoftmax = activations[place] === "softmax";
    const outputs = isSoftmax
      ? softmax(sums, layer.n_out)
      : activated(sums, ACTIVATIONS[activations[place]]);
    inputs = outputs;
    return { sums, outputs };
  });
}

// The sums of a layer's neurons for each row: the bias, and each input times its weight.
function sumsOf(rows, weights, { n_in: width, n_out: count, start }) {
  const n = rows.length / width;
  const sums = new Float64Array(n * count);
  const own = new Float64Array(width); // weights of one neuron
  for (let column = 0; column < count; column++) {
    const bias = weights[start + width * count + column];
    for (let i = 0; i < width; i++) own[i] = weights[start + i * count + column];
    for (let row = 0; row < n; row++) {
      let sum = bias;
      for (let i = 0; i < width; i++) sum += rows[row * width + i] * own[i];
      sums[row * count + column] = sum;
    }
  }
  return sums;
}

// A loop takes a fifth of the time of `sums.map(activation)`.
function activated(sums, activation) {
  const outputs = new Float64Array(sums.length);
  for (let i = 0; i < sums.length; i++) outputs[i] = activation(sums[i]);
  return outputs;
}

// The same network for places of the plane, given as shares: its first layer takes these in the place
// of the inputs if the inputs are an affine function of them.
export function onPlane(
  weights,
  { layout, activations, inputs: { features, origin, across, up } },
) {
  if (features) return [weights, { layout, activations }];
  const [firstLayer, ...laterLayers] = layout;
  const { n_in: width, n_out: count } = firstLayer;
  const bias = weights.subarray(width * count, (width + 1) * count);
  const laterWeights = weights.subarray((width + 1) * count);
  const firstSums = (row) => {
    const network = { layout: [firstLayer], activations };
    return [...forward(Float64Array.from(row), weights, network)[0].sums];
  };
  // Without its bias, a sum is linear: for the step along an axis, it is the weight of that axis.
  const weightsOf = (row) => firstSums(row).map((sum, column) => sum - bias[column]);
  const firstWeights = [...weightsOf(across), ...weightsOf(up), ...firstSums(origin)];
  const cut = (width - 2) * count; // weights that the first layer loses
  const moved = laterLayers.map((layer) => ({ ...layer, start: layer.start - cut }));
  return [
    Float32Array.from([...firstWeights, ...laterWeights]),
    { activations, layout: [{ ...firstLayer, n_in: 2 }, ...moved] },
  ];
}

function softmax(sums, count) {
  const outputs = sums.slice();
  for (let start = 0; start < sums.length; start += count) {
    const end = start + count;
    let largest = -Infinity;
    let total = 0;
    for (let i = start; i < end; i++) largest = Math.max(largest, sums[i]);
    for (let i = start; i < end; i++) {
      outputs[i] = Math.exp(sums[i] - largest);
      total += outputs[i];
    }
    for (let i = start; i < end; i++) outputs[i] /= total;
  }
  return outputs;
}
