// What inputs and axes are called: as their columns, or x₁ and x₂ where those have long names.

const MOST = 24; // letters that fit into a sentence with numbers
const UNIT = / ?\([^()]*\)$/; // "sepal length (cm)"
const BARE = /^x([12])$/;

const short = (name) => name.replace(UNIT, "") || name;

// The name of a column, as an input is called.
export const bare = (name) => withIndex(short(name));

const withIndex = (name) => name.replace(BARE, (_, place) => (place === "1" ? "x₁" : "x₂"));

export function axisNames({ axes, curve, target }) {
  return [axes[0], curve ? target : axes[1]].map((name) => withIndex(name ?? ""));
}

// `label` is that of the catalog, of x₁ and x₂: "x₁²", "sin x₂".
export function inputName(label, { axes }) {
  if (axes.some((name) => short(name).length > MOST)) return label;
  const column = (place) => bare(axes[place] ?? ["x₁", "x₂"][place]);
  const apart = axes.some((name) => !BARE.test(name)) ? label.replace("x₁x₂", "x₁ · x₂") : label;
  return apart.replace(/x[₁₂]/g, (name) => column(name === "x₁" ? 0 : 1));
}

// What a picture shows of data with more inputs than its two axes; empty where it shows all of them.
export function sliceWords({ axes, inputs, image, features, n_inputs: count, held }) {
  if (image) return "The plane of the first two principal components";
  if (features.length || count <= axes.length) return "";
  const others = inputs.filter((name) => !axes.includes(name));
  const which = count - axes.length > 2 || others.length !== count - axes.length ? `the other ${count - axes.length} inputs are` : others.length === 1 ? `${bare(others[0])} is` : `${others.map(bare).join(" and ")} are`;
  return `A slice: ${which} held at ${held}`;
}
