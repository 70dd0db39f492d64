// Facts about a curve: its best epoch, and the start of overfitting. Rows are [epoch, loss, test loss, …].

const WAIT = 20; // epochs after the best one, at least
const RISE = 1.1; // of the lowest test loss
const VISIBLE = 0.02; // of the test loss of a constant prediction
const RECENT = 5; // rows

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const measured = (rows) => rows.filter((row) => row[1] !== null && row[2] !== null);

// The row with the lowest test loss.
export function best(rows) {
  return measured(rows).reduce((lowest, row) => (lowest && lowest[2] <= row[2] ? lowest : row), null);
}

// It overfits if, for a tenth of its epochs and 20 at least, the test loss has not come back to its lowest value: the mean of
// the last rows lies 10 % above it, and visibly so, while the mean training loss lies below that of the best epoch.
export function overfitting(rows, guess) {
  const known = measured(rows);
  const lowest = best(known);
  const recent = known.slice(-RECENT);
  if (!lowest || !guess || recent.at(-1)[0] - Math.max(lowest[0] * 1.1, lowest[0] + WAIT) < 0) return null;
  const [loss, testLoss] = [1, 2].map((column) => mean(recent.map((row) => row[column])));
  const rises = testLoss > RISE * lowest[2] && testLoss - lowest[2] > VISIBLE * guess[1];
  return rises && loss < lowest[1] ? { epoch: lowest[0], from: lowest, to: [loss, testLoss] } : null;
}

// The row nearest to an epoch.
export function nearest(rows, epoch) {
  return rows.reduce((found, row) => (found && Math.abs(found[0] - epoch) <= Math.abs(row[0] - epoch) ? found : row), null);
}
