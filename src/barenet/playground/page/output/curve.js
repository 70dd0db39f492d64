// Learning curves on a canvas, with their axes.

import { css, palette } from "../colours.js";
import { letterScale } from "../dom.js";
import { fit } from "./heatmap.js";
import { decadesBetween, ticksBetween } from "../data/plane-axes.js";
import { drawMark } from "./strokes.js";

const RIGHT = 14; // pixels beside the plot
const TOP = 8; // … above it
// … where the numbers are, which grow with the letters.
const left = () => 40 * letterScale();
const bottom = () => 20 * letterScale();

// `lines`: { places: [epoch, loss] each, colour, width, dash }, also from top to bottom at an `epoch`;
// `ring`: a place to mark; `log`: a logarithmic axis, on which a loss of 0 has no place.
export function drawCurve(canvas, lines, { ring = null, log = false } = {}) {
  const ratio = fit(canvas);
  const context = canvas.getContext("2d");
  const width = canvas.width / ratio;
  const height = canvas.height / ratio;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const shown = ([, loss]) => Number.isFinite(loss) && (!log || loss > 0);
  const losses = lines.flatMap(({ places = [] }) => places.filter(shown).map(([, loss]) => loss));
  const last = lastEpoch(lines);
  const scale = log ? Math.log10 : (loss) => loss;
  const [low, high] = rangeOf(losses.map(scale), log);
  const start = left();
  const floor = height - bottom();
  const x = (epoch) => start + (epoch / last) * (width - start - RIGHT);
  const up = (share) => floor - share * (floor - TOP);
  const y = (loss) => up((scale(loss) - low) / (high - low));
  Object.assign(context, {
    font: `${12 * letterScale()}px ${getComputedStyle(canvas).fontFamily}`,
    fillStyle: css(palette.muted),
    textBaseline: "middle",
    textAlign: "right",
  });
  for (const { share, text } of log ? decadesBetween(low, high) : ticksBetween(low, high)) {
    context.fillText(text, start - 6, up(share));
    trace(
      context,
      [
        [start, up(share)],
        [width - RIGHT, up(share)],
      ],
      { colour: palette.line, width: 1 },
    );
  }
  Object.assign(context, { textBaseline: "top", textAlign: "center" });
  for (const { share, text } of ticksBetween(0, last))
    if (isWhole(share * last)) context.fillText(text, x(share * last), floor + 4);
  for (const line of lines) {
    const places = line.places?.filter(shown).map(([epoch, loss]) => [x(epoch), y(loss)]);
    trace(
      context,
      places ?? [
        [x(line.epoch), TOP],
        [x(line.epoch), floor],
      ],
      line,
    );
  }
  if (ring && shown(ring))
    drawMark(context, [x(ring[0]), y(ring[1])], 4, {
      fill: css(palette.panel),
      border: css(palette.ink),
      width: 2,
    });
}

// The epoch at a place across a canvas, in pixels.
export const epochAt = (canvas, across, lines) =>
  ((across - left()) / (canvas.clientWidth - left() - RIGHT)) * lastEpoch(lines);

const isWhole = (epoch) => Math.abs(epoch - Math.round(epoch)) < 1e-6;

const lastEpoch = (lines) => Math.max(...lines.map(({ places }) => places?.at(-1)?.[0] ?? 0)) || 1;

// From 0, unless a loss is below; on a logarithmic axis from one power of ten to another.
function rangeOf(heights, log) {
  if (!log) return [Math.min(0, ...heights), Math.max(0, ...heights) || 1];
  if (!heights.length) return [0, 1];
  const low = Math.floor(Math.min(...heights));
  const high = Math.ceil(Math.max(...heights));
  return [low, Math.max(high, low + 1)];
}

function trace(context, places, { colour, width, dash = [] }) {
  context.beginPath();
  for (const place of places) context.lineTo(...place);
  context.setLineDash(dash);
  Object.assign(context, { strokeStyle: css(colour), lineWidth: width, lineJoin: "round" });
  context.stroke();
}

// The row nearest to an epoch, which each begins with.
export function nearest(rows, epoch) {
  let best = null;
  for (const row of rows) {
    if (best === null || Math.abs(row[0] - epoch) < Math.abs(best[0] - epoch)) best = row;
  }
  return best;
}
