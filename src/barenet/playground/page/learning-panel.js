// How one network learns: every choice is a change of its design.

import { fillSelect, find, findAll, show } from "./dom.js";

const RATES = [0.00001, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const STRENGTHS = [0, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const SIZES = [[1, "1"], [4, "4"], [8, "8"], [10, "10"], [16, "16"], [30, "30"], [32, "32"], [64, "64"], [128, "128"], [0, "all rows"]];
const DROPOUTS = [0, 0.1, 0.2, 0.3, 0.5];
const NAMES = { sgd: "SGD", momentum: "Momentum", nesterov: "Nesterov", adagrad: "AdaGrad", rmsprop: "RMSProp", adam: "Adam", adamw: "AdamW", lbfgs: "L-BFGS" };
const NUMBERS = new Set(["learning_rate", "penalty_rate", "batch_size", "dropout", "stop_epoch", "stop_loss"]);

const asEntries = (numbers) => numbers.map((number) => [number, String(number)]);

export class LearningPanel {
  // `acts`: change(function of the design), newWeights(), exported().
  constructor(root, catalog, acts) {
    Object.assign(this, { root, catalog, acts });
    const fill = (name, entries) => fillSelect(this.field(name), entries);
    fill("optimizer", catalog.optimizers.map((name) => [name, NAMES[name] ?? name]));
    fill("learning_rate", asEntries(RATES));
    fill("activations", [["", "mixed"], ...catalog.activations.map((name) => [name, name === "identity" ? "linear" : name])]);
    fill("penalty_rate", asEntries(STRENGTHS));
    fill("batch_size", SIZES);
    fill("schedule", Object.entries(catalog.schedules));
    fill("dropout", asEntries(DROPOUTS));
    for (const control of findAll("[data-field]", root)) control.addEventListener("change", () => this.changed(control));
    find("[data-action=weights]", root).addEventListener("click", () => acts.change((design) => (design.seed += 1)));
    find("[data-action=export]", root).addEventListener("click", () => acts.exported());
  }

  field(name) {
    return find(`[data-field=${name}]`, this.root);
  }

  changed(control) {
    const name = control.dataset.field;
    this.acts.change((design) => {
      if (name === "activations") {
        if (control.value) design.activations = design.hidden.map(() => control.value);
      } else if (name === "batch_norm") {
        design.batch_norm = control.checked;
      } else {
        design[name] = NUMBERS.has(name) ? Number(control.value) || 0 : control.value;
      }
      if (name === "optimizer") {
        design.learning_rate = this.catalog.rates[control.value] ?? design.learning_rate;
        if (control.value === "lbfgs") design.schedule = "constant";
      }
      if (name === "penalty" && control.value !== "none" && design.penalty_rate === 0) design.penalty_rate = 0.001;
    });
  }

  describe(design, task, name) {
    find(".name", this.root).textContent = name;
    fillSelect(this.field("loss"), Object.entries(this.catalog.losses[task]));
    for (const control of findAll("[data-field]", this.root)) {
      const field = control.dataset.field;
      if (field === "activations") show(control, new Set(design.activations).size === 1 ? design.activations[0] : "");
      else if (field.startsWith("stop_")) show(control, design[field] || "");
      else show(control, design[field]);
    }
    this.field("penalty_rate").disabled = design.penalty === "none";
    this.field("activations").disabled = design.hidden.length === 0;
    for (const field of ["learning_rate", "schedule", "batch_size"]) this.field(field).disabled = design.optimizer === "lbfgs";
  }

  say(words, failed) {
    const place = find(".words", this.root);
    if (place.textContent !== words) place.textContent = words;
    place.hidden = !words;
    place.classList.toggle("failed", failed);
  }
}
