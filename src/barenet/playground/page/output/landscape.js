// The landscape: the training loss on the plane of the path of the weights, a tab of each network.

import { listed, localNumber, t } from "../language.js";
import { ServerView } from "./server-view.js";
import { css, palette } from "../colours.js";
import { writeTicks } from "../data/plane-axes.js";
import { counted, make, percent, rounded, shareAt } from "../dom.js";
import { drawGrid } from "./heatmap.js";
import { drawMark, segmentsOf } from "./strokes.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const NEAR = 0.03; // of the side, to a place of the path
const GRIP = 0.06; // of the side, to the start of a path that can be dragged
const RUNS = 5; // earlier paths that are drawn

export class Landscape extends ServerView {
  static type = "landscape";
  static title = "Landscape";
  static pause = 1000;

  constructor(panel, page) {
    super(panel, page);
    this.canvas.tabIndex = 0;
    Object.assign(this, { start: null, earlier: [] });
    this.value = make("p", { className: "surface-value" });
    this.root = make(
      "div",
      { className: "landscape" },
      this.value,
      this.plot,
      this.marks,
      this.words,
    );
    this.canvas.addEventListener("pointerdown", (event) => this.grip(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(shareAt(event, this.canvas)));
    this.canvas.addEventListener("pointerup", () => this.drop());
    this.canvas.addEventListener("pointercancel", () => this.release());
    this.canvas.addEventListener("pointerleave", ({ pointerType }) => {
      if (pointerType !== "touch") this.read(null); // a tap reads, too
    });
    this.canvas.addEventListener("keydown", (event) => this.step(event));
  }

  // A path that begins again leaves the one before it on a plane of two weights.
  take(answer) {
    const [before] = this.answer?.paths ?? [];
    const isSamePlane = answer.reach && answer.reach === this.answer?.reach;
    if (!isSamePlane) this.earlier = [];
    else if (before.epochs.length > 1 && answer.paths[0].epochs.length < before.epochs.length)
      this.earlier = [...this.earlier, before.places].slice(-RUNS);
    super.take(answer);
  }

  // The start of the path of two weights can be dragged: the network begins there again.
  grip(event) {
    const at = shareAt(event, this.canvas);
    this.read(at);
    if (!this.answer?.reach) return;
    const [x, y] = this.answer.paths[0].places;
    if (Math.hypot(at[0] - x, at[1] - y) > GRIP) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.start = at;
  }

  move(at) {
    if (this.start) this.start = at.map((share) => Math.max(0, Math.min(1, share)));
    this.read(at);
    if (this.start) this.paint();
  }

  release() {
    this.start = null;
    this.paint();
  }

  drop() {
    if (!this.start) return;
    const { reach } = this.answer;
    const [across, down] = this.start;
    const weights = [reach * (2 * across - 1), reach * (1 - 2 * down)];
    const edits = this.page.edits();
    edits[this.panel.place] = weights.map((value, index) => {
      return { epoch: 0, index, value: Number(value.toFixed(2)) };
    });
    this.start = null;
    this.page.plan(edits);
  }

  paint() {
    super.paint();
    if (this.answer) this.read(this.answer.hint ? null : this.at);
  }

  paintAnswer(context, answer, ratio) {
    const { width, height } = this.canvas;
    drawGrid(this.canvas, colours(answer), answer.side);
    Object.assign(context, { lineWidth: ratio, strokeStyle: css(palette.ink, 0.28) });
    for (const lines of answer.lines) context.stroke(segmentsOf(lines, this.canvas));
    context.save();
    context.scale(width, height); // lines are as wide as `pixel` then
    const pixel = ratio / width;
    for (const places of this.earlier) drawEarlier(context, places, pixel);
    answer.paths.forEach((path, index) =>
      drawPath(context, path, pixel, { isDashed: index > 0, hasTwoWeights: Boolean(answer.reach) }),
    );
    if (this.start) drawDot(context, this.start, 6 * pixel, palette.panel, pixel);
    context.restore();
    if (answer.paths.length > 1)
      answer.paths.forEach((path, index) => this.letter(context, path, "AB"[index], ratio));
    this.name();
  }

  letter(context, { current: [x, y] }, name, ratio) {
    context.font = `600 ${13 * ratio}px system-ui, sans-serif`;
    context.lineWidth = 4 * ratio;
    context.strokeStyle = css(palette.panel);
    context.fillStyle = css(palette.ink);
    const place = [x * context.canvas.width + 8 * ratio, y * context.canvas.height - 7 * ratio];
    context.strokeText(name, ...place);
    context.fillText(name, ...place);
  }

  name() {
    const { shares, paths, reach } = this.answer;
    const [first, second] = shares.map(percent);
    const names = reach
      ? ["w₁", "w₂"]
      : [t`1st direction: ${first} of the path`, t`2nd direction: ${second} of the path`];
    const [low, high] = reach ? [-reach, reach] : [0, 0]; // directions have no scale
    writeTicks(this.plot, names, [low, low], [high, high]);
    const best = listed(paths.map(({ best_epoch: epoch }) => counted(epoch)));
    this.marks.textContent = reach
      ? t`○ start  ● now`
      : t`○ start  ● now  ◇ lowest test loss (about epoch ${best})`;
    this.canvas.setAttribute(
      "aria-label",
      t`Training loss around the path of the weights. ${this.words.textContent} Arrow keys read the loss.`,
    );
  }

  describe() {
    const { shares, paths, rows, constant, losses, reach } = this.answer;
    const finite = losses.filter((loss) => loss !== null);
    const held = percent(shares[0] + shares[1]);
    let plane = t`This plane holds ${held} of the path.`;
    if (reach) plane = t`Drag the start to begin there again.`;
    else if (paths.length > 1) plane = t`This plane holds ${held} of the paths.`;
    const sentences = [plane];
    paths.forEach(({ losses: [loss, below] }, index) => {
      const subject = paths.length > 1 ? [t`Network A`, t`Network B`][index] : t`The network`;
      sentences.push(
        t`${subject} has the training loss ${short(loss)}; the plane has ${short(below)} at its place.`,
      );
    });
    const lowest = short(Math.min(...finite));
    const highest = short(Math.max(...finite));
    sentences.push(
      t`Losses from ${lowest} to ${highest}: blue is better than a constant prediction (${rounded(constant)}), orange worse.`,
    );
    if (rows[0] < rows[1])
      sentences.push(t`Measured on ${counted(rows[0])} of ${counted(rows[1])} training rows.`);
    return sentences.join(" ");
  }

  // Read the loss at a place, and the epoch if the path is near.
  read(at) {
    this.at = at;
    const { answer } = this;
    if (!at || !answer?.losses) {
      this.value.textContent = answer?.hint ? "" : t`Point at the landscape to read the loss.`;
      return;
    }
    const [column, row] = at.map((share) =>
      Math.min(answer.side - 1, Math.max(0, Math.floor(share * answer.side))),
    );
    this.value.textContent = `${t`Loss ${short(answer.losses[row * answer.side + column])}`}${this.epochAt(at)}`;
  }

  epochAt([x, y]) {
    let nearest = 0; // the epoch
    let least = Infinity;
    for (const { places, epochs } of this.answer.paths) {
      epochs.forEach((epoch, i) => {
        const distance = Math.hypot(places[2 * i] - x, places[2 * i + 1] - y);
        if (distance < least) {
          nearest = epoch;
          least = distance;
        }
      });
    }
    return least < NEAR ? t`, the path at epoch ${counted(nearest)}` : "";
  }

  step(event) {
    const move = STEPS[event.key];
    if (!move || !this.answer?.side) return;
    event.preventDefault();
    const side = this.answer.side;
    this.read(
      (this.at ?? this.answer.paths[0].current).map((share, axis) =>
        Math.min(1 - 0.5 / side, Math.max(0.5 / side, share + move[axis] / side)),
      ),
    );
  }
}

// Three significant digits, also of a small loss.
const short = (loss) =>
  loss >= 1e-4 && loss < 0.1 ? localNumber(loss.toPrecision(3)) : rounded(loss);

// From −127 to 127: in the middle, the loss of a constant prediction, on a logarithmic scale.
function colours({ losses, constant }) {
  const heights = losses.map((loss) =>
    loss === null ? Infinity : Math.log(Math.max(loss, 1e-12) / constant),
  );
  const low = Math.min(...heights, -1e-9);
  const high = Math.max(...heights.filter(Number.isFinite), 1e-9);
  return heights.map((height) =>
    Math.round(-127 * Math.min(1, height < 0 ? -height / low : height / high)),
  );
}

function drawDot(context, place, radius, colour, pixel, corners = 0) {
  const border = css(colour === palette.ink ? palette.panel : palette.ink);
  drawMark(context, place, radius, { corners, fill: css(colour), border, width: 1.5 * pixel });
}

// The line from place to place.
function trace(context, places) {
  context.lineJoin = "round";
  context.beginPath();
  for (let i = 0; i < places.length; i += 2) context.lineTo(places[i], places[i + 1]);
}

function drawEarlier(context, places, pixel) {
  trace(context, places);
  Object.assign(context, { strokeStyle: css(palette.ink, 0.4), lineWidth: 1.5 * pixel });
  context.setLineDash([]);
  context.stroke();
  drawDot(context, places.slice(0, 2), 3 * pixel, palette.panel, pixel);
}

function drawPath(context, { places, current, best }, pixel, { isDashed, hasTwoWeights }) {
  const at = (index) => [places[2 * index], places[2 * index + 1]];
  const dot = (place, radius, colour, corners) =>
    drawDot(context, place, radius * pixel, colour, pixel, corners);
  trace(context, places);
  for (const [colour, width] of [
    [palette.panel, 4],
    [palette.ink, 2],
  ]) {
    context.setLineDash(isDashed && width === 2 ? [5 * pixel, 4 * pixel] : []);
    context.strokeStyle = css(colour, 0.9);
    context.lineWidth = width * pixel;
    context.stroke();
  }
  dot(at(0), 4.5, palette.panel);
  if (!hasTwoWeights) dot(at(best), 6.5, palette.panel, 4);
  dot(current, 5.5, palette.ink);
}
