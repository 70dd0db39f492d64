// The pass of one point, to be played and scrubbed: forward to the answer, and its error back, one
// term at a time, in the card of the network. The server computes all numbers.

import { button, counted, find, make, write } from "../dom.js";
import { returnFocus } from "../focus.js";
import { shortPixelName } from "../data/ink.js";
import { subscript } from "../data/input-names.js";
import { t } from "../language.js";
import { neuronOf, nameOfInput } from "../network/neurons.js";
import { PassFormula } from "./pass-formula.js";
import { PassPicture } from "./pass-picture.js";
import { CHAPTERS, PassTerms } from "./pass-terms.js";
import { Query } from "../io/query.js";
import { ruleOf } from "../network/step-words.js";

const PAUSE = 100; // milliseconds between two requests
const REST = 250; // … until the address has another term, which a browser lets change rarely
const SPEEDS = [0.5, 1, 2, 5, 20]; // terms a second
const CALM = 2500; // milliseconds between two announcements while it plays
const LONG = 10; // letters
const NOT_MOVED = ["INPUT", "SELECT"]; // controls with arrow keys of their own
const TRIANGLE = "M8 5l12 7-12 7z";
const BARS = "M7 5h4v14H7zM14 5h4v14h-4z";
const REASONS = {
  test: t`This is a test point: no step of the training uses its gradient.`,
  learning: t`The network is learning. Pause it to see the step of this point.`,
  full_batch: t`L-BFGS needs all points at once: there is no step of one point.`,
};

// The tool of the page: a pass for each network.
export class BackwardPasses {
  constructor(page, probe) {
    Object.assign(this, { page, probe, passes: [] });
    probe.onClose = () => this.hide();
    probe.onChoose = () => this.renew();
    document.addEventListener("keydown", ({ key }) => {
      if (key === "Escape" && this.isOpen && !find("dialog[open]")) this.close();
    });
  }

  get isOpen() {
    return this.passes.some(({ isOpen }) => isOpen);
  }

  // Mark the page, whose other parts make room.
  mark() {
    document.body.classList.toggle("with-pass", this.isOpen);
  }

  addTo(panel) {
    const pass = new BackwardPass(this.page, panel, this.probe, {
      close: () => this.close(),
      moved: () => this.locate(),
    });
    this.passes[panel.place] = pass;
    find(".network", panel.root).append(pass.root);
    const open = button(t`▶ Play it forward and backward`, () => this.open(pass), {
      className: "button pass-open",
    });
    this.probe.views[panel.place].root.prepend(open);
  }

  open(pass) {
    this.from = document.activeElement;
    this.page.line.send("pause"); // a pass is of one network, which may have begun to learn unseen
    pass.open(0);
    this.mark();
    this.locate();
    pass.root.focus({ preventScroll: true });
    pass.root.scrollIntoView({ block: "nearest" });
  }

  close() {
    const wasInside = this.passes.some(({ root }) => root.contains(document.activeElement));
    this.hide();
    if (!this.page.side.shows(this.probe.content)) this.probe.end();
    this.page.writeAddress();
    if (wasInside) returnFocus(this.from);
  }

  hide() {
    const { view } = this.page;
    const isOfThis = this.isOpen && view.pass === this.located;
    this.passes.forEach((pass) => pass.hide());
    if (isOfThis) view.pass = ""; // else a new address has another pass
    this.mark();
  }

  // The address has the term at which the first network's pass rests.
  locate() {
    const [first] = this.passes;
    if (!first?.isOpen || first.isPlaying) return;
    const place = String(first.index);
    this.located = place;
    if (place === this.page.view.pass) return;
    this.page.view.pass = place;
    clearTimeout(this.timer);
    const { hash } = location;
    this.timer = setTimeout(() => {
      const isOther = location.hash !== hash; // another address was opened meanwhile
      if (!isOther) this.page.writeAddress();
    }, REST);
  }

  // A new state of the page: the network may have other layers.
  describe() {
    this.passes.length = this.page.panels.length;
    if (this.isOpen && !this.page.view.pass) this.close(); // another lesson
    this.renew();
  }

  // Another point, or another network.
  renew() {
    for (const pass of this.passes) pass.forget();
    this.follow();
  }

