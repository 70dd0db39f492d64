// The large picture: the output of the network, or of one of its neurons, at every point of the plane.

import { css, palette } from "../colours.js";
import { find, make, rounded, shareAt } from "../dom.js";
import { drawClasses, drawGrid, fit } from "./heatmap.js";
import { numbersInRow, t } from "../language.js";
import { writeAxes } from "../data/plane-axes.js";
import { Points } from "../data/points.js";

const NEURON_SIDE = 24;

export class OutputView {
  constructor(root) {
    this.root = root;
    this.canvas = find(".map", root);
    this.title = find(".title", root);
    this.value = find(".value", root);
    this.legend = find(".legend", root);
    this.hovered = null;
    this.overlay = null; // draws a mark over the points: (canvas, ratio)
    this.pointLayer = new Points();
    this.canvas.addEventListener("pointermove", (event) => {
      this.pointer = event;
      this.showValue(event);
    });
    this.canvas.addEventListener("pointerleave", () => {
      this.pointer = null;
      this.value.textContent = "";
    });
  }

  describe(data) {
    const before = this.data && this.kind();
    this.data = data;
    if (this.kind() !== before) this.frame = null; // it is of other data, and has another form
    writeAxes(find(".plot", this.root), data);
    find("[data-view=discrete]", this.root).closest("label").hidden = !this.isDiscrete();
    this.root.dataset.kind = this.kind();
    this.fillLegend();
  }

  kind() {
    if (this.data.curve) return "curve";
    if (!this.data.classes) return "number";
    return this.data.classes.length === 2 ? "pair" : "classes";
  }

  // Whether there is a choice between soft and sharp borders of classes.
  isDiscrete() {
    return this.kind() === "pair" || this.kind() === "classes";
  }

  // Show a neuron instead of the output; null for the output again.
  hover(wanted) {
    const picture = this.canvas.clientWidth ? wanted : null;
    this.hovered = picture;
    this.root.classList.toggle("of-weights", Boolean(picture?.weights));
    this.title.textContent = picture ? picture.name : t`Output`;
    this.fillLegend();
    this.draw();
  }

  draw(frame = this.frame, points = this.points, view = this.view) {
    Object.assign(this, { frame, points, view });
    if (!frame || !points || !this.canvas.clientWidth) return; // another tab is shown
    const ratio = fit(this.canvas);
    if (this.hovered) {
      drawGrid(this.canvas, this.hovered.values(), NEURON_SIDE, { smooth: !this.hovered.weights });
      if (this.hovered.weights) return; // they are no place of a point
    } else if (this.kind() === "curve") {
      this.drawCurve(ratio);
    } else if (this.kind() === "classes") {
      drawClasses(this.canvas, frame.output, frame.side, view);
    } else {
      drawGrid(this.canvas, frame.output, frame.side, {
        discrete: view.discrete && this.isDiscrete(),
      });
    }
    this.pointLayer.draw(this.canvas, points, this.data, ratio, view.tests);
    this.overlay?.(this.canvas, ratio);
  }

  drawCurve(ratio) {
    const context = this.canvas.getContext("2d");
    const { width, height } = this.canvas;
    const low = this.data.low[1];
    const high = this.data.high[1];
    context.fillStyle = css(palette.panel);
    context.fillRect(0, 0, width, height);
    context.beginPath();
    this.frame.output.forEach((value, index) => {
      const x = (index / (this.frame.output.length - 1)) * width;
      const y = (1 - (value - low) / (high - low)) * height;
      context.lineTo(x, Math.max(-9, Math.min(height + 9, y)));
    });
    context.lineWidth = 3 * ratio;
    context.strokeStyle = css(palette.ink);
    context.stroke();
  }

  fillLegend() {
    const kind = this.kind();
    const { classes, range } = this.data;
    if (this.hovered) this.fillScale(-this.hovered.scale(), 0, this.hovered.scale());
    else if (kind === "classes") this.fillClasses(classes.slice(0, 10));
    else if (kind === "curve")
      this.legend.replaceChildren(
        t`The line is the prediction of the network; the points are the data.`,
      );
    else if (kind === "pair") this.fillScale(classes[0], t`unsure`, classes[1]);
    else this.fillScale(range[0], (range[0] + range[1]) / 2, range[1]);
  }

  fillClasses(names) {
    const shown = names.map((name, index) => {
      const dot = make("span", { className: "dot" });
      dot.style.background = css(palette.classes[index]);
      return make("span", { className: "class" }, dot, name);
    });
    this.legend.replaceChildren(...shown);
  }

  fillScale(...values) {
    const words = values.map((value) => (typeof value === "number" ? rounded(value, 2) : value));
    const ends = words.map((word) => make("span", {}, word));
    this.legend.replaceChildren(
      make("span", { className: "scale" }),
      make("span", { className: "ends" }, ...ends),
    );
    this.legend.setAttribute(
      "aria-label",
      t`Colour scale: orange for ${words[0]}, blue for ${words[2]}`,
    );
  }

  // Read the value under the pointer, also when it rests while the network learns.
  showValue(event = this.pointer) {
    if (!event || !this.frame || this.kind() === "curve" || this.hovered?.weights) return;
    const [across, down] = shareAt(event, this.canvas);
    if (across < 0 || across >= 1 || down < 0 || down >= 1) return;
    this.value.textContent = `${this.place(across, 1 - down)}: ${this.valueAt(across, down)}`;
  }

  place(across, up) {
    const at = [across, up].map(
      (share, axis) => this.data.low[axis] + share * (this.data.high[axis] - this.data.low[axis]),
    );
    return `(${numbersInRow(at.map((value) => rounded(value, 2)))})`;
  }

  valueAt(across, down) {
    if (this.hovered) {
      const index = Math.floor(down * NEURON_SIDE) * NEURON_SIDE + Math.floor(across * NEURON_SIDE);
      return rounded((this.hovered.values()[index] / 127) * this.hovered.scale());
    }
    const { output, side } = this.frame;
    const index = Math.floor(down * side) * side + Math.floor(across * side);
    const { classes, range } = this.data;
    if (this.kind() === "classes") {
      return `${classes[output[index]]}, ${certainty(output[side * side + index] / 127)}`;
    }
    const share = (output[index] / 127 + 1) / 2;
    if (this.kind() === "pair")
      return `${classes[share >= 0.5 ? 1 : 0]}, ${certainty(Math.max(share, 1 - share))}`;
    return rounded(range[0] + share * (range[1] - range[0]));
  }
}

// A probability of a byte, which is 1 from 99.6 % on.
export const certainty = (share) =>
  share >= 0.995 ? t`over 99 %` : `${Math.round(100 * share)} %`;
