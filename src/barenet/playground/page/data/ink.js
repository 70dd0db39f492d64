// Images as ink on paper.

import { make } from "../dom.js";
import { palette } from "../colours.js";
import { t } from "../language.js";

// `image`: numbers from 0 to `top`, row by row; null for an empty one.
export function paint(canvas, image, [height, width], top) {
  Object.assign(canvas, { width, height });
  const pixels = new ImageData(width, height);
  (image ?? []).forEach((value, index) =>
    pixels.data.set([...palette.ink, (255 * value) / top], 4 * index),
  );
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

export const painted = (image, shape, top, properties) =>
  paint(make("canvas", { className: "image", ...properties }), image, shape, top);

// The name of a pixel by its place; the first place is 0.
// The place of a pixel, short enough for a neuron.
export const shortPixelName = (place, [, width]) =>
  `${Math.floor(place / width) + 1}|${(place % width) + 1}`;

export const pixelName = (place, [, width]) =>
  t`row ${Math.floor(place / width) + 1}, column ${(place % width) + 1}`;
