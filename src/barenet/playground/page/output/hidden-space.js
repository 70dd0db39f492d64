// The space of a hidden layer: its outputs for the training points, a tab of each network.

import { t } from "../language.js";
import { ServerView } from "./server-view.js";
import { css, palette } from "../colours.js";
import { counted, fillSelect, make, percent, rounded } from "../dom.js";
import { colourOf } from "../data/points.js";
import { drawMark, segmentsOf } from "./strokes.js";

const SHAPES = [
  { sign: "●", size: 1 },
  { sign: "■", corners: 4, turn: 1 / 8, size: 1.4 },
  { sign: "▲", corners: 3, size: 1.3 },
  { sign: "◆", corners: 4, size: 1.4 },
];
const NAMED = 10; // names of classes

export class HiddenSpace extends ServerView {
  static type = "hidden_space";
  static title = "Hidden space";
  static pause = 60;

  constructor(panel, page) {
    super(panel, page);
    this.choice = make("select");
    this.choice.addEventListener("change", () => this.draw());
    this.field = make("label", { className: "field" }, t`Hidden layer`, " ", this.choice);
    this.root = make(
      "div",
      { className: "hidden-space" },
      this.field,
      this.plot,
      this.marks,
      this.words,
    );
  }

  // The layer that is chosen; the last one, as long as none is.
  fields() {
    return {
      layer: Number(this.choice.value || Math.max(this.panel.architecture.layout.length - 2, 0)),
    };
  }

  draw() {
    const count = this.panel.architecture.layout.length - 1;
    if (this.choice.length !== count) {
      fillSelect(
        this.choice,
        Array.from({ length: count }, (_, index) => [index, t`${index + 1} of ${count}`]),
      );
      this.choice.value = count - 1;
    }
    this.field.hidden = count < 2;
    super.draw();
  }

  paintAnswer(context, answer, ratio) {
    const { width, height } = this.canvas;
    const place = (values, i) => [width * values[2 * i], height * values[2 * i + 1]];
    context.fillStyle = css(palette.panel);
    context.fillRect(0, 0, width, height);
    drawSheet(context, answer, place, ratio);
    answer.values.forEach((value, i) => this.point(context, place(answer.points, i), value, ratio));
    Object.assign(context, { lineWidth: 2.5 * ratio, strokeStyle: css(palette.ink) });
    context.stroke(segmentsOf(answer.boundary, this.canvas));
    this.name(answer);
  }

  point(context, place, value, ratio) {
    const { corners, turn, size } = SHAPES[this.panel.data.classes ? value % SHAPES.length : 0];
    drawMark(context, place, 3 * size * ratio, {
      corners,
      turn,
      fill: css(colourOf(value, this.panel.data)),
      border: css(palette.panel, 0.95),
      width: ratio,
    });
  }

  name({ neurons, ranges, across }) {
    let names = [t`1st main direction`, t`2nd main direction`];
    if (neurons === 1) names = [t`neuron ${1}`, ""];
    else if (neurons === 2) names = [t`neuron ${1}`, t`neuron ${2}`];
    else if (across) names = [t`the output’s weights`, t`most variance across them`];
    this.axes.forEach((axis, index) => {
      axis.textContent = names[index] && `${names[index]}, ${rangeWords(ranges[index])}`;
    });
    this.canvas.setAttribute("aria-label", `${t`Hidden space`}. ${this.words.textContent}`);
    const { classes, target } = this.panel.data;
    const shown = (classes ?? []).slice(0, NAMED).map((name, index) => {
      const mark = make("span", {}, SHAPES[index % SHAPES.length].sign);
      mark.style.color = css(colourOf(index, this.panel.data));
      return make("span", { className: "class" }, mark, ` ${name}`);
    });
    this.marks.replaceChildren(...(classes ? shown : [t`${target}: orange is low, blue is high.`]));
  }

  describe() {
    const { neurons, share: explained, values, wrong, sheet, layer, across } = this.answer;
    const place = layer + 1;
    const points = counted(values.length);
    const held = percent(explained);
    let subject = t`Outputs of the ${counted(neurons)} neurons of hidden layer ${place} for ${points} training points.`;
    if (neurons === 1)
      subject = t`Outputs of the neuron of hidden layer ${place} for ${points} training points, spread over the height only so that they can be seen.`;
    else if (neurons > 2 && across)
      subject = t`Outputs of the ${counted(neurons)} neurons of hidden layer ${place} for ${points} training points, on the plane of the direction of the output’s weights and of their greatest variance across it, which holds ${held} of their variance.`;
    else if (neurons > 2)
      subject = t`Outputs of the ${counted(neurons)} neurons of hidden layer ${place} for ${points} training points, on the plane of their first two principal components, which holds ${held} of their variance.`;
    const words = [subject];
    if (sheet.length)
      words.push(t`The grid is the plane of the inputs, as the network has bent it.`);
    if (wrong !== null)
      words.push(
        t`The line is the decision boundary, straight in this space: ${counted(wrong)} of the points lie on the wrong side.`,
      );
    return words.join(" ");
  }
}

const rangeWords = ([low, high]) => t`from ${rounded(low, 2)} to ${rounded(high, 2)}`;

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