  follow() {
    const { view } = this.page;
    const isWanted = view.pass && this.probe.point && !this.isOpen;
    if (isWanted) {
      this.located = view.pass;
      this.passes[0].open(Number(view.pass));
      this.mark();
    }
    for (const pass of this.passes) pass.request();
  }

  repaint() {
    for (const { picture } of this.passes) picture.place();
  }

  take(answer) {
    if (answer.type === "backward_pass") this.passes[answer.network]?.take(answer);
  }
}

export class BackwardPass {
  // `acts`: close(); moved(), when it rests at another term.
  constructor(page, panel, probe, acts) {
    Object.assign(this, { page, panel, probe, acts, position: 0, isPlaying: false, terms: [] });
    this.query = new Query(page, "backward_pass", panel, PAUSE);
    this.picture = new PassPicture();
    this.formula = new PassFormula();
    this.live = make("p", { className: "unseen", "aria-live": "polite" });
    this.where = make("span", { className: "hint pass-where" });
    this.chapters = make("div", {
      className: "pass-chapters",
      role: "group",
      "aria-label": t`Parts of the pass`,
    });
    this.root = make(
      "section",
      {
        className: "backward-pass",
        tabIndex: 0,
        hidden: true,
        role: "group",
        "aria-label": t`Forward and backward, one term at a time`,
        "aria-keyshortcuts": "Space ArrowLeft ArrowRight Home End",
      },
      make("h3", { className: "unseen" }, t`Forward and backward`),
      make(
        "div",
        { className: "pass-head" },
        this.chapters,
        this.where,
        button(t`Close`, acts.close, { className: "text", title: t`Close the pass (Escape)` }),
      ),
      this.picture.root,
      this.controls(),
      this.formula.root,
      this.live,
    );
    this.root.addEventListener("keydown", (event) => this.key(event));
    this.root.addEventListener("keyup", (event) => {
      if (event.key === " " && event.target === this.root) event.preventDefault();
    });
    // After a click, the keys move the pass, and not the training.
    this.root.addEventListener("click", ({ detail, target }) => {
      if (detail > 0 && !NOT_MOVED.includes(target.tagName))
        this.root.focus({ preventScroll: true });
    });
  }

  controls() {
    const round = (label, act, paths, className = "round") =>
      button(icon(paths), act, { className, "aria-label": label, title: label });
    this.back = round(t`One term back`, () => this.step(-1), ["M18 6l-9 6 9 6zM6 5v14"]);
    this.playButton = round(t`Play the pass`, () => this.toggle(), [TRIANGLE], "round big");
    this.next = round(t`One term forward`, () => this.step(1), ["M6 6l9 6-9 6zM18 5v14"]);
    this.slider = make("input", {
      type: "range",
      min: 0,
      value: 0,
      step: 1,
      "aria-label": t`Term`,
    });
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.count = make("output", { className: "pass-count" });
    this.speed = make(
      "select",
      { "aria-label": t`Speed of the pass`, title: t`Terms a second` },
      ...SPEEDS.map((speed) => new Option(`${speed}/s`, speed)),
    );
    this.speed.value = 1;
    return make(
      "div",
      { className: "pass-controls" },
      this.back,
      this.playButton,
      this.next,
      this.slider,
      this.count,
      this.speed,
    );
  }

  get isOpen() {
    return !this.root.hidden;
  }

  get index() {
    return Math.min(Math.floor(this.position), Math.max(this.terms.length - 1, 0));
  }

  open(index) {
    this.position = index;
    this.root.hidden = false;
    this.root.parentNode.classList.add("passing");
    this.forget();
    this.request();
  }

  hide() {
    this.root.hidden = true; // first: what is closed does not move the address
    this.pause();
    this.root.parentNode.classList.remove("passing");
  }

  forget() {
    this.query.forget();
  }

  request() {
    const { point, place } = this.probe;
    if (!this.isOpen || !point) return;
    let fields = { row: point.row };
    if (point.pixels) fields = { pixels: point.pixels };
    else if (point.row < 0) fields = { place };
    this.query.send(fields);
  }

  take(answer) {
    this.query.answered();
    if (!this.isOpen) return;
    const isEarlier = !this.query.state && this.probe.point?.at; // another point was chosen meanwhile
    const isOfNetwork = answer.layers.length === this.panel.architecture.layout.length;
    if (isOfNetwork && !isEarlier) this.describe(answer);
    this.request(); // if something has changed meanwhile
  }

