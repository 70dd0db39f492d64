// The points of the data: drawn once, then laid over each picture.

import { css, palette } from "../colours.js";
import { drawMark } from "../output/strokes.js";

export class Points {
  constructor() {
    this.layer = document.createElement("canvas");
    this.drawn = [];
  }

  draw(canvas, ...wanted) {
    const key = [...wanted, canvas.width, canvas.height, css(palette.panel)];
    if (key.some((each, index) => each !== this.drawn[index])) {
      this.drawn = key;
      this.layer.width = canvas.width;
      this.layer.height = canvas.height;
      drawPoints(this.layer, ...wanted);
    }
    canvas.getContext("2d").drawImage(this.layer, 0, 0);
  }
}

export function drawPoints(canvas, points, data, ratio, showTests) {
  const context = canvas.getContext("2d");
  const { positions, values, tests } = points;
  const many = values.length > 600;
  const radius = (many ? 2.2 : 3) * ratio;
  for (let i = 0; i < values.length; i++) {
    if (tests[i] && !showTests) continue;
    const place = [positions[2 * i] * canvas.width, (1 - positions[2 * i + 1]) * canvas.height];
    const border = tests[i] ? css(palette.ink, 0.9) : css(palette.panel, 0.95);
    drawMark(context, place, radius, {
      fill: css(colourOf(values[i], data)),
      border,
      width: ratio,
    });
  }
}

export function colourOf(value, data) {
  if (!data.classes) return palette.at(2 * value - 1);
  if (data.classes.length === 2) return value ? palette.positive : palette.negative;
  return palette.ofClass(value);
}
