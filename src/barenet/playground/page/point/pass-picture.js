// The network of a pass: its numbers in the neurons and on the links, and the term at work.

import { letterScale, make } from "../dom.js";
import { t } from "../language.js";
import { number } from "../network/step-words.js";

const SVG = "http://www.w3.org/2000/svg";
const MARGIN = 10; // pixels
const COLUMN = 104; // pixels between the middles of two columns, at least
const NARROW = 80; // … on a phone
const PHONE = 460; // pixels
const ROW = 27; // … of two rows
const WIDE = 58; // pixels: the height of a neuron with room for its name
const HIGH = 36; // … for a second number
const BROAD = 84; // … the width of a lower one with room for its name
const ROOM = 74; // pixels between two rows where all links have their numbers
const GAP = 90; // … between two columns
const BESIDE = 0.3; // of the way along a link: its number, where all have one
// What a link shows in each chapter, if it has been reached.
const ON_LINKS = {
  forward: "product",
  error: "product",
  delta: "back",
  gradient: "gradient",
  update: "update",
};
const GOES_BACK = ["delta", "gradient", "update"];

export class PassPicture {
  constructor() {
    this.svg = shape("svg", { role: "img", "aria-label": t`The network of the pass` });
    this.pulse = make("span", { className: "pass-pulse", hidden: true });
    this.sheet = make("div", { className: "pass-sheet" }, this.svg, this.pulse);
    this.root = make(
      "div",
      { className: "pass-picture", tabIndex: 0, role: "region", "aria-label": t`The network` },
      this.sheet,
    );
    new ResizeObserver(() => this.place()).observe(this.root);
  }

  // `columns`: for each column the names of its nodes, shorter ones, and how many are not drawn.
  describe(pass, columns) {
    this.pass = pass;
    const key = JSON.stringify(columns);
    if (key !== this.key) this.build(columns);
    this.key = key;
    for (const link of this.links)
      Object.assign(link, { reached: reachedBy(pass, link), state: "" });
    this.place();
  }

  build(columns) {
    this.columns = columns;
    this.nodes = columns.map(({ names, marks }, column) =>
      names.map((name, place) => nodeOf(column, place, name, marks[place])),
    );
    this.rests = columns.map(() => shape("text", { class: "pass-rest" }));
    this.links = this.linksOf();
    const all = this.nodes.flat();
    this.svg.replaceChildren(
      arrows(),
      ...this.links.map(({ line }) => line),
      ...all.map(({ root }) => root),
      ...this.links.map(({ text }) => text),
      ...this.rests,
    );
  }

  linksOf() {
    const links = [];
    this.nodes.slice(1).forEach((targets, layer) => {
      this.nodes[layer].forEach((from, row) =>
        targets.forEach((to, column) => {
          const line = shape("path", { class: "pass-link" });
          const text = shape("text", { class: "pass-number" });
          links.push({ layer, row, column, from, to, line, text });
        }),
      );
    });
    return links;
  }

  // Lay out the columns in the room that there is; many layers are scrolled.
  place() {
    const { root, columns } = this;
    if (!columns || !root.clientWidth) return;
    const scale = letterScale(); // of the lengths in pixels
    const most = Math.max(...this.nodes.map((nodes) => nodes.length));
    const least = scale * (root.clientWidth < PHONE ? NARROW : COLUMN);
    const width = Math.max(root.clientWidth, (columns.length - 1) * least + 60 + 2 * MARGIN);
    const height = Math.max(root.clientHeight, most * ROW * scale + 2 * MARGIN);
    const beside = Math.min(118 * scale, Math.max(52 * scale, (width / columns.length) * 0.62));
    const across = (width - beside - 2 * MARGIN) / Math.max(columns.length - 1, 1);
    this.nodes.forEach((nodes, column) => {
      const hasRest = columns[column].others > 0;
      const room = height - 2 * MARGIN - (hasRest ? 18 * scale : 0);
      const pitch = Math.min(room / nodes.length, 150 * scale);
      const size = Math.min(pitch * 0.8, 74 * scale);
      const top = MARGIN + (room - pitch * nodes.length) / 2;
      const x = MARGIN + beside / 2 + column * across;
      nodes.forEach((node, place) => {
        const y = top + (place + 0.5) * pitch;
        layOut(node, { x, y, width: beside, height: size }, scale);
      });
      this.rests[column].setAttribute("x", x);
      this.rests[column].setAttribute("y", top + pitch * nodes.length + 13 * scale);
      this.rests[column].textContent = hasRest ? t`+${columns[column].others} more` : "";
    });
    Object.assign(this.sheet.style, { width: `${width}px`, height: `${height}px` });
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.isRoomy = this.nodes.map((nodes) => nodes.length < 2 || pitchOf(nodes) >= ROOM * scale);
    for (const link of this.links) this.placeLink(link);
    if (this.term) this.show(this.index, this.term);
  }

