// The learning curve of a recording, on a canvas, with the place in it.

import { css, palette } from "./colours.js";
import { fit } from "./heatmap.js";
import { ticksBetween } from "./plane-axes.js";

const [LEFT, BOTTOM, TOP, RIGHT] = [38, 18, 8, 12]; // pixels around the plot

// `rows`: [epoch, loss, test loss, …]; `epoch`: the one that is shown.
export function drawCurve(canvas, rows, epoch) {
  const ratio = fit(canvas);
  const context = canvas.getContext("2d");
  const [width, height] = [canvas.width / ratio, canvas.height / ratio];
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const most = Math.max(...rows.flatMap(([, loss, test]) => [loss, test]).filter(Number.isFinite), 1e-9);
  const last = rows.at(-1)[0] || 1;
  const x = (value) => LEFT + (value / last) * (width - LEFT - RIGHT);
  const y = (value) => height - BOTTOM - (value / most) * (height - BOTTOM - TOP);
  Object.assign(context, { font: "11px system-ui, sans-serif", fillStyle: css(palette.muted), textBaseline: "middle", textAlign: "right" });
  for (const { share, text } of ticksBetween(0, most)) {
    context.fillText(text, LEFT - 6, y(share * most));
    line(context, [[LEFT, y(share * most)], [width - RIGHT, y(share * most)]], palette.line, 1);
  }
  Object.assign(context, { textBaseline: "top", textAlign: "center" });
  for (const { share, text } of ticksBetween(0, last)) context.fillText(text, x(share * last), height - BOTTOM + 4);
  line(context, rows.map(([at, loss]) => [x(at), y(loss)]), palette.muted, 1.5);
  line(context, rows.map(([at, , test]) => [x(at), y(test)]), palette.ink, 2);
  line(context, [[x(epoch), TOP], [x(epoch), height - BOTTOM]], palette.positive, 2);
}

// The epoch at a place across.
export const epochAt = (canvas, across, rows) => ((across - LEFT) / (canvas.clientWidth - LEFT - RIGHT)) * rows.at(-1)[0];

function line(context, places, colour, width) {
  context.beginPath();
  for (const [x, y] of places) if (Number.isFinite(y)) context.lineTo(x, y);
  Object.assign(context, { strokeStyle: css(colour), lineWidth: width, lineJoin: "round" });
  context.stroke();
}
