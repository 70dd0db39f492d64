// Lines that are seen on any picture.

import { css, palette } from "./colours.js";

// Stroke a path in the colour of the ink, with a border in that of the ground.
export function strokeOutlined(context, path, ratio) {
  for (const [width, colour] of [[6, css(palette.panel, 0.88)], [3, css(palette.ink)]]) {
    Object.assign(context, { lineCap: "round", lineJoin: "round", lineWidth: width * ratio, strokeStyle: colour });
    context.stroke(path);
  }
}

// The path of separate segments, four numbers each, in fractions of a canvas.
export function segmentsOf(lines, { width, height }) {
  const path = new Path2D();
  for (let i = 0; i < lines.length; i += 4) {
    path.moveTo(lines[i] * width, lines[i + 1] * height);
    path.lineTo(lines[i + 2] * width, lines[i + 3] * height);
  }
  return path;
}