  placeLink(link) {
    const { from, to, layer } = link;
    const start = { x: from.x + from.width / 2, y: from.y };
    const end = { x: to.x - to.width / 2, y: to.y };
    const middle = (start.x + end.x) / 2;
    link.line.setAttribute(
      "d",
      `M${start.x} ${start.y}C${middle} ${start.y} ${middle} ${end.y} ${end.x} ${end.y}`,
    );
    Object.assign(link, { start, end });
    const hasRows = this.isRoomy[layer] && this.isRoomy[layer + 1];
    link.hasRoom = hasRows && end.x - start.x >= GAP;
    const { x, y } = at(link, link.hasRoom ? BESIDE : 0.5);
    link.text.setAttribute("x", x);
    link.text.setAttribute("y", y);
  }

  // Show all that is known at a term: `index` is its place among the terms.
  show(index, term) {
    Object.assign(this, { index, term });
    if (!this.isLaidOut) return;
    for (const link of this.links) this.showLink(link);
    for (const node of this.nodes.flat()) this.showNode(node);
    this.reveal();
  }

  get isLaidOut() {
    return Boolean(this.links?.[0]?.start);
  }

  isSeen(key) {
    const place = this.pass.seen.get(key);
    return place !== undefined && place <= this.index;
  }

  showLink(link) {
    const { term, pass } = this;
    const kind = ON_LINKS[term.chapter];
    const isSeen = link.reached[kind] <= this.index;
    const isNow = isLink(term.link, link);
    const isActive = isNow || isBeside(term, link);
    const state = [kind, isSeen, isNow, isActive, link.hasRoom].join();
    if (state === link.state) return; // as most of the many links of a large network
    link.state = state;
    const value = isSeen ? pass.ofLink(kind, link) : 0;
    const size = Math.min(1, Math.sqrt(Math.abs(value ?? 0)) / 2);
    const way = term.link?.isBack ? "back" : "ahead";
    change(
      link.line,
      "class",
      classes("pass-link", signOf(value), isNow && `now ${way}`, isActive && "active"),
    );
    change(link.line, "stroke-width", (isNow ? 3.5 : 1) + 5 * size);
    const isWritten = isSeen && (isActive || link.hasRoom);
    change(link.text, "class", classes("pass-number", isNow && "now", !isWritten && "unwritten"));
    if (isWritten) write(link.text, number(value, kind === "update" ? 3 : 2));
  }

  showNode(node) {
    const { pass, term } = this;
    const { column, place } = node;
    const isNow = term.node?.column === column && term.node.place === place;
    const [value, below] = this.numbersOf(node);
    const isDelta =
      column > 0 && GOES_BACK.includes(term.chapter) && this.isSeen(`delta.${column - 1}.${place}`);
    change(
      node.root,
      "class",
      classes(
        "pass-node",
        signOf(value),
        isNow && "now",
        isDelta && "delta",
        node.isBeside && "beside",
      ),
    );
    const amount = Math.min(1, Math.abs(value ?? 0)) ** 0.7;
    node.root.style.setProperty("--amount", amount.toFixed(2));
    let words = "";
    if (value !== null) words = number(value, node.root.dataset.size === "large" ? 3 : 2);
    if (isDelta) words = `δ ${words}`;
    write(node.value, words);
    write(node.below, below);
    if (isNow && term.chapter === "update") write(node.below, this.biasWords(node) || below);
  }

  // The number of a node, or null, and that below it.
  numbersOf({ column, place, isBroad }) {
    const { answer } = this.pass;
    if (column === 0) return [answer.inputs[place], ""];
    const layer = column - 1;
    const values = answer.layers[layer];
    const key = `${layer}.${place}`;
    const letter = layer === this.pass.last ? "y" : "a";
    const output = number(values.outputs[place], 2);
    const target = layer === this.pass.last ? answer.target?.[place] : undefined;
    const isJudged = target !== undefined && this.isSeen(`target.${place}`);
    const aim = isJudged && isBroad ? `, t ${number(target, 2)}` : "";
    if (GOES_BACK.includes(this.term.chapter) && this.isSeen(`delta.${key}`))
      return [values.deltas[place], `${letter} ${output}${aim}`];
    if (isJudged) return [values.outputs[place], t`target ${number(target, 2)}`];
    if (this.isSeen(`output.${key}`))
      return [values.outputs[place], `z ${number(values.sums[place], 2)}`];
    if (this.isSeen(`z.${key}`)) return [null, `z ${number(values.sums[place], 2)}`];
    return [null, ""];
  }

  // The new bias of a neuron, once it is computed.
  biasWords({ column, place }) {
    const { steps } = this.pass.answer;
    const isSeen = this.isSeen(`update.${column - 1}.bias.${place}`);
    return isSeen ? `b ${number(steps[column - 1].after.bias[place], 2)}` : "";
  }

