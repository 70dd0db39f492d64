// Points drawn by hand: a brush for each class on the map, an eraser, and the probe beside them.

import { css, palette } from "../colours.js";
import { find, findAll, parts, shareAt } from "../dom.js";
import { t } from "../language.js";

const SOURCE = "drawn";
const LARGEST = 36 ** 2 - 1; // two characters for each coordinate
const MOST = 300;
const LENGTH = 5; // characters of a point: its class, then both coordinates
const GAP = 0.03; // of the map's side, between two points of one stroke
const REACH = 0.05; // of the eraser
const PAUSE = 60; // milliseconds between two requests of a stroke
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class Drawing {
  constructor(page) {
    Object.assign(this, { page, brush: "0", points: "", sent: null, bars: [] });
    this.button = find("#draw");
    this.button.addEventListener("click", () => page.choose(SOURCE));
    document.addEventListener("keydown", ({ key, target, ctrlKey, metaKey, altKey }) => {
      const isShortcut = ctrlKey || metaKey || altKey;
      const isForField = target.closest("input, select, textarea, dialog");
      if (this.active && "1234".includes(key) && !isShortcut && !isForField)
        this.pick(String(key - 1));
    });
  }

  get active() {
    return this.page.state?.data.source === SOURCE;
  }

  addTo({ output: { canvas }, root }) {
    const { bar, count, cross, clear } = parts(root, {
      bar: ".drawing-bar",
      count: ".drawing-bar .count",
      cross: ".cross",
      clear: ".drawing-bar .clear",
    });
    this.bars.push({ bar, canvas, count, cross, clear });
    for (const each of findAll(".brush", bar))
      each.addEventListener("click", () => this.pick(each.dataset.brush));
    clear.addEventListener("click", () => this.set(""));
    const whileDrawing = (act) => (event) => {
      if (this.draws) act(event);
    };
    const stop = whileDrawing((event) => event.stopImmediatePropagation());
    canvas.addEventListener("click", stop, true);
    canvas.addEventListener(
      "pointerdown",
      whileDrawing((event) => this.stroke(canvas, event)),
    );
    canvas.addEventListener("pointermove", (event) => {
      if (this.last) this.stroke(canvas, event);
    });
    for (const end of ["pointerup", "pointercancel"])
      canvas.addEventListener(end, () => this.lift(canvas));
    canvas.addEventListener(
      "keydown",
      whileDrawing((event) => this.key(event, canvas, cross)),
    );
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
    const {
      active,
      draws,
      page: { state, data },
    } = this;
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
        const colour =
          data.classes?.length === 2
            ? [palette.negative, palette.positive][brush]
            : palette.classes[brush];
        find(".dot", button)?.style.setProperty(
          "background",
          css(colour ?? palette.classes[brush]),
        );
      }
    }
    this.write();
  }

  write() {
    for (const { count } of this.bars)
      count.textContent = t`${this.points.length / LENGTH} of ${MOST}`;
  }

  // Place a point, or erase one, unless the pointer has hardly moved.
  stroke(canvas, event) {
    const [across, down] = shareAt(event, canvas);
    const at = [across, 1 - down];
    if (event.type === "pointerdown") canvas.setPointerCapture(event.pointerId);
    else if (Math.hypot(at[0] - this.last[0], at[1] - this.last[1]) < GAP) return;
    this.last = at;
    if (at.every((share) => share >= 0 && share <= 1)) this.put(at);
  }

  // The end of a stroke leaves no focus, so that space plays.
  lift(canvas) {
    this.last = null;
    if (this.draws) canvas.blur();
  }

  put(at) {
    const all = this.points.match(/.{5}/g) ?? [];
    if (this.brush === "erase") return this.erase(all, at);
    if (all.length >= MOST)
      return this.page.notice(
        t`${MOST} points are drawn, and no more fit into the address. Erase some of them.`,
        5000,
      );
    this.set(this.points + this.brush + at.map(codeOf).join(""));
  }

  // Erase the nearest point, if one is in reach.
  erase(all, at) {
    const distances = all.map((point) => {
      const [across, up] = placeOf(point);
      return Math.hypot(across - at[0], up - at[1]);
    });
    const least = Math.min(...distances);
    if (least <= REACH) this.set(all.toSpliced(distances.indexOf(least), 1).join(""));
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
    if (step)
      this.cross = this.cross.map((share, axis) =>
        Math.min(1, Math.max(0, share + step[axis] * GAP)),
      );
    else this.put(this.cross);
    cross.hidden = false;
    cross.style.left = `${canvas.offsetLeft + this.cross[0] * canvas.offsetWidth}px`;
    cross.style.top = `${canvas.offsetTop + (1 - this.cross[1]) * canvas.offsetHeight}px`;
  }

  repaint() {
    if (this.active) this.describe();
  }
}

const codeOf = (share) =>
  Math.round(share * LARGEST)
    .toString(36)
    .padStart(2, "0");
const placeOf = (point) =>
  [point.slice(1, 3), point.slice(3)].map((code) => parseInt(code, 36) / LARGEST);
