// The formula of a pass, which assembles itself term by term: letters above, their numbers below.

import { ActivationCurve } from "../network/activation-curve.js";
import { make, write } from "../dom.js";

// Parts of a formula: a long one is written smaller, a short one larger.
const MANY = 8;
const FEW = 5;

export class PassFormula {
  constructor() {
    this.title = make("h4", {});
    this.lines = make("div", { className: "pass-lines" });
    this.words = make("p", { className: "pass-words" });
    this.note = make("p", { className: "hint" });
    this.curve = new ActivationCurve();
    this.root = make(
      "div",
      { className: "pass-formula" },
      make("div", { className: "pass-text" }, this.title, this.words, this.lines, this.note),
      this.curve.root,
    );
  }

  // Show the parts of a term's formula up to the term; those that come later keep their room.
  show({ formula, from, to, words, curve }, note) {
    if (formula !== this.formula) this.build(formula);
    this.parts.forEach(({ root, element }, place) => {
      element.classList.toggle("now", place >= from && place < to);
      root.classList.toggle("hidden", place >= to);
    });
    write(this.title, formula.title);
    write(this.words, words);
    write(this.note, note);
    this.note.hidden = !note;
    this.showCurve(curve);
  }

  // The curve of an activation, with the sum and the slope there.
  showCurve(curve) {
    if (curve) this.curve.show(curve.name, curve.sum);
    this.curve.root.classList.toggle("unseen-curve", !curve || this.curve.root.hidden);
    this.curve.root.hidden = false;
  }

  build(formula) {
    this.formula = formula;
    const lines = [];
    this.parts = formula.parts.map((part) => {
      const element = partOf(part);
      const root = make(
        "span",
        { className: "pass-part" },
        ...[part.lead, part.joint].filter(Boolean).map((sign) => signOf(sign)),
        element,
      );
      if (part.breaks || !lines.length) lines.push([]);
      lines.at(-1).push(root);
      return { root, element };
    });
    this.root.classList.toggle("many", formula.parts.length > MANY);
    this.root.classList.toggle("few", formula.parts.length <= FEW);
    this.lines.replaceChildren(
      ...lines.map((parts) => make("p", { className: "pass-line" }, ...parts)),
    );
  }
}

const signOf = (sign) => make("span", { className: "pass-sign" }, `${sign} `);

function partOf({ symbol, numbers, value, isResult }) {
  const rows = [
    make("span", { className: "pass-symbol" }, symbol),
    make("b", { className: "pass-numbers" }, numbers),
  ];
  if (value !== undefined) rows.push(make("span", { className: "pass-product" }, `= ${value}`));
  return make("span", { className: `pass-term${isResult ? " result" : ""}` }, ...rows);
}
