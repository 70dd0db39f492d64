// Grids of bytes as pictures: drawn once in their own size, then stretched by the browser.

import { palette } from "./colours.js";

const SMALL = document.createElement("canvas");

function stretch(canvas, image, smooth) {
  SMALL.width = image.width;
  SMALL.height = image.height;
  SMALL.getContext("2d").putImageData(image, 0, 0);
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = smooth;
  context.imageSmoothingQuality = "high";
  context.drawImage(SMALL, 0, 0, canvas.width, canvas.height);
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

// Classes, and how sure the network is of each.
export function drawClasses(canvas, values, side, { discrete = false } = {}) {
  const image = new ImageData(side, side);
  const pixels = new Uint32Array(image.data.buffer);
  const count = side * side;
  for (let i = 0; i < count; i++) {
    const sure = discrete ? 0.75 : 0.15 + 0.75 * (values[count + i] / 127) ** 2;
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
