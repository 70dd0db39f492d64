// The weights of one neuron of a recording, with sliders, at the side of the page.

import { make } from "./dom.js";

const MANY = 9; // weights that need not be scrolled

export class Weights {
  // `acts`: edit(index, value), putBack(indices).
  constructor(side, acts) {
    Object.assign(this, { side, acts, fields: [], root: make("div") });
  }

  // `neuron`: { name, inputs: names, index: place of each weight, bias }.
  open(neuron, weights, { row, onClose }) {
    const names = [...neuron.inputs.map((name) => `weight of ${name}`), "bias"];
    this.fields = [...neuron.index, neuron.bias].map((index, place) => this.field(names[place], index));
    const table = make("table", { className: "weights" }, make("tbody", {}, ...this.fields.map((field) => field.row)));
    const back = make("button", { className: "button", type: "button" }, "Put back");
    back.addEventListener("click", () => this.acts.putBack(this.fields.map((field) => field.index)));
    this.root.replaceChildren(
      make("p", { className: "hint" }, "Move a weight: the pictures follow. Another epoch has its own weights again."),
      make("div", { className: this.fields.length > MANY ? "many" : "" }, table),
      make("p", { className: "orders" }, back),
    );
    this.side.open(neuron.name, this.root, onClose);
    this.show(weights);
    if (row !== undefined) this.fields[row]?.number.select();
  }

  field(name, index) {
    const slide = make("input", { type: "range", step: "any", "aria-label": `Move the ${name}` });
    const number = make("input", { type: "number", step: "any", "aria-label": `The ${name}` });
    slide.addEventListener("input", () => this.acts.edit(index, Number(slide.value)));
    number.addEventListener("change", () => number.value !== "" && this.acts.edit(index, Number(number.value)));
    return { index, slide, number, row: make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, slide), make("td", {}, number)) };
  }

  show(weights) {
    for (const { index, slide, number } of this.side.shows(this.root) ? this.fields : []) {
      const value = weights[index];
      const reach = Math.max(Number(slide.max) * (slide.min < 0), 3, Math.ceil(2 * Math.abs(value)));
      if (slide !== document.activeElement) Object.assign(slide, { min: -reach, max: reach });
      slide.value = value;
      if (number !== document.activeElement) number.value = +value.toPrecision(4);
    }
  }
}
