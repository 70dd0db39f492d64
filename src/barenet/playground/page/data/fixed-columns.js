// The columns that the map holds fixed: a slider or a list for each. Moving one moves the slice.

import { button, find, make, rounded } from "../dom.js";
import { t } from "../language.js";

const PAUSE = 80; // milliseconds between two requests while a slider moves
const UNNAMED = { " missing": t`missing`, " rare": t`a rare one`, " no word": t`another text` };

export class FixedColumns {
  constructor(page) {
    Object.assign(this, { page, controls: [], key: "" });
    this.fields = make("div", { className: "fixed-fields" });
    this.back = button(t`Back to the typical values`, () =>
      page.change(({ data }) => (data.fixed = [])),
    );
    this.summary = make("summary");
    const hint = make(
      "p",
      { className: "hint" },
      t`These columns have one value everywhere on the map. It moves with them; the network learns from all rows as before.`,
    );
    this.root = make(
      "details",
      { className: "fixed-columns" },
      this.summary,
      hint,
      this.fields,
      this.back,
    );
  }

  // Below the map of the first network; the slice is that of both.
  addTo({ place, root }) {
    if (!place) find(".map-view .checks", root).after(this.root);
  }

  describe() {
    const { fixed } = this.page.data;
    this.root.hidden = !fixed.length;
    const key = JSON.stringify(
      fixed.map(({ name, low, high, choices }) => [name, low, high, choices]),
    );
    if (key !== this.key) {
      this.key = key;
      this.summary.textContent =
        fixed.length === 1
          ? t`Move the column held fixed`
          : t`Move the ${fixed.length} columns held fixed`;
      this.controls = fixed.map((column) => this.control(column));
      this.fields.replaceChildren(...this.controls.map(({ field }) => field));
    }
    this.back.disabled = !fixed.some(({ moved }) => moved);
    fixed.forEach((column, place) => {
      const { input, output, field } = this.controls[place];
      if (input !== document.activeElement || !column.moved) input.value = column.value;
      if (output) output.textContent = fixedValue(column);
      field.classList.toggle("moved", column.moved);
    });
  }

  control(column) {
    const { name, kind, low, high, choices, whole } = column;
    if (choices.length || kind === "date") {
      const input = choices.length
        ? make("select", {}, ...choices.map((each) => new Option(UNNAMED[each] ?? each, each)))
        : make("input", { type: "date", min: low, max: high });
      input.addEventListener("change", () => {
        if (input.value) this.move(name, input.value);
      });
      return { input, field: make("label", { className: "field" }, make("span", {}, name), input) };
    }
    const step = whole ? 1 : "any";
    const input = make("input", { type: "range", min: low, max: high, step });
    const output = make("output");
    input.addEventListener("input", () => {
      output.textContent = rounded(Number(input.value));
      this.move(name, input.value);
    });
    return {
      input,
      output,
      field: make("label", { className: "slider" }, make("span", {}, name), output, input),
    };
  }

  // At most one request in a pause, and the last value in any case.
  move(name, value) {
    this.wanted = { ...this.wanted, [name]: value };
    this.timer ??= setTimeout(() => {
      const { wanted } = this;
      const names = this.page.data.fixed.map(({ name }) => name);
      Object.assign(this, { timer: null, wanted: {} });
      this.page.change(({ data }) => (data.fixed = moved(data.fixed, wanted, names)));
    }, PAUSE);
  }
}

// Names and values in turn, with other values by name; `names`: the columns that are held fixed.
function moved(fixed, values, names) {
  const all = new Map();
  for (let place = 0; place < fixed.length; place += 2) all.set(fixed[place], fixed[place + 1]);
  for (const [name, value] of Object.entries(values)) all.set(name, value);
  return [...all].filter(([name]) => names.includes(name)).flat();
}

// A value in words: a number is rounded, a category without a name is described.
export function fixedValue({ choices, kind, value }) {
  return choices.length || kind === "date" ? (UNNAMED[value] ?? value) : rounded(Number(value));
}
