// One neuron in numbers: its weights, to be changed, and what the step just taken did to them.

import { find, make, rounded } from "./dom.js";

export class NeuronPanel {
  constructor(dialog, { edit, explain }) {
    Object.assign(this, { dialog, edit, explain });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }

  // `neuron`: { name, lane, layer, neuron, inputs: names, index: place of each weight, bias }.
  open(neuron, weights, row) {
    this.neuron = neuron;
    const close = make("button", { className: "text close", type: "button" }, "Close");
    close.addEventListener("click", () => this.dialog.close());
    this.told = make("div", { className: "told" });
    const ask = make("button", { className: "text", type: "button" }, "Explain the step just taken");
    ask.addEventListener("click", () => this.explain(neuron));
    this.dialog.replaceChildren(
      close,
      make("h2", { id: "neuron-title" }, neuron.name),
      make("p", { className: "hint" }, "Change a number and press enter: the network goes on from there."),
      this.table(weights),
      ask,
      this.told,
    );
    if (!this.dialog.open) this.dialog.showModal();
    const wanted = row === undefined ? find("input", this.dialog) : this.inputs[row];
    wanted?.focus();
    wanted?.select();
    this.told.replaceChildren();
  }

  table(weights) {
    this.inputs = [];
    const rows = this.neuron.inputs.map((name, row) => this.row(`from ${name}`, row, weights[this.neuron.index[row]]));
    rows.push(this.row("bias", -1, weights[this.neuron.bias]));
    return make("table", { className: "weights" }, make("tbody", {}, ...rows));
  }

  row(name, row, value) {
    const number = make("input", { type: "number", step: "any", value: value === undefined ? "" : +value.toPrecision(5) });
    number.setAttribute("aria-label", `Weight ${name}`);
    number.addEventListener("change", () => {
      if (number.value !== "") this.edit(this.neuron, row, Number(number.value));
    });
    if (row >= 0) this.inputs[row] = number;
    else this.biasInput = number;
    return make("tr", {}, make("th", { scope: "row" }, name), make("td", {}, number));
  }

  // Keep the numbers up to date while it learns, but for the one that is being written.
  refresh(weights) {
    if (!this.dialog.open || !weights.length) return;
    const fields = [...this.inputs.map((input, row) => [input, this.neuron.index[row]]), [this.biasInput, this.neuron.bias]];
    for (const [input, index] of fields) {
      if (input !== document.activeElement) input.value = +weights[index].toPrecision(5);
    }
  }

  tell(told) {
    if (!this.dialog.open) return;
    const names = [...this.neuron.inputs.slice(0, told.values.length), "bias"];
    const sum = told.values.map((value, index) => `${rounded(value)} · ${rounded(told.weights[index])}`).join(" + ");
    const bias = rounded(told.weights.at(-1));
    const heads = ["", "weight", "gradient", "step", "weight after"].map((text) => make("th", { scope: "col" }, text));
    const rows = names.map((name, index) => {
      const [before, slope, after] = [told.weights[index], told.gradients[index], told.after[index]];
      const step = before === null || after === null ? null : after - before;
      return make("tr", {}, make("th", { scope: "row" }, name), ...[before, slope, step, after].map((value) => make("td", {}, rounded(value, 4))));
    });
    this.told.replaceChildren(
      make("h3", {}, "The step just taken"),
      make("p", {}, `The last batch had ${told.rows} rows, and a loss of ${rounded(told.loss)}. For the first of them:`),
      make("p", { className: "sum" }, `${sum} + ${bias} = ${rounded(told.sum)}`),
      make("p", { className: "sum" }, `${told.activation}(${rounded(told.sum)}) = ${rounded(told.result)}`),
      make("p", {}, `The network says ${told.output.map((value) => rounded(value)).join(", ")}; the truth is ${told.target.map((value) => rounded(value)).join(", ")}. The gradient is the mean over the batch; the optimizer makes a step of it:`),
      make("table", { className: "steps" }, make("tbody", {}, make("tr", {}, ...heads), ...rows)),
      make("p", { className: "hint" }, `Computed once more by the reference engine; it differs from the training by ${rounded(told.difference)} at most.`),
    );
  }
}
