// The error of one point on its way back: the loss, and layer by layer from the output what each
// neuron and each weight contribute to it.

import { counted, make } from "./dom.js";
import { Folds, put, write } from "./folds.js";
import { inputName, inputsOf } from "./probe-tree.js";
import { number, ruleOf } from "./step-words.js";

const STAGE = 1200; // milliseconds

export class ErrorView {
  // `acts`: change(), after another stage was reached or the view was opened or closed; seek(), train up to its batch.
  constructor(panel, acts) {
    Object.assign(this, { panel, acts, active: false, stage: 0, folds: new Folds(() => this.show()) });
    const button = (words, act) => {
      const made = make("button", { className: "button", type: "button" }, words);
      made.addEventListener("click", act);
      return made;
    };
    this.send = button("Send the error back", () => this.toggle());
    this.back = button("← Back", () => this.go(this.stage - 1));
    this.next = button("Next →", () => this.go(this.stage + 1));
    this.seek = button("Train up to its batch", acts.seek);
    this.why = make("p", { className: "hint" });
    this.stages = make("div");
    this.notes = make("p", { className: "hint" });
    this.shown = make("div", { className: "error-back" }, make("p", { className: "orders" }, this.back, this.next, this.seek), this.stages, this.notes);
    this.root = make("div", {}, make("p", { className: "orders" }, this.send), this.why, this.shown);
  }

  toggle() {
    Object.assign(this, { active: !this.active, stage: 0, answer: null });
    this.acts.change();
    if (this.active) this.root.scrollIntoView({ block: "start" });
    if (this.active && matchMedia("(prefers-reduced-motion: no-preference)").matches) this.timer = setTimeout(() => this.walk(), STAGE);
    else clearTimeout(this.timer);
  }

  walk() {
    if (!this.active || this.stage >= this.panel.facts.layout.length || !this.root.isConnected) return;
    this.go(this.stage + 1);
    this.timer = setTimeout(() => this.walk(), STAGE);
  }

  go(stage) {
    clearTimeout(this.timer);
    this.stage = stage;
    this.show();
    this.acts.change();
  }

  // The first layer that the error has reached.
  get reached() {
    return this.panel.facts.layout.length - this.stage;
  }

  // `missing`: why there is no target, in words.
  show(answer = this.answer, missing = this.missing) {
    Object.assign(this, { answer, missing, active: this.active && !missing });
    const { active, stage } = this;
    this.send.disabled = Boolean(missing);
    write(this.send, active ? "Show the values again" : "Send the error back");
    write(this.why, missing);
    this.shown.hidden = !active || !answer?.backward;
    if (this.shown.hidden) return;
    this.back.disabled = stage === 0;
    this.next.disabled = this.reached === 0;
    this.seek.hidden = answer.is_test || Boolean(answer.update) || this.panel.header.playing;
    const layers = Array.from({ length: stage }, (_, place) => this.layer(answer.layers.length - 1 - place));
    put(this.stages, [this.folds.leaf("loss", lossWords(answer)), ...layers]);
    write(this.notes, notes(this.panel, answer));
  }

  layer(layer) {
    const last = layer === this.answer.layers.length - 1;
    const { bias } = this.answer.backward.layers[layer];
    return this.folds.line(`${layer}`, last ? "Output" : `Layer ${layer + 1}`, (body) => put(body, bias.map((delta, index) => this.neuron(layer, index, delta))), true);
  }

  neuron(layer, index, delta) {
    const name = this.panel.neuron(layer, index).name.replace(/^.*, |^Output /, "");
    return this.folds.line(`${layer}.${index}`, `${name}: δ = dL/dz = ${number(delta)}`, (body) => body.replaceChildren(this.table(layer, index)), index === 0);
  }

  // The gradient of each weight, and its change in the last step.
  table(layer, index) {
    const { backward, layers, update } = this.answer;
    const names = inputsOf(this.answer, layer).map((_, row) => inputName(this.panel, layer, row).replace(/^.*, /, ""));
    const lines = [...inputsOf(this.answer, layer), 1].map((input, row) => {
      const at = ({ weights, bias }) => (row < names.length ? weights[row][index] : bias[index]);
      const gradient = at(backward.layers[layer]);
      const step = update ? `${number(at(layers[layer]), 4)} → ${number(at(update.after[layer]), 4)}` : number(at(layers[layer]));
      return [names[row] ?? "bias", number(input), number(gradient), number(gradient / backward.rows), step];
    });
    const head = ["weight of", "input", "δ × input", `÷ ${counted(backward.rows)}`, update ? "step" : "weight"];
    const cells = (tag, words, ...first) => make("tr", {}, ...first, ...words.map((word) => make(tag, {}, word)));
    const rows = lines.map(([name, ...words]) => cells("td", words, make("th", { scope: "row" }, name)));
    return make("table", { className: "moved" }, make("tbody", {}, cells("th", head), ...rows));
  }
}

function lossWords({ backward: { loss, name, target, slopes }, layers }) {
  const place = Math.max(0, target.indexOf(1));
  return `The target is ${target.map((value) => number(value)).join(", ")}, the output ${layers.at(-1).outputs.map((value) => number(value)).join(", ")}. The loss of this point (${name.replaceAll("_", " ")}) is ${number(loss)}; its derivative by the output${target.length > 1 ? " of the target’s class" : ""}, dL/dy, is ${number(slopes[place])}.`;
}

function notes({ settings }, { backward: { rows }, is_test: isTest, update }) {
  const words = update
    ? `The last step, batch ${counted(update.batch[0])} of ${counted(update.batch[1])} in epoch ${counted(update.epoch)}, held this point: shown are the numbers before it, and how it moved each weight by the mean gradient of the whole batch. `
    : `A step uses the mean gradient of a batch of ${counted(rows)} rows: ÷ ${counted(rows)} is the share of this point. `;
  const parts = [
    isTest ? "This is a test point: no step uses its gradient. " : words + ruleOf(settings, settings),
    settings.batch_norm && "Batch norm takes its running averages here; in training, those of the batch.",
    settings.dropout > 0 && "Here no neuron is dropped.",
    settings.penalty !== "none" && settings.penalty_rate > 0 && `The gradient of the ${settings.penalty.toUpperCase()} penalty comes on top.`,
  ];
  return parts.filter(Boolean).join(" ");
}
