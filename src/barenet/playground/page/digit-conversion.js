// A drawing as an image of the data set. Each image there was a bitmap of four by four points to a
// pixel; a pixel counts those with ink.

const FINE = 4; // points along each side of a pixel
// The data set's 8 × 8 digits touch top and bottom, are seldom wider than 20 of 32 points, and stand
// upright. So converted, networks recognize 96 % of shifted and scaled test digits and 75 % of MNIST's:
// centred by mass 95 and 77 %, as wide as drawn 96 and 56 %, as slanted as drawn 96 and 62 %.
const UPRIGHT = { tall: 1, wide: 20 / 32, stretch: 3, slant: 0.05, aside: 0.5, byMass: false };
// MNIST's lie in 20 × 20 of 28 × 28 pixels, their centre of mass in the middle, as they were drawn.
const CENTRED = { tall: 20 / 28, wide: 20 / 28, stretch: 1, slant: Infinity, aside: 0, byMass: true };

// `ink`: numbers above 0 where there is ink, row by row, `side` to a row. Returns as many numbers from
// 0 to `top` as `shape`, height and width, has pixels; null without ink.
export function imageOf(ink, side, [height, width], top) {
  const kind = height === 8 ? UPRIGHT : CENTRED;
  const [rows, columns] = [FINE * height, FINE * width];
  const points = [];
  ink.forEach((value, index) => value > 0 && points.push([index % side, Math.floor(index / side)]));
  if (!points.length) return null;
  const [middle, centre] = [1, 0].map((axis) => mean(points.map((point) => point[axis])));
  const lean = leanOf(points, centre, middle, kind.slant);
  const [left, right] = range(points.map(([x, y]) => x - lean * (y - middle)));
  const [above, below] = range(points.map(([, y]) => y));
  const down = Math.max((below - above) / (kind.tall * rows), (right - left) / (kind.stretch * kind.wide * columns));
  const across = Math.max(down, (right - left) / (kind.wide * columns));
  const [x0, y0] = kind.byMass ? [centre + 0.5, middle + 0.5] : [(left + right) / 2, (above + below) / 2];
  const image = new Array(height * width).fill(0);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const y = y0 + (row + 0.5 - rows / 2) * down;
      const x = x0 + (column + 0.5 - columns / 2 - kind.aside) * across + lean * (y - 0.5 - middle);
      const inside = x >= 0 && x < side && y >= 0 && y < side;
      if (inside && ink[Math.floor(y) * side + Math.floor(x)] > 0) image[Math.floor(row / FINE) * width + Math.floor(column / FINE)] += 1;
    }
  }
  return image.map((count) => (count / FINE ** 2) * top);
}

// How far the points lean to the right per point down, beyond the slant that is left as it is.
function leanOf(points, centre, middle, slant) {
  let [shared, spread] = [0, 0];
  for (const [x, y] of points) {
    shared += (x - centre) * (y - middle);
    spread += (y - middle) ** 2;
  }
  const lean = spread ? shared / spread : 0;
  return Math.sign(lean) * Math.max(Math.abs(lean) - slant, 0);
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

// From the first to behind the last; the numbers are too many to be arguments.
function range(values) {
  return [values.reduce((least, value) => Math.min(least, value)), values.reduce((most, value) => Math.max(most, value)) + 1];
}
