// One neuron: its picture, its formulas, and its weights to be changed.

import { ActivationCurve } from "./activation-curve.js";
import { t } from "../language.js";
import { Query } from "../io/query.js";
import { find, make, parts, shareAt } from "../dom.js";
import { drawPortrait } from "./neuron-picture.js";
import { formulas } from "./neuron-formula.js";
import { subscript } from "../data/input-names.js";
import { neuronOf } from "./neurons.js";
import { writeAxes } from "../data/plane-axes.js";
import { WeightFields, noteSent, setWeight } from "./weight-fields.js";

const CALM = 120; // milliseconds between two pictures while it learns

export class NeuronPanel {
  constructor(page) {
    const root = find("#neuron-content").content.firstElementChild;
    Object.assign(
      this,
      { page, root },
      parts(root, {
        canvas: ".portrait",
        why: ".why",
        back: ".put-back",
        onward: ".onward",
      }),
    );
    this.back.addEventListener("click", () => this.putBack());
    this.onward.addEventListener("click", () =>
      this.open(neuronOf(this.panel, this.neuron.layer + 1, 0), this.panel),
    );
    this.curve = new ActivationCurve();
    find(".likeness .hint", root).before(this.curve.root);
    this.canvas.addEventListener("pointermove", (event) =>
      this.showSum(shareAt(event, this.canvas)),
    );
    this.canvas.addEventListener("pointerleave", () => this.showSum());
    new ResizeObserver(() => this.repaint()).observe(root);
  }

  get isOpen() {
    return this.page.side.shows(this.root);
  }

  // `neuron`: { place, name, layer, neuron, inputs: names, index: place of each weight, bias }; `row`:
  // the weight to be typed.
  open(neuron, panel, { row, takesFocus = true } = {}) {
    Object.assign(this, {
      neuron,
      panel,
      answer: null,
      query: new Query(this.page, "view_neuron", panel, CALM),
    });
    this.about = aboutOf(neuron, panel);
    this.build(panel.frame?.weights ?? []);
    const onClose = () => this.panel.network.open(null);
    this.page.side.open(neuron.name, this.root, onClose, takesFocus);
    panel.network.open(neuron);
    if (row !== undefined) this.weights.fields[row].number.select();
    this.follow();
  }

  // A new state: the network may have another form, or be gone.
  describe() {
    if (!this.isOpen) return;
    const { layer, neuron } = this.neuron;
    const { layout } = this.panel.architecture;
    if (!this.page.panels.includes(this.panel) || neuron >= (layout[layer]?.n_out ?? 0))
      return this.page.side.close();
    const now = neuronOf(this.panel, layer, neuron);
    if (
      JSON.stringify([now, aboutOf(now, this.panel)]) === JSON.stringify([this.neuron, this.about])
    )
      return;
    this.panel.network.open(null);
    const takesFocus = this.page.side.root.contains(document.activeElement); // its fields are made anew
    this.open(now, this.panel, { takesFocus });
  }

  build(weights) {
    const { root, about, neuron } = this;
    writeAxes(find(".plot", root), this.panel.data);
    find(".likeness .hint", root).textContent = about.hint;
    Object.assign(this.onward, { textContent: about.next, hidden: about.last });
    this.back.hidden = true;
    this.why.replaceChildren();
    this.weights = new WeightFields({ ...neuron, inputs: about.inputs }, weights, (field, value) =>
      this.move(field, value),
    );
    find(".fields", root).replaceChildren(this.weights.root);
  }

  move(field, value) {
    if (this.back.hidden) {
      this.first = this.weights.fields.map((each) => each.value);
      this.changed = new Set();
    }
    this.back.hidden = false;
    this.changed.add(field);
    this.edit(field, value);
  }

  edit(field, value) {
    setWeight(field, value);
    noteSent(field, value);
    const { place, layer, neuron } = this.neuron;
    this.page.line.send("edit", { network: place, layer, row: field.row, column: neuron, value });
  }

  // Those that were changed by hand are put back in any case: a picture that came late may show them
  // as they were before.
  putBack() {
    this.back.hidden = true;
    this.weights.fields.forEach((field, place) => {
      const value = this.first[place];
      if (this.changed.has(field) || field.value !== value) this.edit(field, value);
    });
  }

  // Update the weights, but for a control in use.
  follow() {
    const { header, frame } = this.panel ?? {};
    if (!this.isOpen || !header) return;
    this.request();
    this.weights.show(frame?.weights ?? [], document.activeElement, frame?.edits);
  }

  request() {
    const { layer, neuron } = this.neuron;
    this.query.send({ layer, neuron });
  }

  take(message) {
    if (message.type === "view_neuron") this.show(message);
  }

  // Show the server's view of the neuron.
  show(answer) {
    this.query.answered();
    if (!this.isMine(answer)) return;
    this.answer = answer;
    this.why.replaceChildren(
      make("p", { className: "sum" }, formulas(this.about, answer).join("\n")),
      make("p", {}, `${this.lineWords(answer)} ${t`Move a weight, and the line moves.`}`),
    );
    const percent = Math.round(100 * answer.positive);
    const label = this.about.isClass
      ? t`${this.neuron.name}: its sum is the largest in ${percent} % of the plane`
      : t`${this.neuron.name}: its sum is above 0 in ${percent} % of the plane`;
    this.canvas.setAttribute("aria-label", label);
    this.repaint();
    this.showSum(this.at);
    this.request();
  }

  lineWords({ line }) {
    if (!line.length) return t`The thick line lies outside of this picture.`;
    if (this.about.isClass)
      return t`On the thick line, ${this.neuron.output} is as likely as another class.`;
    return t`On the thick line, z = 0.`;
  }

  // The activation of a hidden neuron, at the sum of the place that is pointed at, or of the middle of the picture.
  showSum(at) {
    this.at = at;
    const { activation, sums, side } = this.answer ?? {};
    const [column, row] = (at ?? [0.5, 0.5]).map((share) =>
      Math.max(0, Math.min(side - 1, Math.floor(share * side))),
    );
    if (sums) this.curve.show(this.about.last ? "" : activation, sums[row * side + column], true);
  }

  repaint() {
    if (this.isOpen && this.answer)
      drawPortrait(this.canvas, this.answer, this.panel, this.page.points, this.page.view);
  }

  isMine({ network, layer, neuron }) {
    return (
      this.isOpen &&
      network === this.neuron.place &&
      layer === this.neuron.layer &&
      neuron === this.neuron.neuron
    );
  }
}

// The facts for the formulas and the words.
function aboutOf({ layer, inputs, terms }, { data, architecture }) {
  const last = layer === architecture.layout.length - 1;
  const scaled =
    data.scaling === "standardize"
      ? t`Inputs are scaled: 0 is their mean, 1 a standard deviation, a typical distance.`
      : t`Inputs are as the model scales them.`;
  const hint =
    layer === 0
      ? `${t`The arrow points to where z grows.`} ${scaled}`
      : t`Thin: the lines of the neurons before it, where the sum of each is 0.`;
  return {
    layer,
    last,
    next:
      layer === architecture.layout.length - 2
        ? t`Next: the output →`
        : t`Next: layer ${layer + 2} →`,
    isClass: last && architecture.layout[layer].n_out > 1,
    inputs: layer > 0 ? inputs.map((_, row) => `n${subscript(row + 1)}`) : inputs,
    terms,
    count: architecture.layout[layer].n_in,
    hint,
  };
}
