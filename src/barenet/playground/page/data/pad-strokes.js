// The strokes on the digit pad, each a list of points [x, y].

// A drawing is converted at one size with one pen, as the images of the data set were drawn:
// otherwise, a small digit would have thicker lines.
const CONVERTED_SIDE = 150; // of a drawing with its lines, in points of the pad
const CONVERTED_PEN = 18;
const PEN_FOR_8 = 22; // the images of 8 × 8 pixels were made from thicker lines
const LEAST = 12; // the extent of a dot, which isn't enlarged to a digit

export function drawStrokes(context, strokes, pen, colour) {
  Object.assign(context, {
    lineWidth: pen,
    lineCap: "round",
    lineJoin: "round",
    strokeStyle: colour,
  });
  context.beginPath();
  for (const [start, ...points] of strokes) {
    context.moveTo(...start);
    for (const point of points) context.lineTo(...point);
  }
  context.stroke();
}

// The strokes in the middle of a pad, scaled so that the larger side of the drawing has one length,
// and the width of the pen, for images of some height in pixels.
export function fitted(strokes, side, height) {
  const pen = height === 8 ? PEN_FOR_8 : CONVERTED_PEN;
  const points = strokes.flat();
  const [left, right] = rangeOf(points.map(([x]) => x));
  const [top, bottom] = rangeOf(points.map(([, y]) => y));
  const extent = Math.max(right - left, bottom - top, LEAST);
  const scale = (CONVERTED_SIDE - pen) / extent;
  const place = ([x, y]) => [
    side / 2 + scale * (x - (left + right) / 2),
    side / 2 + scale * (y - (top + bottom) / 2),
  ];
  return { strokes: strokes.map((stroke) => stroke.map(place)), pen };
}

const rangeOf = (numbers) => [
  numbers.reduce((least, each) => Math.min(least, each)),
  numbers.reduce((most, each) => Math.max(most, each)),
];
