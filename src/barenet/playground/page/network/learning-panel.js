// The training settings of one network.

import { ActivationCurve } from "./activation-curve.js";
import { decimalOf, markDecimal } from "../decimals.js";
import { button, connect, fillSelect, find, findAll, make, show, write } from "../dom.js";
import { localNumber, said, t } from "../language.js";

const RATES = [0.00001, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const STRENGTHS = [0, 0.0001, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const SIZES = [
  [1, "1"],
  [4, "4"],
  [8, "8"],
  [10, "10"],
  [16, "16"],
  [30, "30"],
  [32, "32"],
  [64, "64"],
  [128, "128"],
  [0, t`all rows`],
];
const DROPOUTS = [0, 0.1, 0.2, 0.3, 0.5];
const NAMES = {
  sgd: "SGD",
  momentum: "Momentum",
  nesterov: "Nesterov",
  adagrad: "AdaGrad",
  rmsprop: "RMSProp",
  adam: "Adam",
  adamw: "AdamW",
  lion: "Lion",
  muon: "Muon",
  lbfgs: "L-BFGS",
};
const NUMBERS = new Set([
  "learning_rate",
  "penalty_rate",
  "batch_size",
  "dropout",
  "stop_epoch",
  "stop_loss",
]);
// The names of settings, as the server lists those that were changed.
const SETTINGS = {
  loss: "loss",
  penalty: "regularization",
  penalty_rate: "regularization strength",
  batch_size: "batch size",
};
// Both are seen where there is a penalty.
const PENALTY = new Set(["regularization", "regularization strength"]);

const MARKED = 8000; // milliseconds that a setting is marked which was changed by another one
const STEADY = 2000; // milliseconds that words stay, while it learns

const same = (a, b) => a.map((each) => each.remedy).join() === b.map((each) => each.remedy).join();
const namesOf = (texts) => Object.entries(texts).map(([name, text]) => [name, said(text)]);
const asEntries = (numbers) => numbers.map((number) => [number, localNumber(String(number))]);

// Whether a field is empty or has a loss, which is not below 0; any other text is marked.
function isLoss(control) {
  const text = control.value.trim();
  const isWrong = text !== "" && !(decimalOf(text) >= 0);
  markDecimal(control, isWrong);
  return !isWrong;
}

export class LearningPanel {
  // `acts`: change(function of the settings), restore(), slower(rate), exported(), notice(words);
  // of a recording, putBack().
  constructor(root, catalog, acts) {
    Object.assign(this, { root, catalog, acts });
    const fill = (name, entries) => fillSelect(this.field(name), entries);
    fill(
      "optimizer",
      catalog.optimizers.map((name) => [name, NAMES[name] ?? name]),
    );
    fill("learning_rate", asEntries(RATES));
    fill("activations", [
      ["", t`mixed`],
      ...catalog.activations.map((name) => [name, name === "identity" ? t`linear` : name]),
    ]);
    fill("penalty_rate", asEntries(STRENGTHS));
    fill("batch_size", SIZES);
    fill("schedule", namesOf(catalog.schedules));
    fill("dropout", asEntries(DROPOUTS));
    this.curve = new ActivationCurve();
    this.field("activations").after(this.curve.root);
    for (const control of findAll("[data-field]", root))
      control.addEventListener("change", () => this.changed(control));
    connect(root, { export: () => acts.exported() });
  }

  field(name) {
    return find(`[data-field=${name}]`, this.root);
  }

  changed(control) {
    const name = control.dataset.field;
    if (name === "stop_loss" && !isLoss(control)) return;
    const { value } = control;
    this.acts.change((settings) => {
      if (name === "activations") {
        if (value) settings.activations = settings.hidden.map(() => value);
      } else {
        settings[name] = NUMBERS.has(name) ? decimalOf(value) || 0 : value;
      }
      if (name === "optimizer") {
        this.takeUsualRate(settings);
        if (value === "lbfgs") settings.schedule = "constant";
      }
      if (name === "penalty" && value !== "none" && settings.penalty_rate === 0)
        settings.penalty_rate = 0.001;
    });
  }

  // An optimizer begins with the learning rate that is usual for it, which is announced if it is
  // another one than before. L-BFGS has none.
  takeUsualRate(settings) {
    const { optimizer } = settings;
    const rate = this.catalog.rates[optimizer];
    if (!rate || rate === settings.learning_rate) return;
    settings.learning_rate = rate;
    const name = NAMES[optimizer] ?? optimizer;
    const field = this.field("learning_rate");
    field.classList.add("moved");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => field.classList.remove("moved"), MARKED);
    this.acts.notice(t`The learning rate is now ${rate}, as is usual for ${name}.`);
  }

  // `changed`: the names of settings that are not the default ones of the data.
  describe(settings, task, name, changed) {
    const isLBFGS = settings.optimizer.startsWith("lbfgs");
    this.rate = isLBFGS ? 0 : settings.learning_rate;
    find(".name", this.root).textContent = name;
    fillSelect(this.field("loss"), namesOf(this.catalog.losses[task]));
    const single = new Set(settings.activations).size === 1 ? settings.activations[0] : "";
    this.curve.show(single);
    for (const control of findAll("[data-field]", this.root)) {
      const field = control.dataset.field;
      if (field === "activations") show(control, single);
      else if (field.startsWith("stop_")) show(control, settings[field] || "");
      else show(control, settings[field]);
    }
    for (const each of findAll(".beyond", this.root)) {
      const name = SETTINGS[find("[data-field]", each).dataset.field];
      each.classList.toggle(
        "changed",
        changed.includes(name) || (PENALTY.has(name) && settings.penalty !== "none"),
      );
    }
    this.field("penalty_rate").disabled = settings.penalty === "none";
    this.field("activations").disabled = settings.hidden.length === 0;
    this.field("activations").options[0].text = settings.hidden.length ? t`mixed` : t`none`;
    for (const field of ["learning_rate", "schedule", "batch_size"])
      this.field(field).disabled = isLBFGS;
  }

  // The problems, each with a button for the remedy.
  report({ message, failed, remedy, playing }, problems) {
    const isLesson = document.body.classList.contains("in-lesson"); // it has advice of its own
    const diagnosed = problems.filter((problem) => !isLesson || !problem.remedy);
    const found = message ? [{ message, remedy }, ...diagnosed] : diagnosed;
    const isNew = this.found && !same(found, this.found);
    const isEarly = performance.now() - this.since < STEADY;
    if (playing && isNew && isEarly) return;
    if (!same(found, this.found ?? [])) this.since = performance.now();
    this.found = found;
    const place = find(".words", this.root.parentNode);
    const key = JSON.stringify([found.map((each) => each.remedy), this.rate]);
    place.hidden = !found.length;
    place.classList.toggle("failed", failed || diagnosed.length > 0);
    if (key !== this.shown) {
      // Numbers in the words change as it learns; the buttons stay, so that they can be pressed.
      place.replaceChildren(
        ...found.map((each) =>
          make("span", {}, make("span", {}), " ", ...this.remedies(each.remedy)),
        ),
      );
    }
    this.shown = key;
    found.forEach((each, index) => write(place.children[index].firstChild, said(each.message)));
  }

  remedies(remedy) {
    const link = (label, act) => [button(label, act, { className: "link" })];
    // A recording is in English.
    if (remedy === "edits") return link("Put all weights back", () => this.acts.putBack());
    if (remedy === "weights") return link(t`Start again with new weights`, () => this.newWeights());
    if (remedy === "model") return link(t`Show the model’s network`, () => this.acts.restore());
    const slower = Number((this.rate / 10).toPrecision(3)); // 0.003 / 10 has seventeen digits
    if (remedy === "rate" && this.rate)
      return link(t`Continue from the best epoch with the rate ${slower}`, () =>
        this.acts.slower(slower),
      );
    return [];
  }

  newWeights() {
    this.acts.change((settings) => (settings.seed += 1));
  }
}
