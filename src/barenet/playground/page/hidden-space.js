// The space of a hidden layer: its outputs for the training points, a tab of each network.

import { ServerView } from "./server-view.js";
import { css, palette } from "./colours.js";
import { counted, fillSelect, make, percent, rounded } from "./dom.js";
import { colourOf } from "./points.js";

const SHAPES = ["●", "■", "▲", "◆"];
const PLAIN = 10; // names of classes

export class HiddenSpace extends ServerView {
  static type = "hidden_space";
  static title = "Hidden space";
  static pause = 60;

  constructor(panel, page) {
    super(panel, page);
    this.choice = make("select");
    this.choice.addEventListener("change", () => this.draw());
    this.field = make("label", { className: "field" }, "Hidden layer ", this.choice);
    this.root = make("div", { className: "hidden-space" }, this.field, this.plot, this.marks, this.words);
  }

  // The layer that is chosen; the last one, as long as none is.
  fields() {
    return { layer: Number(this.choice.value || Math.max(this.panel.facts.layout.length - 2, 0)) };
  }

  draw() {
    const count = this.panel.facts.layout.length - 1;
    if (this.choice.length !== count) {
      fillSelect(this.choice, Array.from({ length: count }, (_, index) => [index, `${index + 1} of ${count}`]));
      this.choice.value = count - 1;
    }
    this.field.hidden = count < 2;
    super.draw();
  }

  take(answer) {
    if (!answer.hint) alignTo(this.answer, answer);
    super.take(answer);
  }

  paintAnswer(context, answer, ratio) {
    const { width, height } = this.canvas;
    const ranges = rangesOf(answer);
    const place = (values, i) => [width * share(values[2 * i], ranges[0]), height * (1 - share(values[2 * i + 1], ranges[1]))];
    context.fillStyle = css(palette.panel);
    context.fillRect(0, 0, width, height);
    drawSheet(context, answer, place, ratio);
    answer.values.forEach((value, i) => this.point(context, place(answer.points, i), value, ratio));
    if (answer.boundary.length) drawBoundary(context, answer.boundary, ranges, place, ratio);
    this.name(ranges);
  }

  point(context, [x, y], value, ratio) {
    const classes = this.panel.data.classes;
    const [shape, radius] = [classes ? value % SHAPES.length : 0, 3 * ratio];
    context.beginPath();
    if (shape === 0) context.arc(x, y, radius, 0, 2 * Math.PI);
    const corners = [[], [[-1, -1], [1, -1], [1, 1], [-1, 1]], [[0, -1.3], [1.2, 0.9], [-1.2, 0.9]], [[0, -1.4], [1.4, 0], [0, 1.4], [-1.4, 0]]][shape];
    for (const [right, down] of corners) context.lineTo(x + right * radius, y + down * radius);
    context.closePath();
    context.fillStyle = css(colourOf(value, this.panel.data));
    context.fill();
    context.lineWidth = ratio;
    context.strokeStyle = css(palette.panel, 0.95);
    context.stroke();
  }

  name(ranges) {
    const { neurons } = this.answer;
    const names = neurons > 2 ? ["1st main direction", "2nd main direction"] : ["neuron 1", neurons === 2 ? "neuron 2" : ""];
    this.axes.forEach((axis, index) => (axis.textContent = names[index] && `${names[index]}, from ${rounded(ranges[index][0], 2)} to ${rounded(ranges[index][1], 2)}`));
    this.canvas.setAttribute("aria-label", `Hidden space. ${this.words.textContent}`);
    const { classes, target } = this.panel.data;
    const shown = (classes ?? []).slice(0, PLAIN).map((name, index) => {
      const mark = make("span", {}, SHAPES[index % SHAPES.length]);
      mark.style.color = css(colourOf(index, this.panel.data));
      return make("span", { className: "class" }, mark, ` ${name}`);
    });
    this.marks.replaceChildren(...(classes ? shown : [`${target}: orange is low, blue is high.`]));
  }

