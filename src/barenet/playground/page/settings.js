// The settings that suit a data set, and which of them were changed by hand.

const OF_THE_DATA = ["source", "rows", "axes", "fixed", "points", "target", "task"];
const RESET = [...OF_THE_DATA, "noise"]; // these change with the data in any case
const SEEDS = ["seed", "data_seed"]; // new points and weights are not a change of settings
const NAMES = {
  samples: "points", noise: "noise", test_size: "fraction of test points", features: "inputs", hidden: "hidden layers", activations: "activation", dropout: "dropout",
  batch_norm: "batch norm", init: "initial weights", loss: "loss", optimizer: "optimizer", learning_rate: "learning rate", schedule: "learning rate schedule",
  penalty: "regularization", penalty_rate: "regularization strength", batch_size: "batch size", stop_epoch: "stop at epoch", stop_loss: "stop at training loss", pace: "speed",
};

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const copy = structuredClone;

// The state that suits a data set; a table has the defaults.
export function suited(catalog, source) {
  const found = catalog.data.find((entry) => entry.name === source)?.preset ?? catalog.defaults;
  return { ...found, data: { ...found.data, source } };
}

// Choose other data: every setting that was not changed by hand becomes the one that suits them.
export function choose(wanted, source, catalog) {
  const [before, after] = [suited(catalog, wanted.data.source), suited(catalog, source)];
  const everything = wanted.data.source.startsWith("model:"); // a model's own network goes with it
  for (const [name, value] of Object.entries(after.data)) {
    if (RESET.includes(name) || everything || same(wanted.data[name], before.data[name])) wanted.data[name] = copy(value);
  }
  if (catalog.data.find((entry) => entry.name === source)?.generated && wanted.data.features.includes("all")) wanted.data.features = copy(after.data.features);
  if (everything) wanted.networks = [copy(after.networks[0])];
  else for (const settings of wanted.networks) suit(settings, before.networks[0], after.networks[0]);
  if (everything || wanted.pace === before.pace) wanted.pace = after.pace;
}

function suit(settings, before, after) {
  const kept = changedIn(settings, before);
  for (const name of Object.keys(after)) if (name !== "seed" && !kept.includes(name)) settings[name] = copy(after[name]);
  if (!kept.includes("activations")) settings.activations = settings.hidden.map(() => after.activations[0] ?? before.activations[0] ?? "tanh");
}

// Every layer has an activation, so a change of the number of layers alone is not a change of activation.
function changedIn(settings, usual) {
  const changed = Object.keys(usual).filter((name) => name !== "activations" && !SEEDS.includes(name) && !same(settings[name], usual[name]));
  const other = settings.activations.some((each) => each !== (usual.activations[0] ?? "tanh"));
  return other ? [...changed, "activations"] : changed;
}

// The names of the settings that were changed by hand.
export function changed(state, catalog) {
  const usual = suited(catalog, state.data.source);
  const data = Object.keys(usual.data).filter((name) => !OF_THE_DATA.includes(name) && !SEEDS.includes(name) && !same(state.data[name], usual.data[name]));
  const networks = state.networks.flatMap((settings) => changedIn(settings, usual.networks[0]));
  const pace = state.pace === usual.pace ? [] : ["pace"];
  return [...new Set([...data, ...networks, ...pace])].map((name) => NAMES[name] ?? name);
}

// Restore the settings changed by hand; the points and the initial weights stay.
export function restore(wanted, catalog) {
  const usual = suited(catalog, wanted.data.source);
  for (const [name, value] of Object.entries(usual.data)) if (!OF_THE_DATA.includes(name) && !SEEDS.includes(name)) wanted.data[name] = copy(value);
  wanted.networks = wanted.networks.map(({ seed }) => ({ ...copy(usual.networks[0]), seed }));
  wanted.pace = usual.pace;
}
