// Grids of bytes as pictures: drawn once in a size of their own, then stretched by the browser.

import { palette } from "../colours.js";

const SMALL = document.createElement("canvas");
const FINE = 256; // pixels along each side of a picture with borders of classes
const RADIUS = 8; // pixels, of a neuron's corners

function shrunk(image) {
  SMALL.width = image.width;
  SMALL.height = image.height;
  SMALL.getContext("2d").putImageData(image, 0, 0);
  return SMALL;
}

function stretch(canvas, image, smooth = true) {
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = smooth;
  context.imageSmoothingQuality = "high";
  context.drawImage(shrunk(image), 0, 0, canvas.width, canvas.height);
}

// Values from −127 to 127, row by row from the top left; discrete: their signs alone.
export function drawGrid(canvas, values, side, { discrete = false, smooth = true } = {}) {
  if (discrete)
    return stretch(
      canvas,
      finer(side, (places, shares) => palette.ramp[mixed(values, places, shares) < 0 ? 1 : 255]),
    );
  const image = new ImageData(side, side);
  const pixels = new Uint32Array(image.data.buffer);
  for (let i = 0; i < pixels.length; i++) pixels[i] = palette.ramp[values[i] + 128];
  stretch(canvas, image, smooth);
}

// Pictures { x, y, width, height, values } of neurons, all on one canvas and all in one image: what
// costs most is handing images to the browser, and canvases to the screen.
export function drawPictures(canvas, pictures, side) {
  const image = new ImageData(side, side * Math.max(pictures.length, 1));
  const pixels = new Uint32Array(image.data.buffer);
  pictures.forEach(({ values }, index) => {
    for (let i = 0; i < values.length; i++)
      pixels[index * side * side + i] = palette.ramp[values[i] + 128];
  });
  const small = shrunk(image);
  const context = canvas.getContext("2d");
  pictures.forEach(({ x, y, width, height }, index) => {
    context.save();
    context.beginPath();
    context.roundRect(x + 0.75, y + 0.75, width - 1.5, height - 1.5, Math.min(RADIUS, width / 5));
    context.clip();
    context.drawImage(small, 0, index * side, side, side, x, y, width, height);
    context.restore();
  });
}

// Classes by their probabilities. Of each point there are the two most probable ones, which is enough
// for the border between them: the probabilities are interpolated, and then the largest is taken.
export function drawClasses(canvas, values, side, { discrete = false } = {}) {
  const [first, sure, second, less] = [0, 1, 2, 3].map((part) =>
    values.subarray(part * side * side, (part + 1) * side * side),
  );
  const ramps = Array.from(
    { length: 128 },
    (_, index) => palette.classRamps[index % palette.classRamps.length],
  );
  const sums = new Float32Array(128);
  stretch(
    canvas,
    finer(side, (places, shares) => {
      let best = first[places[0]];
      let most = mixed(sure, places, shares);
      if (first[places[1]] !== best || first[places[2]] !== best || first[places[3]] !== best) {
        for (let i = 0; i < 4; i++) {
          sums[first[places[i]]] = 0;
          sums[second[places[i]]] = 0;
        }
        for (let i = 0; i < 4; i++) {
          sums[first[places[i]]] += shares[i] * sure[places[i]];
          sums[second[places[i]]] += shares[i] * less[places[i]];
        }
        for (let i = 0; i < 4; i++)
          if (sums[first[places[i]]] > sums[best]) best = first[places[i]];
        most = sums[best];
      }
      return ramps[best][discrete ? 127 : Math.round(most)];
    }),
  );
}

const mixed = (values, at, shares) =>
  shares[0] * values[at[0]] +
  shares[1] * values[at[1]] +
  shares[2] * values[at[2]] +
  shares[3] * values[at[3]];

// A finer picture: `colour` takes the places of the four points around a pixel, and their shares.
function finer(side, colour) {
  const image = new ImageData(FINE, FINE);
  const pixels = new Uint32Array(image.data.buffer);
  const places = [0, 0, 0, 0];
  const shares = [0, 0, 0, 0];
  const at = Float64Array.from({ length: FINE }, (_, pixel) =>
    Math.min(Math.max(((pixel + 0.5) * side) / FINE - 0.5, 0), side - 1),
  );
  const low = Int32Array.from(at, (place) => Math.min(Math.floor(place), side - 2));
  let pixel = 0;
  for (let y = 0; y < FINE; y++) {
    const down = at[y] - low[y];
    for (let x = 0; x < FINE; x++) {
      const across = at[x] - low[x];
      places[0] = low[y] * side + low[x];
      places[1] = places[0] + 1;
      places[2] = places[0] + side;
      places[3] = places[2] + 1;
      shares[0] = (1 - across) * (1 - down);
      shares[1] = across * (1 - down);
      shares[2] = (1 - across) * down;
      shares[3] = across * down;
      pixels[pixel++] = colour(places, shares);
    }
  }
  return image;
}

// Give a canvas as many pixels as the screen has for it.
export function fit(canvas) {
  const ratio = pixelRatio();
  if (!isFit(canvas))
    Object.assign(canvas, {
      width: Math.round(canvas.clientWidth * ratio),
      height: Math.round(canvas.clientHeight * ratio),
    });
  return ratio;
}

export function isFit({ width, height, clientWidth, clientHeight }) {
  return (
    width === Math.round(clientWidth * pixelRatio()) &&
    height === Math.round(clientHeight * pixelRatio())
  );
}

export const pixelRatio = () => Math.min(window.devicePixelRatio || 1, 2);