  describe(answer) {
    const names = namesOf(this.panel, answer.classes);
    this.pass = new PassTerms(answer, names);
    this.terms = this.pass.terms;
    this.picture.describe(this.pass, this.columnsOf(answer));
    this.listChapters();
    this.slider.max = Math.max(this.terms.length - 1, 1);
    write(this.where, this.probe.where.textContent);
    this.position = Math.min(this.position, this.terms.length - 1);
    this.shown = null;
    this.show();
  }

  columnsOf({ inputs, layers, classes }) {
    const { data, architecture } = this.panel;
    const names = namesOf(this.panel, classes);
    const ofInputs = inputs.map((_, row) => names.short(row));
    const columns = [{ names: ofInputs, marks: ofInputs, others: data.n_inputs - inputs.length }];
    layers.forEach(({ sums }, layer) => {
      const ofNeurons = sums.map((_, index) => names.neuron(layer, index));
      columns.push({
        names: ofNeurons,
        marks: sums.map((_, index) => names.mark(layer, index)),
        others: architecture.layout[layer].n_out - sums.length,
      });
    });
    return columns;
  }

  // A button for each part that the pass has, which goes to its first term.
  listChapters() {
    const present = Object.keys(CHAPTERS).filter((key) =>
      this.terms.some(({ chapter }) => chapter === key),
    );
    if (present.join() === this.listed) return;
    this.listed = present.join();
    this.chapters.replaceChildren(
      ...present.map((key) => {
        const first = () => this.terms.findIndex(({ chapter }) => chapter === key);
        return button(CHAPTERS[key], () => this.go(first()), {
          className: "tab",
          data: { chapter: key },
        });
      }),
    );
  }

  toggle() {
    if (this.isPlaying) this.pause();
    else this.play();
  }

  play() {
    if (!this.terms.length) return;
    if (this.index >= this.terms.length - 1) this.position = 0;
    this.isPlaying = true;
    this.showPlaying();
    this.time = performance.now();
    this.frame = requestAnimationFrame((now) => this.tick(now));
  }

  pause() {
    cancelAnimationFrame(this.frame);
    this.isPlaying = false;
    this.showPlaying();
    this.picture.carry(null);
    if (!this.isOpen || !this.terms.length) return;
    this.position = this.index;
    this.announce();
    this.acts.moved();
  }

  tick(now) {
    const seconds = Math.max(0, now - this.time) / 1000;
    this.time = now;
    this.position += seconds * Number(this.speed.value);
    if (this.position >= this.terms.length) {
      this.position = this.terms.length - 1;
      this.show();
      this.pause();
      return;
    }
    this.show();
    this.frame = requestAnimationFrame((next) => this.tick(next));
  }

  showPlaying() {
    const label = this.isPlaying ? t`Pause the pass` : t`Play the pass`;
    this.playButton.ariaLabel = label;
    this.playButton.title = label;
    find("path", this.playButton).setAttribute("d", this.isPlaying ? BARS : TRIANGLE);
  }

  step(by) {
    this.go(this.index + by);
  }

  go(index) {
    if (this.isPlaying) this.pause();
    if (!this.terms.length) {
      this.position = index; // its terms are to come
      return;
    }
    this.position = Math.max(0, Math.min(index, this.terms.length - 1));
    this.show();
    this.announce();
    this.acts.moved();
  }

  // Each frame moves what carries the number; the rest changes with the term.
  show() {
    const { index } = this;
    const term = this.terms[index];
    if (!term) return;
    if (this.shown !== index) {
      this.shown = index;
      this.picture.show(index, term);
      this.formula.show(term, this.noteOn(term));
      this.slider.value = index;
      const count = t`${counted(index + 1)} of ${counted(this.terms.length)}`;
      write(this.count, count);
      this.slider.setAttribute("aria-valuetext", `${count}: ${term.formula.title}`);
      for (const each of this.chapters.children) {
        const isNow = each.dataset.chapter === term.chapter;
        if (isNow) each.setAttribute("aria-current", "step");
        else each.removeAttribute("aria-current");
      }
      this.back.disabled = index === 0;
      this.next.disabled = index === this.terms.length - 1;
      if (this.isPlaying) this.announceCalmly(term);
    }
    const moves = this.isPlaying && matchMedia("(prefers-reduced-motion: no-preference)").matches;
    this.picture.carry(moves ? eased(this.position - index) : null);
  }

