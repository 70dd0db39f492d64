// The data: data sets to choose from, their settings, and uploaded files.

import { css } from "../colours.js";
import { button, connect, counted, fillSelect, find, make, rounded, show } from "../dom.js";
import { PLAIN } from "./input-names.js";
import { listed, said, t } from "../language.js";
import { colourOf } from "./points.js";

export class DataPanel {
  // `acts`: change(function of the settings), choose(name), restore(), upload(file), open(file),
  // teach(file).
  constructor(root, catalog, acts) {
    Object.assign(this, { root, catalog, acts });
    this.sets = find("#sets", root);
    this.buildSets();
    this.slider("#noise", (settings, value) => (settings.noise = value));
    this.slider("#samples", (settings, value) => (settings.samples = Math.round(value)));
    this.slider("#test-share", (settings, value) => (settings.test_size = value / 100));
    find("#regenerate", root).addEventListener("click", () =>
      acts.change((settings) => (settings.data_seed += 1)),
    );
    for (const [selector, act] of [
      ["#csv", acts.upload],
      ["#model-file", acts.open],
      ["#lesson-file", acts.teach],
    ]) {
      find(selector, root).addEventListener("change", ({ target }) => {
        if (target.files[0]) act(target.files[0]);
        target.value = "";
      });
    }
    connect(root, { suit: () => acts.restore() });
    this.tableControls();
  }

  buildSets() {
    const shown = this.catalog.data.filter((entry) => entry.drawn);
    const buttons = shown.map((entry) => {
      const inside = [
        make("canvas", { width: 64, height: 64 }),
        make("span", {}, said(entry.title)),
      ];
      return button(inside, () => this.acts.choose(entry.name), {
        className: "set",
        role: "radio",
        title: said(entry.description),
        data: { name: entry.name },
      });
    });
    this.others = make("select", { className: "others", "aria-label": t`Other data sets` });
    fillSelect(this.others, [
      ["", t`other data …`],
      ...this.catalog.data
        .filter((entry) => !entry.drawn)
        .map((entry) => [entry.name, said(entry.title)]),
    ]);
    this.others.addEventListener("change", () => {
      if (this.others.value) this.acts.choose(this.others.value);
    });
    this.sets.replaceChildren(...buttons, this.others);
    this.sets.addEventListener("keydown", (event) => this.move(event));
  }

  // Arrow keys go from one set to the next, as in every group of radio buttons.
  move(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const buttons = [...this.sets.querySelectorAll(".set")];
    const place = buttons.indexOf(document.activeElement);
    if (!step || place < 0) return;
    event.preventDefault();
    const next = buttons[(place + step + buttons.length) % buttons.length];
    next.focus();
    next.click();
  }

  entry(name) {
    return this.catalog.data.find((entry) => entry.name === name);
  }

  slider(selector, change) {
    const input = find(selector, this.root);
    let timer = null;
    input.addEventListener("input", () => {
      const value = Number(input.value); // a state that arrives meanwhile moves the slider back
      clearTimeout(timer);
      this.label();
      timer = setTimeout(() => this.acts.change((settings) => change(settings, value)), 120);
    });
  }

  tableControls() {
    const on = (selector, read, change) => {
      const control = find(selector, this.root);
      control.addEventListener("change", () => {
        const value = read(control);
        this.acts.change((settings) => change(settings, value));
      });
    };
    const valueOf = (control) => control.value;
    const axes = () => {
      const chosen = [find("#axis-x", this.root).value, find("#axis-y", this.root).value];
      return chosen.filter((name) => name !== "");
    };
    for (const selector of ["#axis-x", "#axis-y"])
      on(selector, axes, (settings, names) => (settings.axes = names));
    on("#target", valueOf, (settings, name) => {
      settings.target = name;
      settings.axes = [];
    });
    on("#task", valueOf, (settings, task) => (settings.task = task));
    on(
      "#all-columns",
      (control) => control.checked,
      (settings, areAll) => (settings.features = areAll ? ["all"] : [...PLAIN]),
    );
  }

