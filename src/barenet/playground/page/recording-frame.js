// What the playground's server computes of a network, from the weights of a recording: its pictures,
// its scores on the points, and the numbers of one point.

import { forward, inputsAt, onPlane } from "./forward-pass.js";

const SIDE = 24; // of a neuron's picture
const LINE = 200; // points of a curve
const MAX_OUTPUTS = 10;
const MAX_TERMS = 8; // of a sum

const KINDS = { f4: Float32Array, i1: Int8Array, u1: Uint8Array };
const decode = ([kind, text]) => new KINDS[kind](Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

// A recording with its arrays decoded, and the inputs of its pictures, as `onPlane` takes them.
export function open(recording) {
  const arrays = Object.fromEntries(Object.entries(recording.arrays).map(([name, array]) => [name, decode(array)]));
  const at = (places) => Float64Array.from(places.flatMap((place) => (recording.inputs.features ? inputsAt(place, recording) : place)));
  const grid = (side) => at(Array.from({ length: side * side }, (_, index) => [((index % side) + 0.5) / side, 1 - (Math.floor(index / side) + 0.5) / side]));
  const line = () => at(Array.from({ length: LINE }, (_, index) => [index / (LINE - 1), 0]));
  if (recording.inputs.features) arrays.X = at([...arrays.values.keys()].map((row) => [arrays.positions[2 * row], arrays.positions[2 * row + 1]]));
  return { ...recording, arrays, small: grid(SIDE), large: recording.data.curve ? line() : grid(recording.side) };
}

const outputsOf = (rows, ...network) => forward(rows, ...network).at(-1).outputs;

// In units of the target.
function predictions(outputs, { target }) {
  return target ? outputs.map((value, index) => value / target[1][index % target[1].length] + target[0][index % target[0].length]) : outputs;
}

// As `Picture` on the server: { side, output, neurons, scales, weights }.
export function frameOf(weights, recording) {
  const { data, drawn, layout, side } = recording;
  const network = onPlane(weights, recording);
  const hidden = forward(recording.small, ...network).slice(0, -1);
  const pictures = hidden.flatMap(({ outputs }, layer) => Array.from({ length: drawn[layer] }, (_, neuron) => {
    const { n_out: count } = layout[layer];
    if (data.image && layer === 0) return scaled((index) => weights[layout[0].start + pixelAt(index, data.image) * count + neuron], 1e-9);
    return scaled((index) => outputs[index * count + neuron], 1);
  }));
  const neurons = new Int8Array(pictures.length * SIDE * SIDE);
  pictures.forEach(({ values }, place) => neurons.set(values, place * SIDE * SIDE));
  return { side, output: pictureOf(network, recording), neurons, scales: pictures.map(({ scale }) => scale), weights };
}

// The pixel of an image at a place of a neuron's picture.
const pixelAt = (index, [height, width]) => Math.floor((Math.floor(index / SIDE) * height) / SIDE) * width + Math.floor(((index % SIDE) * width) / SIDE);

function scaled(valueAt, least) {
  const values = Float64Array.from({ length: SIDE * SIDE }, (_, index) => valueAt(index));
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), least);
  return { scale, values: values.map((value) => Math.round((127 * value) / scale)) };
}

function pictureOf(network, recording) {
  const { data: { classes, curve, range }, large, layout } = recording;
  const values = predictions(outputsOf(large, ...network), recording);
  if (classes?.length > 2) return ranked(values, layout.at(-1).n_out, curve);
  if (curve) return Float32Array.from(values);
  const [low, high] = classes ? [0, 1] : range;
  return Int8Array.from(values, (value) => Math.round(127 * Math.max(-1, Math.min(1, (2 * value - low - high) / (high - low || 2)))));
}

// The two most probable classes of each point, and their probabilities.
function ranked(values, count, curve) {
  const n = values.length / count;
  const bytes = new Int8Array(4 * n);
  for (let point = 0; point < n; point++) {
    const row = values.subarray(point * count, (point + 1) * count);
    let [first, second] = row[0] < row[1] ? [1, 0] : [0, 1];
    for (let i = 2; i < count; i++) {
      if (row[i] > row[second]) [first, second] = row[i] > row[first] ? [i, first] : [first, i];
    }
    [first, 127 * row[first], second, 127 * row[second]].forEach((value, part) => (bytes[part * n + point] = Math.round(value)));
  }
  return curve ? Float32Array.from(bytes.subarray(0, n)) : bytes;
}

// The accuracy or R² of the training and of the test points that are shown.
export function scoresOf(weights, recording) {
  const { arrays: { X, values, tests }, data: { classes, range: [low, high] }, layout } = recording;
  const outputs = predictions(outputsOf(X, weights, recording), recording);
  const count = layout.at(-1).n_out;
  return [0, 1].map((test) => {
    const places = [...values.keys()].filter((place) => tests[place] === test);
    if (classes) return mean(places.map((place) => Number(answerOf(outputs.subarray(place * count, (place + 1) * count)) === values[place])));
    const truth = places.map((place) => low + values[place] * (high - low));
    const middle = mean(truth);
    return 1 - mean(places.map((place, index) => (outputs[place] - truth[index]) ** 2)) / mean(truth.map((value) => (value - middle) ** 2));
  });
}

const mean = (values) => (values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null);
const answerOf = (shares) => (shares.length === 1 ? Number(shares[0] > 0.5) : shares.indexOf(Math.max(...shares)));

// As `_probe.py` answers: the numbers of one of the points, or of a place given as shares of the plane.
export function probe({ row, at }, weights, recording) {
  const { arrays: { X, tests }, data, drawn, layout, activations, scaling: [offset, factor] } = recording;
  const inputs = row < 0 ? Float64Array.from(inputsAt(at, recording)) : X.subarray(row * layout[0].n_in, (row + 1) * layout[0].n_in);
  const shown = [data.drawn_inputs, ...drawn.map((count) => [...Array(count).keys()])];
  const layers = forward(inputs, weights, recording).map(({ sums, outputs }, layer, all) => {
    const { n_in: width, n_out: count, start } = layout[layer];
    const neurons = [...Array(count).keys()];
    const values = layer ? all[layer - 1].outputs : inputs;
    const term = (column) => (value, from) => [from, weights[start + from * count + column], value];
    return {
      sums: [...sums],
      outputs: [...outputs].slice(0, drawn[layer] === undefined ? MAX_OUTPUTS : count),
      weights: shown[layer].map((from) => neurons.map((column) => weights[start + from * count + column])),
      bias: neurons.map((column) => weights[start + width * count + column]),
      terms: neurons.map((column) => Array.from(values, term(column)).sort((a, b) => Math.abs(b[1] * b[2]) - Math.abs(a[1] * a[2])).slice(0, MAX_TERMS)),
    };
  });
  const raw = Array.from(inputs, (value, place) => value / factor[place] + offset[place]);
  return {
    type: "probe",
    network: 0,
    raw: data.drawn_inputs.map((place) => raw[place]),
    image: data.image ? raw : null,
    inputs: data.drawn_inputs.map((place) => inputs[place]),
    layers,
    activation: activations.at(-1),
    prediction: [...predictions(Float64Array.from(layers.at(-1).outputs), recording)],
    is_test: row >= 0 && tests[row] === 1,
  };
}
