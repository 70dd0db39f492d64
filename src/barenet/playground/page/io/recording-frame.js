// A frame of a recording, computed from its weights as the playground's server computes it: the
// network's pictures, its scores on the points, and the numbers of one point.

import { forward, inputsAt, onPlane } from "../network/forward-pass.js";

const SIDE = 24; // of a neuron's picture
const PICTURE = SIDE * SIDE;
const IN_ORDER = Int32Array.from({ length: PICTURE }, (_, index) => index);
const LINE = 200; // points of a curve
const MAX_OUTPUTS = 10;
const MAX_TERMS = 8; // of a sum

const KINDS = { f4: Float32Array, i1: Int8Array, u1: Uint8Array };
const decode = ([kind, text]) =>
  new KINDS[kind](Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);

// A recording with its arrays decoded, and the inputs of its pictures, as `onPlane` takes them.
export function open(recording) {
  const { data, inputs, side } = recording;
  const arrays = {};
  for (const [name, array] of Object.entries(recording.arrays)) arrays[name] = decode(array);
  // Without features, `onPlane` maps the places themselves.
  const inputsOf = (places) => {
    const rows = inputs.features ? places.map((place) => inputsAt(place, recording)) : places;
    return Float64Array.from(rows.flat());
  };
  if (inputs.features) arrays.X = inputsOf(pointPlaces(arrays));
  const { image } = data;
  const pixels = image && IN_ORDER.map((index) => pixelAt(index, image));
  return {
    ...recording,
    arrays,
    pixels,
    small: inputsOf(gridPlaces(SIDE)),
    large: inputsOf(data.curve ? linePlaces() : gridPlaces(side)),
  };
}

// The places of the points: shares of the plane's width and height.
function pointPlaces({ values, positions }) {
  return Array.from(values, (_, row) => [positions[2 * row], positions[2 * row + 1]]);
}

// The places of a picture's pixels, row by row from the top left.
function gridPlaces(side) {
  const places = [];
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++)
      places.push([(column + 0.5) / side, 1 - (row + 0.5) / side]);
  }
  return places;
}

// The places along a curve.
function linePlaces() {
  return Array.from({ length: LINE }, (_, index) => [index / (LINE - 1), 0]);
}

// The pixel of an image at a place of a neuron's picture.
function pixelAt(index, [height, width]) {
  const row = Math.floor((Math.floor(index / SIDE) * height) / SIDE);
  const column = Math.floor(((index % SIDE) * width) / SIDE);
  return row * width + column;
}

const outputsOf = (rows, ...network) => forward(rows, ...network).at(-1).outputs;

// In units of the target.
function predictions(outputs, { target }) {
  if (!target) return outputs;
  const [offset, factor] = target;
  return outputs.map((value, index) => {
    const column = index % factor.length;
    return value / factor[column] + offset[column];
  });
}

// As `Picture` on the server: { side, output, neurons, scales, weights }.
export function frameOf(weights, recording) {
  const network = onPlane(weights, recording);
  const pictures = neuronPictures(weights, network, recording);
  const neurons = new Int8Array(pictures.length * PICTURE);
  const scales = pictures.map(({ values, least }, place) =>
    fillScaled(neurons, place * PICTURE, values, least),
  );
  return { side: recording.side, output: pictureOf(network, recording), neurons, scales, weights };
}

// The values of each neuron's picture: its outputs on the plane; of a first layer on images, the
// weights of the pixels. `least`: the smallest number that the strongest colour stands for.
function neuronPictures(weights, network, recording) {
  const { data, drawn, layout, pixels } = recording;
  const outputs = hiddenOutputs(network, recording);
  const pictures = [];
  drawn.forEach((shown, layer) => {
    const { n_out: count, start } = layout[layer];
    for (let neuron = 0; neuron < shown; neuron++) {
      if (data.image && layer === 0)
        pictures.push({ values: picked(weights, start + neuron, count, pixels), least: 1e-9 });
      else pictures.push({ values: picked(outputs[layer], neuron, count, IN_ORDER), least: 1 });
    }
  });
  return pictures;
}

// Of each hidden layer, the outputs on the plane; none if no picture shows any.
function hiddenOutputs([weights, { layout, activations }], { data, drawn, small }) {
  const isDrawnByWeights = Boolean(data.image) && drawn.length === 1;
  if (isDrawnByWeights) return [];
  return forward(small, weights, { layout: layout.slice(0, -1), activations }).map(
    ({ outputs }) => outputs,
  );
}

// Every `step`-th value from the first, those at some places.
function picked(values, first, step, places) {
  const chosen = new Float64Array(places.length);
  for (let i = 0; i < places.length; i++) chosen[i] = values[first + places[i] * step];
  return chosen;
}