  // What holds for all gradients, or why there are none.
  noteOn({ chapter }) {
    const { answer } = this.pass;
    const isEnd = this.index === this.terms.length - 1;
    if (!answer.target)
      return isEnd
        ? t`Only a point of the data has a target: choose one to send its error back.`
        : "";
    if (chapter === "update") return this.ruleWords(answer);
    if (chapter !== "gradient") return "";
    const { rows } = answer;
    const reason = REASONS[answer.no_step];
    if (reason) return reason;
    if (rows === 1) return t`A batch is one row: the step is that of this point alone.`;
    return t`A step uses the mean gradient of a batch of ${counted(rows)} rows: ÷ ${counted(rows)} is the share of this point.`;
  }

  ruleWords(answer) {
    const { settings } = this.panel;
    const words = [];
    if (answer.rows > 1)
      words.push(
        t`Shown is this point’s share of a step: a batch has ${counted(answer.rows)} rows.`,
      );
    words.push(ruleOf(settings, answer));
    if (answer.rows > 1 && answer.optimizer !== "sgd")
      words.push(t`The steps of several points do not simply add up here.`);
    if (settings.penalty_rate > 0 && settings.penalty !== "none")
      words.push(t`The gradient of the ${settings.penalty.toUpperCase()} penalty comes on top.`);
    return words.join(" ");
  }

  announce() {
    const term = this.terms[this.index];
    if (term) write(this.live, `${term.formula.title}. ${term.words}`);
  }

  // While it plays, a new formula is read, and not more of them than can be heard.
  announceCalmly({ formula }) {
    const now = performance.now();
    if (formula === this.announced || now - (this.announcedAt ?? 0) < CALM) return;
    Object.assign(this, { announced: formula, announcedAt: now });
    this.announce();
  }

  key(event) {
    const { key, target, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey) return;
    const acts = {
      ArrowLeft: () => this.step(-1),
      ArrowRight: () => this.step(1),
      Home: () => this.go(0),
      End: () => this.go(this.terms.length - 1),
      " ": () => this.toggle(),
    };
    if (!acts[key]) return;
    event.stopPropagation(); // these keys are not for the training
    const isForControl =
      target.tagName === "SELECT" || (key === " " && target.tagName === "BUTTON");
    if (isForControl) return;
    event.preventDefault();
    const isHeld = event.repeat && key === " ";
    if (!isHeld) acts[key]();
  }
}

// The names of inputs and neurons, short ones and those with their layer; `classes`: the outputs that are drawn.
function namesOf(panel, classes) {
  const { layout } = panel.architecture;
  const last = layout.length - 1;
  const neuron = (layer, index) => {
    if (layer < last) return t`neuron ${index + 1}`;
    return neuronOf(panel, layer, classes[index]).output;
  };
  const mark = (layer, index) => (layer < last ? String(index + 1) : neuron(layer, index));
  const full = (layer, index) => {
    if (layer === last || layout.length === 2) return neuron(layer, index);
    return t`layer ${layer + 1}, neuron ${index + 1}`;
  };
  const input = (row) => nameOfInput(panel, 0, panel.data.drawn_inputs[row]);
  // In formulas, and in the neurons: the place of a pixel, or the number of an input with a long name.
  const short = (row) => {
    if (panel.data.image) return shortPixelName(panel.data.drawn_inputs[row], panel.data.image);
    return input(row);
  };
  const letter = (row) => {
    const name = input(row);
    return panel.data.image || name.length > LONG ? `x${subscript(row + 1)}` : name;
  };
  return {
    neuron,
    mark,
    full,
    input,
    short,
    letter,
    title: (layer, index) => capitalized(full(layer, index)),
    width: (layer) => layout[layer].n_out,
  };
}

const capitalized = (words) => words[0].toUpperCase() + words.slice(1);

const eased = (share) => share * share * (3 - 2 * share);

function icon(paths) {
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  picture.setAttribute("viewBox", "0 0 24 24");
  picture.setAttribute("aria-hidden", "true");
  for (const path of paths) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", "path");
    element.setAttribute("d", path);
    picture.append(element);
  }
  return picture;
}
