// Names of inputs and axes: those of their columns, or x₁ and x₂ if these are long.

import { fixedValue } from "./fixed-columns.js";
import { listed, said, t } from "../language.js";

// The inputs that are not computed from others.
export const PLAIN = ["x1", "x2"];
const MOST = 24; // letters that fit into a sentence with numbers
const UNIT = / ?\([^()]*\)$/; // "sepal length (cm)"
const BARE = /^x([12])$/;

export const subscript = (number) =>
  [...String(number)].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]).join("");

// The name of a column without its unit, unless another column would have the same name.
export const bare = (name, { columns, inputs }) => withIndex(short(name, [...columns, ...inputs]));

function short(name, names) {
  const cut = name.replace(UNIT, "");
  const others = names.filter((each) => each !== name && each.replace(UNIT, "") === cut);
  return cut && !others.length ? cut : name;
}

const withIndex = (name) => name.replace(BARE, (_, place) => (place === "1" ? "x₁" : "x₂"));

export function axisNames({ axes, curve, target }) {
  return [axes[0], curve ? target : axes[1]].map((name) => withIndex(name ?? ""));
}

// `label` is that of the catalog, of x₁ and x₂: "x₁²", "sin x₂".
export function inputName(label, data) {
  const { axes } = data;
  const names = axes.map((name) => bare(name, data));
  if (names.some((name) => name.length > MOST)) return label;
  const column = (place) => names[place] ?? ["x₁", "x₂"][place];
  const apart = axes.some((name) => !BARE.test(name)) ? label.replace("x₁x₂", "x₁ · x₂") : label;
  return apart.replace(/x[₁₂]/g, (name) => column(name === "x₁" ? 0 : 1));
}

// Describes the slice that a picture shows of data with more than two inputs; empty if it shows all of them.
export function sliceWords(data) {
  const { axes, image, columns, fixed, features, n_inputs: count, fixed_at: fixedAt } = data;
  if (!columns.length) return t`The plane of the first two principal components`;
  if (features.length || count <= axes.length) return "";
  if (fixed.length) return fixedWords(fixed, data);
  return image
    ? t`A slice: the other ${count - axes.length} inputs are fixed at ${said(fixedAt)}`
    : "";
}

function fixedWords(fixed, data) {
  const moved = fixed.filter((each) => each.moved);
  const rest = data.n_fixed - moved.length;
  const names = fixed.filter((each) => !each.moved).map(({ name }) => bare(name, data));
  const usual = said(data.fixed_at);
  const values = moved.slice(0, 3).map((each) => `${bare(each.name, data)} = ${fixedValue(each)}`);
  if (moved.length > 3) values.push(t`${moved.length - 3} more set by hand`);
  if (rest === 1)
    values.push(t`${names[0]} is fixed at ${said(data.fixed_at.replace("their", "its"))}`);
  else if (rest === 2) values.push(t`${listed(names)} are fixed at ${usual}`);
  else if (rest) values.push(t`the other ${rest} columns are fixed at ${usual}`);
  return t`A slice: ${values.join(", ")}`;
}
