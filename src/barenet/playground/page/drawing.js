// Points drawn by hand: a brush for each class on the map, an eraser, and the probe beside them.

import { css, palette } from "./colours.js";
import { find, findAll, make } from "./dom.js";
import { choose } from "./settings.js";

const SOURCE = "drawn";
const LARGEST = 36 ** 2 - 1; // two characters for each coordinate
const MOST = 300;
const LENGTH = 5; // characters of a point: its class, then both coordinates
const GAP = 0.03; // of the map's side, between two points of one stroke
const ERASED = 0.05;
const PAUSE = 60; // milliseconds between two requests of a stroke
const BRUSHES = [["0", "1"], ["1", "2"], ["2", "3"], ["3", "4"], ["erase", "Eraser"], ["probe", "Probe"]];
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class Drawing {
  constructor(page) {
    Object.assign(this, { page, brush: "0", points: "", sent: null, bars: [] });
    this.button = make("button", { className: "wide", type: "button" }, "Draw your own points");
    this.button.addEventListener("click", () => page.change((wanted) => choose(wanted, SOURCE, page.catalog)));
    find("#sets").after(this.button);
    document.addEventListener("keydown", ({ key, target, ctrlKey, metaKey, altKey }) => {
      if (this.active && "1234".includes(key) && !ctrlKey && !metaKey && !altKey && !target.closest("input, select, textarea, dialog")) this.pick(String(key - 1));
    });
  }

  get active() {
    return this.page.state?.data.source === SOURCE;
  }

  addTo({ output: { canvas }, root }) {
    const buttons = BRUSHES.map(([brush, text]) => {
      const dot = make("span", { className: "dot", hidden: brush.length > 1 });
      const button = make("button", { className: "brush", type: "button", data: { brush } }, dot, text);
      if (brush.length === 1) button.setAttribute("aria-label", `Draw class ${text}`);
      button.addEventListener("click", () => this.pick(brush));
      return button;
    });
    const clear = make("button", { className: "text", type: "button" }, "Clear");
    clear.addEventListener("click", () => this.set(""));
    const count = make("span", { className: "count" });
    const brushes = make("div", { className: "brushes", role: "group", "aria-label": "Brush" }, ...buttons);
    const bar = make("div", { className: "drawing-bar" }, brushes, clear, count);
    const cross = make("span", { className: "cross", hidden: true });
    find(".map-view", root).prepend(bar);
    canvas.after(cross);
    this.bars.push({ bar, canvas, count, cross, clear });
    canvas.addEventListener("click", (event) => this.draws && event.stopImmediatePropagation(), true);
    canvas.addEventListener("pointerdown", (event) => this.draws && this.stroke(canvas, event));
    canvas.addEventListener("pointermove", (event) => this.last && this.stroke(canvas, event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (this.last = null));
    canvas.addEventListener("keydown", (event) => this.draws && this.key(event, canvas, cross));
    canvas.addEventListener("blur", () => (cross.hidden = true));
  }

  get draws() {
    return this.active && this.brush !== "probe";
  }

  pick(brush) {
    this.brush = brush;
    this.describe();
  }

  describe() {
    const { active, draws, page: { state, facts } } = this;
    if (state.data.points === this.sent) this.sent = null;
    if (this.sent === null && !this.timer) this.points = state.data.points;
    this.button.setAttribute("aria-pressed", active);
    for (const { bar, canvas, cross, clear } of this.bars) {
      bar.hidden = !active;
      canvas.classList.toggle("drawn-on", draws);
      canvas.tabIndex = draws ? 0 : -1;
      cross.hidden ||= !draws;
      clear.disabled = !this.points;
      for (const button of findAll(".brush", bar)) {
        const { brush } = button.dataset;
        button.setAttribute("aria-pressed", brush === this.brush);
        find(".dot", button).style.background = css(facts.classes?.length === 2 && brush < 2 ? [palette.negative, palette.positive][brush] : palette.classes[Number(brush) || 0]);
      }
    }
    this.write();
  }

  write() {
    for (const { count } of this.bars) count.textContent = `${this.points.length / LENGTH} of ${MOST}`;
  }

  // Place a point, or erase those that are near, unless the pointer has hardly moved.
  stroke(canvas, event) {
    const box = canvas.getBoundingClientRect();
    const at = [(event.clientX - box.left) / box.width, 1 - (event.clientY - box.top) / box.height];
    if (event.type === "pointerdown") canvas.setPointerCapture(event.pointerId);
    else if (Math.hypot(at[0] - this.last[0], at[1] - this.last[1]) < GAP) return;
    this.last = at;
    if (at.every((share) => share >= 0 && share <= 1)) this.put(at);
  }

  put(at) {
    const all = this.points.match(/.{5}/g) ?? [];
    if (this.brush === "erase") return this.set(all.filter((point) => Math.hypot(...placeOf(point).map((share, axis) => share - at[axis])) > ERASED).join(""));
    if (all.length >= MOST) return this.page.notice(`${MOST} points are drawn, and no more fit into the address. Erase some of them.`, 5000);
    this.set(this.points + this.brush + at.map(codeOf).join(""));
  }

  // At most one request in a pause; the last one has all points.
  set(points) {
    this.points = points;
    this.write();
    this.timer ??= setTimeout(() => {
      Object.assign(this, { timer: null, sent: this.points });
      this.page.change(({ data }) => (data.points = this.points));
    }, PAUSE);
  }

  // The arrow keys move a cross over the map; enter or space draws there.
  key(event, canvas, cross) {
    const step = STEPS[event.key];
    if (!step && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    this.cross ??= [0.5, 0.5];
    if (step) this.cross = this.cross.map((share, axis) => Math.min(1, Math.max(0, share + step[axis] * GAP)));
    else this.put(this.cross);
    cross.hidden = false;
    cross.style.left = `${canvas.offsetLeft + this.cross[0] * canvas.offsetWidth}px`;
    cross.style.top = `${canvas.offsetTop + (1 - this.cross[1]) * canvas.offsetHeight}px`;
  }

  repaint() {
    if (this.active) this.describe();
  }
}

const codeOf = (share) => Math.round(share * LARGEST).toString(36).padStart(2, "0");
const placeOf = (point) => [point.slice(1, 3), point.slice(3)].map((code) => parseInt(code, 36) / LARGEST);
