// Grids of bytes as pictures: drawn once in their own size, then stretched by the browser.

import { palette } from "./colours.js";

const SMALL = document.createElement("canvas");
const RADIUS = 8; // pixels, of a neuron's corners

function shrunk(image) {
  SMALL.width = image.width;
  SMALL.height = image.height;
  SMALL.getContext("2d").putImageData(image, 0, 0);
  return SMALL;
}

function stretch(canvas, image, smooth) {
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = smooth;
  context.imageSmoothingQuality = "high";
  context.drawImage(shrunk(image), 0, 0, canvas.width, canvas.height);
}

// Values from −127 to 127, row by row from the top left.
export function drawGrid(canvas, values, side, { discrete = false, smooth = true } = {}) {
  const image = new ImageData(side, side);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) {
    const value = discrete ? (values[i] >= 0 ? 127 : -127) : values[i];
    pixels[i] = palette.ramp[value + 128];
  }
  stretch(canvas, image, smooth && !discrete);
}

// Pictures { x, y, width, height, values } of neurons, all on one canvas and all in one image: what
// costs most is handing images to the browser, and canvases to the screen.
export function drawPictures(canvas, pictures, side) {
  const image = new ImageData(side, side * Math.max(pictures.length, 1));
  const pixels = new Uint32Array(image.data.buffer);
  pictures.forEach(({ values }, index) => {
    for (let i = 0; i < values.length; i++) pixels[index * side * side + i] = palette.ramp[values[i] + 128];
  });
  const small = shrunk(image);
  const context = canvas.getContext("2d");
  pictures.forEach(({ x, y, width, height }, index) => {
    context.save();
    context.beginPath();
    context.roundRect(x + 0.75, y + 0.75, width - 1.5, height - 1.5, RADIUS);
    context.clip();
    context.drawImage(small, 0, index * side, side, side, x, y, width, height);
    context.restore();
  });
}

// Classes, and how sure the network is of each.
export function drawClasses(canvas, values, side, { discrete = false } = {}) {
  const image = new ImageData(side, side);
  const pixels = new Uint32Array(image.data.buffer);
  const count = side * side;
  for (let i = 0; i < count; i++) {
    const sure = discrete ? 1 : 0.2 + 0.8 * (values[count + i] / 127) ** 2;
    pixels[i] = palette.packedClass(values[i], sure);
  }
  stretch(canvas, image, false);
}

// Give a canvas as many pixels as the screen has for it.
export function fit(canvas) {
  const ratio = Math.min(window.devicePixelRatio || 1, 2);
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  return ratio;
}