  // Move what carries the number of the term along its link; `share` of the way, or null for none.
  carry(share) {
    const link = share === null ? null : this.links?.find((each) => isLink(this.term?.link, each));
    this.pulse.hidden = !link?.start;
    if (!link?.start) return;
    const way = this.term.link.isBack ? 1 - share : share;
    const { x, y } = at(link, way);
    this.pulse.style.transform = `translate(${x}px, ${y}px)`;
  }

  // Keep the node at work in view where not all columns are.
  reveal() {
    const { root, term } = this;
    if (root.scrollWidth <= root.clientWidth || !term.node) return;
    const { x } = this.nodes[term.node.column][term.node.place];
    const link = term.link ? COLUMN * (term.link.isBack ? 0.5 : -0.5) : 0;
    root.scrollLeft = x + link - root.clientWidth / 2;
  }
}

// The first term at which each kind of number of a link is known.
function reachedBy({ seen }, { layer, row, column }) {
  const entries = Object.values(ON_LINKS).map((kind) => [
    kind,
    seen.get(`${kind}.${layer}.${row}.${column}`) ?? Infinity,
  ]);
  return Object.fromEntries(entries);
}

// A link of the same neuron as that of the term.
function isBeside(term, { layer, row, column }) {
  const { link, node, chapter } = term;
  if (!node) return false;
  if (chapter === "delta") {
    const isFromHidden = !link || link.isBack;
    return isFromHidden && layer === node.column && row === node.place;
  }
  return layer === node.column - 1 && column === node.place;
}

const isLink = (link, { layer, row, column }) =>
  Boolean(link) && link.layer === layer && link.row === row && link.column === column;

const pitchOf = ([first, second]) => second.y - first.y;

function signOf(value) {
  if (!value) return "";
  return value < 0 ? "below" : "above";
}

const classes = (...names) => names.filter(Boolean).join(" ");

// The place at a share of the way along a link.
function at({ start, end }, t) {
  const share = 3 * t * t - 2 * t ** 3;
  const across = 1.5 * t * (1 - t) + t ** 3;
  return {
    x: start.x + across * (end.x - start.x),
    y: start.y + share * (end.y - start.y),
  };
}

// The head of an arrow, for the link at work; `orient` turns it against the way at a link's start.
function arrows() {
  const definitions = shape("defs", {});
  const head = shape("marker", {
    id: "pass-arrow",
    viewBox: "0 0 10 10",
    refX: 9,
    refY: 5,
    markerWidth: 13,
    markerHeight: 13,
    markerUnits: "userSpaceOnUse",
    orient: "auto-start-reverse",
  });
  head.append(shape("path", { d: "M0 0L10 5L0 10z" }));
  definitions.append(head);
  return definitions;
}

function nodeOf(column, place, title, mark) {
  const box = shape("rect", { rx: 12 });
  const name = shape("text", { class: "pass-name" });
  const value = shape("text", { class: "pass-value" });
  const below = shape("text", { class: "pass-below" });
  const root = shape("g", { class: "pass-node" });
  root.append(box, name, value, below);
  return { column, place, title, mark, root, box, name, value, below };
}

// Give a node its place, and its texts the lines that its height has room for.
function layOut(node, { x, y, width, height }, scale) {
  const isWide = height >= WIDE * scale;
  const isHigh = height >= HIGH * scale;
  const isBroad = width >= BROAD * scale;
  Object.assign(node, { x, y, width, height, isBroad });
  node.root.setAttribute("transform", `translate(${x} ${y})`);
  const attributes = { x: -width / 2, y: -height / 2, width, height, rx: Math.min(12, height / 3) };
  for (const [name, value] of Object.entries(attributes)) node.box.setAttribute(name, value);
  node.root.dataset.size = "small";
  if (isHigh) node.root.dataset.size = "middle";
  if (isWide && isBroad) node.root.dataset.size = "large";
  const isBeside = !isWide && isBroad; // the name stands beside the number
  const letter = 7 * scale; // the width of one
  let name = "";
  if (isWide) name = shortened(node.title, width / letter);
  if (isBeside) name = shortened(node.mark, (0.4 * width) / letter);
  node.name.textContent = name;
  node.name.setAttribute("x", isBeside ? -width / 2 + 6 : 0);
  node.name.setAttribute("y", isBeside ? 4 * scale : -height / 2 + 14 * scale);
  node.isBeside = isBeside;
  node.value.setAttribute("x", isBeside ? 0.2 * width : 0);
  node.below.setAttribute("x", isBeside ? 0.2 * width : 0);
  node.value.setAttribute("y", scale * (isHigh && !isWide ? -2 : 5));
  node.below.setAttribute("y", height / 2 - scale * (isWide ? 8 : 5));
  node.below.setAttribute("visibility", isHigh ? "visible" : "hidden");
}

const shortened = (title, letters) => {
  const most = Math.floor(letters);
  return title.length > most ? `${title.slice(0, most - 1)}…` : title;
};

function change(element, name, value) {
  const text = String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

function shape(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
