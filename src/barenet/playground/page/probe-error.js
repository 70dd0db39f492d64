// The error of one point on its way back: the loss, and layer by layer from the output what each
// neuron and each weight contribute to it.

import { button, counted, make, table, write } from "./dom.js";
import { Folds, put } from "./folds.js";
import { numbersInRow, t } from "./language.js";
import { neuronOf } from "./neurons.js";
import { inputName, termsOf } from "./probe-tree.js";
import { lossName, number, ruleOf } from "./step-words.js";

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
    this.back = orderButton(t`← Back`, () => this.go(this.stage - 1));
    this.next = orderButton(t`Next →`, () => this.go(this.stage + 1));
    this.seek = orderButton(t`Train up to its batch`, acts.seek);
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
    write(this.send, this.active ? t`Show the values again` : t`Send the error back`).disabled =
      Boolean(missing);
    for (const each of [this.back, this.next, this.stages]) each.hidden = !shown;
    this.seek.hidden =
      !shown || answer.part !== "training" || Boolean(answer.update) || this.panel.header.playing;
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
      const { output } = neuronOf(this.panel, layer, index);
      const words = `${output || t`neuron ${index + 1}`}: δ = dL/dz = ${number(delta)}`;
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
      last ? t`Output` : t`Layer ${layer + 1}`,
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
        layer > 0 ? t`neuron ${row + 1}` : inputName(this.panel, layer, row),
        input,
        ({ weights }) => weights[row][index],
      ),
    );
    const head = [
      t`weight of`,
      t`input`,
      t`δ × input`,
      `÷ ${counted(backward.rows)}`,
      update ? t`step` : t`weight`,
    ];
    return table(head, [...lines, line(t`bias`, 1, ({ bias }) => bias[index])]);
  }
}

export const orderButton = (words, act) => button(words, act, { className: "button" });

function lossWords({ backward: { loss, name, target, output_gradient: gradient }, layers }) {
  const list = (values) => numbersInRow(values.map((value) => number(value)));
  const place = Math.max(0, target.indexOf(1));
  return [
    t`The target is ${list(target)}, the output ${list(layers.at(-1).outputs)}.`,
    target.length > 1
      ? t`The loss of this point (${lossName(name)}) is ${number(loss)}; its derivative by the output of the target’s class, dL/dy, is ${number(gradient[place])}.`
      : t`The loss of this point (${lossName(name)}) is ${number(loss)}; its derivative by the output, dL/dy, is ${number(gradient[place])}.`,
  ].join(" ");
}

// The chain rule for the δ of a neuron, with its numbers; softmax mixes the outputs.
function deltaWords({ backward, layers, activation }, { layout }, layer, index) {
  const next = layers[layer + 1];
  const delta = backward.layers[layer].bias[index];
  if (!next && activation === "softmax")
    return t`δ = Σ dL/dy · dy/dz, over the outputs of all classes`;
  const error = next ? backward.errors[layer][index] : backward.output_gradient[index];
  const terms = next?.weights[index].map(
    (weight, column) => `${number(weight)} × ${number(backward.layers[layer + 1].bias[column])}`,
  );
  const rest = layout[layer + 1]?.n_out > terms?.length ? " + …" : ""; // those that are not drawn
  const sum = next
    ? `(Σ w·δ) · ${t`slope`} = (${terms.join(" + ")}${rest}) · ${t`slope`}`
    : `dL/dy · ${t`slope`}`;
  return `δ = ${sum} = ${number(error)} · ${error ? number(delta / error) : t`slope`} = ${number(delta)}`;
}

function notes({ settings }, { backward: { rows }, part, update }) {
  const place = update
    ? t`The last step, batch ${counted(update.batch[0])} of ${counted(update.batch[1])} in epoch ${counted(update.epoch)}, held this point: shown are the numbers before it, and how it moved each weight by the mean gradient of the whole batch.`
    : t`A step uses the mean gradient of a batch of ${counted(rows)} rows: ÷ ${counted(rows)} is the share of this point.`;
  const reasons = {
    test: t`This is a test point: no step uses its gradient.`,
    unused: t`This is no training row here: no step uses its gradient.`,
  };
  const parts = [
    reasons[part] ?? `${place} ${ruleOf(settings, settings)}`,
    settings.batch_norm &&
      t`Batch norm takes its running averages here; in training, those of the batch.`,
    settings.dropout > 0 && t`Here no neuron is dropped.`,
    settings.penalty_rate > 0 &&
      settings.penalty !== "none" &&
      t`The gradient of the ${settings.penalty.toUpperCase()} penalty comes on top.`,
  ];
  return parts.filter(Boolean).join(" ");
}