  describe() {
    const { neurons, share: explained, values, boundary, sheet, layer } = this.answer;
    const words = [`Outputs of ${neurons === 1 ? "the neuron" : `the ${counted(neurons)} neurons`} of hidden layer ${layer + 1} for ${counted(values.length)} training points`];
    if (neurons > 2) words[0] += `, on the plane of their first two principal components, which holds ${percent(explained)} of their variance`;
    if (neurons === 1) words[0] += ", spread over the height only so that they can be seen";
    if (sheet.length) words.push("The grid is the plane of the inputs, as the network has bent it");
    if (boundary.length) words.push(`The line is the decision boundary, straight in this space: ${counted(this.wrong())} of the points lie on the wrong side`);
    return `${words.join(". ")}.`;
  }

  wrong() {
    const { points, values, boundary: [first, second, bias] } = this.answer;
    return values.filter((value, i) => first * points[2 * i] + second * points[2 * i + 1] + bias > 0 !== value > 0).length;
  }
}

const share = (value, [low, high]) => 0.04 + (0.92 * (value - low)) / (high - low);

// One neuron has one axis, the height is only to tell points apart. Principal components have no
// sign: take that of the picture before.
function alignTo(before, answer) {
  const spread = (values) => values.flatMap((value, i) => [value, (i * 0.618) % 1]);
  if (answer.neurons === 1) Object.assign(answer, { points: spread(answer.points), sheet: [] });
  if (answer.neurons < 3 || before?.points?.length !== answer.points.length) return;
  for (const axis of [0, 1]) {
    const alike = answer.points.reduce((sum, value, i) => sum + (i % 2 === axis ? value * before.points[i] : 0), 0);
    if (alike < 0) for (const values of [answer.points, answer.sheet]) for (let i = axis; i < values.length; i += 2) values[i] *= -1;
  }
}

// Ranges of the axes in steps, so that they seldom change; of the same length for principal components.
function rangesOf({ points, neurons }) {
  const axes = [0, 1].map((axis) => rangeOf(points.filter((_, i) => i % 2 === axis)));
  if (neurons === 1) return [axes[0], [0, 1]];
  if (neurons === 2) return axes;
  const length = Math.max(...axes.map(([low, high]) => high - low));
  return axes.map(([low, high]) => [(low + high - length) / 2, (low + high + length) / 2]);
}

function rangeOf(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const step = 2 ** Math.ceil(Math.log2(high - low || 1)) / 8;
  return [step * Math.floor(low / step), step * (Math.floor(high / step) + 1)];
}

// The plane of the inputs, as a grid of lines.
function drawSheet(context, { sheet, side }, place, ratio) {
  const line = (start, stride) => {
    context.beginPath();
    for (let i = 0; i < side; i++) context.lineTo(...place(sheet, start + i * stride));
    context.stroke();
  };
  context.strokeStyle = css(palette.muted, 0.35);
  context.lineWidth = ratio;
  for (let i = 0; sheet.length && i < side; i++) {
    line(i * side, 1);
    line(i, side);
  }
}

// The line w·h + b = 0, from one edge of the picture to the other.
function drawBoundary(context, [first, second, bias], [across, up], place, ratio) {
  const steep = Math.abs(first) * (across[1] - across[0]) > Math.abs(second) * (up[1] - up[0]);
  const reach = ([low, high]) => [2 * low - high, 2 * high - low];
  const ends = steep ? reach(up).flatMap((y) => [-(second * y + bias) / first, y]) : reach(across).flatMap((x) => [x, -(first * x + bias) / second]);
  context.beginPath();
  context.moveTo(...place(ends, 0));
  context.lineTo(...place(ends, 1));
  context.lineWidth = 2.5 * ratio;
  context.strokeStyle = css(palette.ink);
  context.stroke();
}
