// The weights of one neuron, each as a slider and as a number.

import { decimalField, showDecimal } from "../decimals.js";
import { make } from "../dom.js";
import { t } from "../language.js";

const MANY = 9; // rows that need not be scrolled
const LONG = 20; // letters of a name that is wrapped
const MOST = 1e6; // that is taken as a weight
const PATIENCE = 5000; // milliseconds, until a change that no picture has counts as lost

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
    const field = { index, row, slide, number, line, sent: null };
    slide.addEventListener("input", () => edit(field, Number(slide.value)));
    return field;
  }

  // Show other weights, but for that of a control in use, and those that lack a change which was sent.
  // `edits`: the changes by hand that these weights have.
  show(weights, inUse = null, edits = []) {
    for (const field of this.fields) {
      const isInUse = inUse === field.slide || inUse === field.number;
      if (!isInUse && !isAwaited(field, edits)) setWeight(field, weights[field.index]);
    }
  }
}

// Note that a change of a weight is on its way.
export function noteSent(field, value) {
  field.sent = { value, time: performance.now() };
}

// Whether the last change of a weight was sent, and is not yet among those that the network has.
function isAwaited(field, edits) {
  if (!field.sent) return false;
  const { value, time } = field.sent;
  const isMade = edits.some((edit) => edit.index === field.index && edit.value === value);
  const isLost = performance.now() - time > PATIENCE;
  if (isMade || isLost) field.sent = null;
  return field.sent !== null;
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
