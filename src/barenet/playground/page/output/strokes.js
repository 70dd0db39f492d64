// Lines that are seen on any picture.

import { css, palette } from "../colours.js";

// Fill a mark with a border: a circle, or a polygon, with a corner at the top or turned by a share of a circle.
export function drawMark(context, [x, y], radius, { corners = 0, turn = 0, fill, border, width }) {
  context.beginPath();
  if (!corners) context.arc(x, y, radius, 0, 2 * Math.PI);
  for (let i = 0; i < corners; i++) {
    const angle = 2 * Math.PI * (i / corners + turn);
    context.lineTo(x + radius * Math.sin(angle), y - radius * Math.cos(angle));
  }
  context.closePath();
  Object.assign(context, { fillStyle: fill, strokeStyle: border, lineWidth: width });
  context.setLineDash([]);
  context.fill();
  context.stroke();
}

// Stroke a path in the colour of the ink, with a border in that of the ground.
export function strokeOutlined(context, path, ratio) {
  for (const [width, colour] of [
    [6, css(palette.panel, 0.88)],
    [3, css(palette.ink)],
  ]) {
    Object.assign(context, {
      lineCap: "round",
      lineJoin: "round",
      lineWidth: width * ratio,
      strokeStyle: colour,
    });
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
