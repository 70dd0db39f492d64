// What inputs and axes are called: as their columns, where a table has short names for them, else x₁ and x₂.

const MOST = 12; // letters that fit into a sentence with numbers
const BARE = /^x([12])$/;

export const bare = (name) => name.replace(BARE, (_, place) => (place === "1" ? "x₁" : "x₂"));

export function axisNames({ axes, curve, target }) {
  return [axes[0], curve ? target : axes[1]].map((name) => bare(name ?? ""));
}

// `label` is that of the catalog, of x₁ and x₂: "x₁²", "sin x₂".
export function inputName(label, { axes }) {
  if (axes.some((name) => name.length > MOST)) return label;
  const column = (place) => bare(axes[place] ?? ["x₁", "x₂"][place]);
  const apart = axes.some((name) => !BARE.test(name)) ? label.replace("x₁x₂", "x₁ · x₂") : label;
  return apart.replace(/x[₁₂]/g, (name) => column(name === "x₁" ? 0 : 1));
}
