// The error of one point on its way back: the loss, and layer by layer from the output what each
// neuron and each weight contribute to it.

import { button, counted, make, table, write } from "./dom.js";
import { Folds, put } from "./folds.js";
import { neuronOf } from "./neurons.js";
import { inputName, termsOf } from "./probe-tree.js";
import { number, ruleOf } from "./step-words.js";

const STAGE = 1200; // milliseconds

export class ErrorView {
  // `acts`: change(), when other numbers are to be shown; seek(), train up to the batch of the point.
  constructor(panel, acts) {
    Object.assign(this, {
      panel,
      acts,
      active: false,
      stage: 0,
      folds: new Folds(() => this.show(this.answer, "")),
    });
    this.send = orderButton("", () => this.toggle());
    this.back = orderButton("← Back", () => this.go(this.stage - 1));
    this.next = orderButton("Next →", () => this.go(this.stage + 1));
    this.seek = orderButton("Train up to its batch", acts.seek);
    this.stages = make("div");
    this.notes = make("p", { className: "hint" });
    this.root = make(
      "div",
      { className: "error-back" },
      make("p", { className: "orders" }, this.send, this.back, this.next, this.seek),
      this.stages,
      this.notes,
    );
  }

  // The first layer that the error has reached.
  get reached() {
    return this.panel.facts.layout.length - this.stage;
  }

  toggle() {
    this.active = !this.active;
    this.go(0);
    this.seen = -1;
    if (matchMedia("(prefers-reduced-motion: no-preference)").matches) this.walk();
  }

  walk() {
    this.timer = setTimeout(() => {
      if (!this.active || this.reached <= 0 || !this.root.isConnected) return;
      this.go(this.stage + 1);
      this.walk();
    }, STAGE);
  }

  go(stage) {
    clearTimeout(this.timer);
    this.stage = stage;
    this.acts.change();
  }

  // `missing`: why there is no target, in words.
  show(answer, missing) {
    this.answer = answer;
    this.active &&= !missing;
    const shown = this.active && Boolean(answer.backward);
    write(this.send, this.active ? "Show the values again" : "Send the error back").disabled =
      Boolean(missing);
    for (const each of [this.back, this.next, this.stages]) each.hidden = !shown;
    this.seek.hidden =
      !shown || answer.is_test || Boolean(answer.update) || this.panel.header.playing;
    write(this.notes, shown ? notes(this.panel, answer) : missing);
    if (!shown) return;
    this.back.disabled = this.stage === 0;
    this.next.disabled = this.reached <= 0;
    const layers = answer.layers
      .map((_, layer) => layer)
      .slice(Math.max(this.reached, 0))
      .reverse();
    put(this.stages, [
      this.folds.leaf("loss", lossWords(answer)),
      ...layers.map((layer) => this.layer(layer)),
    ]);
    const panel = this.root.closest(".side"); // it scrolls alone: the network stays in view
    if (this.seen !== this.stage)
      panel.scrollTop += this.root.getBoundingClientRect().top - panel.getBoundingClientRect().top;
    this.seen = this.stage;
  }

  layer(layer) {
    const last = layer === this.answer.layers.length - 1;
    const neurons = this.answer.backward.layers[layer].bias.map((delta, index) => {
      const words = `${neuronOf(this.panel, layer, index).name.replace(/^.*, |^Output /, "")}: δ = dL/dz = ${number(delta)}`;
      return this.folds.line(
        `${layer}.${index}`,
        words,
        (body) =>
          body.replaceChildren(
            make(
              "p",
              { className: "leaf" },
              deltaWords(this.answer, this.panel.facts, layer, index),
            ),
            this.table(layer, index),
          ),
        index === 0,
      );
    });
    return this.folds.line(
      `${layer}`,
      last ? "Output" : `Layer ${layer + 1}`,
      (body) => put(body, neurons),
      true,
    );
  }

  // The gradient of each weight, and its change in the last step.
  table(layer, index) {
    const { backward, layers, update } = this.answer;
    // `pick` takes the number of a weight, or of the bias, from those of a layer.
    const line = (name, input, pick) => {
      const gradient = pick(backward.layers[layer]);
      const weight = number(pick(layers[layer]), 4);
      return [
        name,
        number(input),
        number(gradient),
        number(gradient / backward.rows),
        update ? `${weight} → ${number(pick(update.after[layer]), 4)}` : weight,
      ];
    };
    const lines = termsOf(this.answer, layer, index).map(({ input }, row) =>
      line(
        inputName(this.panel, layer, row).replace(/^.*, /, ""),
        input,
        ({ weights }) => weights[row][index],
      ),
    );
    const head = [
      "weight of",
      "input",
      "δ × input",
      `÷ ${counted(backward.rows)}`,
      update ? "step" : "weight",
    ];
    return table(head, [...lines, line("bias", 1, ({ bias }) => bias[index])]);
  }
}

export const orderButton = (words, act) => button(words, act, { className: "button" });

function lossWords({ backward: { loss, name, target, output_gradient: gradient }, layers }) {
  const list = (values) => values.map((value) => number(value)).join(", ");
  const place = Math.max(0, target.indexOf(1));
  const which = target.length > 1 ? " of the target’s class" : "";
  return [
    `The target is ${list(target)}, the output ${list(layers.at(-1).outputs)}.`,
    `The loss of this point (${name.replaceAll("_", " ")}) is ${number(loss)};`,
    `its derivative by the output${which}, dL/dy, is ${number(gradient[place])}.`,
  ].join(" ");
}

// The chain rule for the δ of a neuron, with its numbers; softmax mixes the outputs.
function deltaWords({ backward, layers, activation }, { layout }, layer, index) {
  const next = layers[layer + 1];
  const delta = backward.layers[layer].bias[index];
  if (!next && activation === "softmax")
    return "δ = Σ dL/dy · dy/dz, over the outputs of all classes";
  const error = next ? backward.errors[layer][index] : backward.output_gradient[index];
  const terms = next?.weights[index].map(
    (weight, column) => `${number(weight)} × ${number(backward.layers[layer + 1].bias[column])}`,
  );
  const rest = layout[layer + 1]?.n_out > terms?.length ? " + …" : ""; // those that are not drawn
  const sum = next ? `(Σ w·δ) · slope = (${terms.join(" + ")}${rest}) · slope` : "dL/dy · slope";
  return `δ = ${sum} = ${number(error)} · ${error ? number(delta / error) : "slope"} = ${number(delta)}`;
}

function notes({ settings }, { backward: { rows }, is_test: isTest, update }) {
  const place = update
    ? `The last step, batch ${counted(update.batch[0])} of ${counted(update.batch[1])} in epoch ${counted(update.epoch)}, held this point: shown are the numbers before it, and how it moved each weight by the mean gradient of the whole batch.`
    : `A step uses the mean gradient of a batch of ${counted(rows)} rows: ÷ ${counted(rows)} is the share of this point.`;
  const parts = [
    isTest
      ? "This is a test point: no step uses its gradient."
      : `${place} ${ruleOf(settings, settings)}`,
    settings.batch_norm &&
      "Batch norm takes its running averages here; in training, those of the batch.",
    settings.dropout > 0 && "Here no neuron is dropped.",
    settings.penalty_rate > 0 &&
      settings.penalty !== "none" &&
      `The gradient of the ${settings.penalty.toUpperCase()} penalty comes on top.`,
  ];
  return parts.filter(Boolean).join(" ");
}
