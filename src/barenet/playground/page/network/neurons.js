// The neurons and inputs of a network: their names, and the places of their weights.

import { pixelName } from "../data/ink.js";
import { bare, inputName } from "../data/input-names.js";
import { t } from "../language.js";

const MAX_WEIGHTS = 64; // that the server sends of a neuron

// `panel`: { place, data, architecture: { layout }, labels }; the labels are those of computed inputs.
export function neuronOf(panel, layer, neuron) {
  const {
    place,
    data,
    architecture: { layout },
  } = panel;
  const { n_in: count, n_out: width, start } = layout[layer];
  const inputs = Array.from({ length: Math.min(count, MAX_WEIGHTS) }, (_, row) =>
    nameOfInput(panel, layer, row),
  );
  let name = t`Layer ${layer + 1}, neuron ${neuron + 1}`;
  let output = "";
  if (layer === layout.length - 1) {
    output = width === 1 ? data.target : data.classes[neuron];
    name = t`Output ${output}`;
  }
  return {
    place,
    name,
    output,
    layer,
    neuron,
    inputs,
    terms: layer === 0 ? data.drawn_inputs : inputs.map((_, row) => row),
    index: inputs.map((_, row) => start + row * width + neuron),
    bias: start + count * width + neuron,
  };
}

export function nameOfInput({ data, labels }, layer, row) {
  if (layer > 0) return t`neuron ${row + 1}`;
  const { features, inputs, image } = data;
  if (image) return pixelName(row, image);
  const label = labels[features[row]];
  return label ? inputName(label, data) : bare(inputs[row] ?? t`input ${row + 1}`, data);
}
