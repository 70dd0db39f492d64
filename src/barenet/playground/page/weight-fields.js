// The weights of one neuron, each as a slider and as a number.

import { decimalField, showDecimal } from "./decimals.js";
import { make } from "./dom.js";
import { t } from "./language.js";

export const MANY = 9; // rows that need not be scrolled
const LONG = 20; // letters of a name that is wrapped
const MOST = 1e6; // that is taken as a weight

export class WeightFields {
  // `neuron`: { inputs: names, index: place of each weight, bias }; `edit(field, value)`, when one is moved.
  constructor({ inputs, index, bias }, weights, edit) {
    this.fields = [...inputs, t`bias`].map((name, row) =>
      this.field(name, index[row] ?? bias, row < inputs.length ? row : -1, edit),
    ); // the bias is row −1
    this.root = make(
      "div",
      { className: this.fields.length > MANY ? "many" : "" },
      make(
        "table",
        { className: "weights" },
        make("tbody", {}, ...this.fields.map(({ line }) => line)),
      ),
    );
    this.show(weights);
  }

  field(name, index, row, edit) {
    const words = row < 0 ? t`bias` : t`weight of ${name}`;
    const slide = make("input", {
      type: "range",
      min: -3,
      max: 3,
      step: "any",
      "aria-label": row < 0 ? t`Move the bias` : t`Move the weight of ${name}`,
    });
    const label = words.replace(/^./, (letter) => letter.toUpperCase());
    const take = (value) => {
      if (value === null) setWeight(field, field.value);
      else edit(field, value);
    };
    const number = decimalField(label, take, { least: -MOST, most: MOST });
    const line = make(
      "tr",
      {},
      make("th", { scope: "row", className: name.length > LONG ? "long" : "" }, words),
      make("td", {}, slide),
      make("td", {}, number),
    );
    const field = { index, row, slide, number, line };
    slide.addEventListener("input", () => edit(field, Number(slide.value)));
    return field;
  }

  // Show other weights, but for that of a control in use.
  show(weights, inUse = null) {
    for (const field of this.fields)
      if (inUse !== field.slide && inUse !== field.number) setWeight(field, weights[field.index]);
  }
}

// Show a weight; the reach of its slider follows it, but does not shrink under a pointer.
export function setWeight(field, value) {
  if (value === undefined || value === null) return;
  field.value = value;
  const { slide, number } = field;
  const reach = Math.max(3, Math.ceil(2 * Math.abs(value)));
  const isWide = 4 * reach < slide.max && !slide.matches(":focus, :active");
  if (isWide || Math.abs(value) > slide.max) Object.assign(slide, { min: -reach, max: reach });
  slide.value = value;
  showDecimal(number, Number(value.toPrecision(4)));
}