  describe(settings, data, changed) {
    const entry = this.entry(settings.source);
    for (const button of this.sets.querySelectorAll(".set")) {
      const chosen = button.dataset.name === settings.source;
      button.setAttribute("aria-checked", chosen);
      const isFirst = button === this.sets.firstElementChild;
      const isReachable = chosen || (!entry?.drawn && isFirst); // the first one if none is chosen
      button.tabIndex = isReachable ? 0 : -1;
    }
    this.others.value = entry && !entry.drawn ? settings.source : "";
    find("#described", this.root).textContent = this.describeRows(
      settings,
      data,
      entry && said(entry.title),
    );
    this.describeSettings(settings, changed);
    find("#share-field", this.root).hidden = !data.rows[1];
    const generated = entry?.generated ?? false;
    for (const id of ["#noise-field", "#samples-field", "#regenerate"])
      find(id, this.root).hidden = !generated;
    find("#noise", this.root).max = entry?.noise.max ?? 1;
    show(
      find("#noise", this.root),
      settings.noise < 0 ? (entry?.noise.default ?? 0) : settings.noise,
    );
    show(find("#samples", this.root), settings.samples);
    show(find("#test-share", this.root), Math.round(100 * settings.test_size));
    this.label();
    this.describeTable(settings, data);
  }

  describeRows({ source }, data, title = source === "drawn" ? t`Your points` : data.name) {
    const [learned, tested] = data.rows.map(counted);
    if (!data.rows[0])
      return t`Your own points: choose a colour above the map, then press or drag on the map.`;
    const points = data.rows[1]
      ? t`${learned} training points, ${tested} test points.`
      : t`${learned} training points, no test points.`;
    return `${title}: ${said(data.description)}. ${points} ${said(data.settings)}`;
  }

  // List the settings that were changed by hand, which stay when other data are chosen.
  describeSettings(settings, changed) {
    const shown = changed.length > 0 && !settings.source.startsWith("model:");
    find("#suited", this.root).hidden = shown;
    find("#changed", this.root).hidden = !shown;
    find("#changed span", this.root).textContent =
      t`Changed by you: ${changed.map(said).join(", ")}. They stay for other data where they apply.`;
  }

  describeTable(settings, data) {
    const fields = find("#table-fields", this.root);
    fields.hidden = Boolean(
      this.entry(settings.source)?.generated || data.image || settings.source === "drawn",
    );
    if (fields.hidden) return;
    find("#axis-x", this.root).closest("label").hidden = !data.columns.length;
    find("#axis-y-field", this.root).hidden = data.curve || !data.columns.length;
    const columns = data.columns.map((name) => [name, name]);
    fillSelect(find("#axis-x", this.root), columns);
    fillSelect(find("#axis-y", this.root), columns);
    show(find("#axis-x", this.root), data.axes[0]);
    show(find("#axis-y", this.root), data.axes[1] ?? data.axes[0]);
    find("#table-choices", this.root).hidden = settings.source.startsWith("model:");
    const targets = data.table ? Object.keys(data.table) : [data.target];
    fillSelect(
      find("#target", this.root),
      targets.map((name) => [name, name]),
    );
    show(find("#target", this.root), data.target);
    show(find("#task", this.root), settings.task);
    show(find("#all-columns", this.root), data.features.length === 0);
    this.describeInputs(data);
    find("#target", this.root).disabled = !data.table;
    find("#task", this.root).disabled = !data.table;
  }

  // A table opens with two of its columns: say so, and offer the others.
  describeInputs({ table, target, axes, features }) {
    const place = find("#columns-used", this.root);
    const columns = Object.keys(table ?? {}).filter((name) => name && name !== target);
    place.hidden = !features.length || columns.length <= axes.length;
    const words = t`The network learns from ${axes.length} of ${counted(columns.length)} columns: ${listed(axes)}.`;
    const useAll = () => this.acts.change((settings) => (settings.features = ["all"]));
    const choice = button(t`Use all columns`, useAll, { className: "button" });
    place.replaceChildren(`${words} `, choice);
  }

  label() {
    find("#noise-value", this.root).textContent = rounded(
      Number(find("#noise", this.root).value),
      2,
    );
    find("#samples-value", this.root).textContent = find("#samples", this.root).value;
    find("#share-value", this.root).textContent = `${find("#test-share", this.root).value} %`;
  }

  // Draw the small pictures, in the colours of the theme.
  repaint() {
    for (const button of this.sets.querySelectorAll(".set")) {
      const { points, task, classes } = this.entry(button.dataset.name);
      const canvas = find("canvas", button);
      const context = canvas.getContext("2d");
      context.clearRect(0, 0, 64, 64);
      for (const [x, y, value] of points) {
        context.fillStyle = css(
          colourOf(value, { classes: task === "classification" ? { length: classes } : null }),
          0.9,
        );
        context.beginPath();
        context.arc(4 + 56 * x, 60 - 56 * y, 2.6, 0, 2 * Math.PI);
        context.fill();
      }
    }
  }
}