// Write values as bytes, and return the number that 127 stands for.
function fillScaled(bytes, start, values, least) {
  let scale = least;
  for (let i = 0; i < values.length; i++) scale = Math.max(scale, Math.abs(values[i]));
  for (let i = 0; i < values.length; i++) bytes[start + i] = Math.round((127 * values[i]) / scale);
  return scale;
}

function pictureOf(network, recording) {
  const {
    data: { classes, curve, range },
    large,
    layout,
  } = recording;
  const values = predictions(outputsOf(large, ...network), recording);
  if (classes?.length > 2) return ranked(values, layout.at(-1).n_out, curve);
  if (curve) return Float32Array.from(values);
  const [low, high] = classes ? [0, 1] : range;
  return Int8Array.from(values, (value) =>
    Math.round(127 * Math.max(-1, Math.min(1, (2 * value - low - high) / (high - low || 2)))),
  );
}

// The two most probable classes of each point, and their probabilities.
function ranked(values, count, curve) {
  const n = values.length / count;
  const bytes = new Int8Array(4 * n);
  for (let point = 0; point < n; point++) {
    const row = values.subarray(point * count, (point + 1) * count);
    let first = 0;
    let second = 1;
    if (row[0] < row[1]) {
      first = 1;
      second = 0;
    }
    for (let i = 2; i < count; i++) {
      if (row[i] > row[first]) {
        second = first;
        first = i;
      } else if (row[i] > row[second]) {
        second = i;
      }
    }
    bytes[point] = first;
    bytes[n + point] = Math.round(127 * row[first]);
    bytes[2 * n + point] = second;
    bytes[3 * n + point] = Math.round(127 * row[second]);
  }
  return curve ? Float32Array.from(bytes.subarray(0, n)) : bytes;
}

// The accuracy or R² of the training and of the test points that are shown.
export function scoresOf(weights, recording) {
  const {
    arrays: { X, values, tests },
    data: {
      classes,
      range: [low, high],
    },
    layout,
  } = recording;
  const outputs = predictions(outputsOf(X, weights, recording), recording);
  const count = layout.at(-1).n_out;
  return [0, 1].map((test) => {
    const places = [...values.keys()].filter((place) => tests[place] === test);
    if (classes) {
      const hits = places.map((place) => {
        const shares = outputs.subarray(place * count, (place + 1) * count);
        return Number(answerOf(shares) === values[place]);
      });
      return mean(hits);
    }
    const truth = places.map((place) => low + values[place] * (high - low));
    const middle = mean(truth);
    const errors = places.map((place, index) => (outputs[place] - truth[index]) ** 2);
    const deviations = truth.map((value) => (value - middle) ** 2);
    return 1 - mean(errors) / mean(deviations);
  });
}

const mean = (values) =>
  values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : null;
const answerOf = (shares) =>
  shares.length === 1 ? Number(shares[0] > 0.5) : shares.indexOf(Math.max(...shares));

// The size of a term of a sum: the index of an input, its weight and its value.
const sizeOf = ([, weight, value]) => Math.abs(weight * value);

// As `_probe.py` answers: the numbers of a drawn point, by its place among them, or of a place given as
// shares of the plane.
export function probe({ row, at }, weights, recording) {
  const {
    arrays: { X, tests },
    data,
    drawn,
    layout,
    activations,
    scaling: [offset, factor],
  } = recording;
  const inputs =
    row < 0
      ? Float64Array.from(inputsAt(at, recording))
      : X.subarray(row * layout[0].n_in, (row + 1) * layout[0].n_in);
  const shown = [data.drawn_inputs, ...drawn.map((count) => [...Array(count).keys()])];
  const layers = forward(inputs, weights, recording).map(({ sums, outputs }, layer, all) => {
    const { n_in: width, n_out: count, start } = layout[layer];
    const neurons = [...Array(count).keys()];
    const values = layer ? all[layer - 1].outputs : inputs;
    const weightOf = (from, column) => weights[start + from * count + column];
    const largestTerms = (column) => {
      const terms = Array.from(values, (value, from) => [from, weightOf(from, column), value]);
      terms.sort((a, b) => sizeOf(b) - sizeOf(a));
      return terms.slice(0, MAX_TERMS);
    };
    return {
      sums: [...sums],
      outputs: [...outputs].slice(0, drawn[layer] === undefined ? MAX_OUTPUTS : count),
      weights: shown[layer].map((from) => neurons.map((column) => weightOf(from, column))),
      bias: neurons.map((column) => weights[start + width * count + column]),
      terms: neurons.map(largestTerms),
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
  };
}
