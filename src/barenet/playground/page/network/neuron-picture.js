// One neuron enlarged: its output on the plane, the line on which its sum is 0, and its arrow.

import { css, palette } from "../colours.js";
import { drawGrid, fit } from "../output/heatmap.js";
import { t } from "../language.js";
import { drawPoints } from "../data/points.js";
import { segmentsOf, strokeOutlined } from "../output/strokes.js";

const ARROW = 0.14; // of the picture's side

// `answer`: the server's view of the neuron; `panel`: the network's panel, with the data.
export function drawPortrait(canvas, answer, panel, points, view) {
  const ratio = fit(canvas);
  drawGrid(canvas, Int8Array.from(answer.picture), answer.side);
  if (points) drawPoints(canvas, points, panel.data, ratio, view.tests);
  const context = canvas.getContext("2d");
  Object.assign(context, {
    lineCap: "round",
    lineWidth: 1.4 * ratio,
    strokeStyle: css(palette.ink, 0.6),
  });
  for (const lines of answer.before) context.stroke(segmentsOf(lines, canvas));
  strokeOutlined(context, segmentsOf(answer.line, canvas), ratio);
  if (answer.arrow) drawArrow(canvas, answer, ratio);
}

function drawArrow(canvas, { arrow, activation }, ratio) {
  const x = arrow[0] * canvas.width;
  const y = arrow[1] * canvas.height;
  const [right, down] = arrow.slice(2);
  const length = ARROW * canvas.width;
  const tipX = x + right * length;
  const tipY = y + down * length;
  const head = 8 * ratio;
  const path = new Path2D();
  path.moveTo(x, y);
  path.lineTo(tipX, tipY);
  for (const side of [-1, 1]) {
    path.moveTo(tipX, tipY);
    path.lineTo(
      tipX - head * (right + side * 0.6 * down),
      tipY - head * (down - side * 0.6 * right),
    );
  }
  strokeOutlined(canvas.getContext("2d"), path, ratio);
  const [positive, negative] =
    activation === "softmax" ? [t`this class`, t`another`] : ["z > 0", "z < 0"];
  label(canvas, positive, [tipX, tipY], [right, down], ratio);
  label(canvas, negative, [x, y], [-right, -down], ratio);
}

// Beyond a point, seen along a direction; beside it, where the picture has no room there.
function label(canvas, text, [fromX, fromY], [right, down], ratio) {
  const context = canvas.getContext("2d");
  context.font = `600 ${13 * ratio}px ${getComputedStyle(canvas).fontFamily}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  const width = context.measureText(text).width + 10 * ratio;
  const height = 19 * ratio;
  const within = (value, size, most) =>
    Math.max(size / 2 + 2, Math.min(most - size / 2 - 2, value));
  const places = [
    [right, down],
    [-down, right],
    [down, -right],
  ].map(([across, below]) => {
    const far = 8 * ratio + (Math.abs(across) * width + Math.abs(below) * height) / 2;
    const place = [fromX + across * far, fromY + below * far];
    return {
      place,
      fitting: [within(place[0], width, canvas.width), within(place[1], height, canvas.height)],
    };
  });
  const moved = ({ place, fitting }) => Math.hypot(place[0] - fitting[0], place[1] - fitting[1]);
  const [left, top] = (places.find((each) => moved(each) < 1) ?? places[0]).fitting;
  context.fillStyle = css(palette.panel, 0.88);
  context.beginPath();
  context.roundRect(left - width / 2, top - height / 2, width, height, 5 * ratio);
  context.fill();
  context.fillStyle = css(palette.ink);
  context.fillText(text, left, top + ratio);
}
