/* A QR code of a text, as in ISO/IEC 18004: its bytes, with error correction of level L, in a symbol of
   version 1 to 9, and with mask 0. */

// For each version, the bytes of error correction of a block. From version 6 on, there are two blocks.
const CORRECTION = [7, 10, 15, 20, 26, 18, 20, 24, 30];
const FORMAT = 0b111011111000100; // level L, mask 0
const VERSIONS = { 7: 0x07c94, 8: 0x085bc, 9: 0x09a99 }; // smaller symbols don't state theirs
const QUIET = 4; // modules around the symbol

// The rows of a symbol, each a list of modules that are true if they are dark; null if the text is too long.
export function qrCode(text) {
  const bytes = [...new TextEncoder().encode(text)];
  for (let version = 1; version <= CORRECTION.length; version++) {
    const symbol = patterns(version);
    const free = symbol.flat().filter((module) => module === null).length;
    const words = codewords(bytes, version, free >> 3);
    if (words) return filled(symbol, words);
  }
  return null;
}

// An image of the symbol, dark on white in each theme.
export function qrImage(rows) {
  const size = rows.length + 2 * QUIET;
  const dark = rows.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : [])),
  );
  return `<svg viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"><rect width="${size}" height="${size}" fill="#fff"/><path d="${dark.join("")}" fill="#000"/></svg>`;
}

// The bytes of a symbol: those of its blocks in turn, and those of their error correction; null if
// the text needs more.
function codewords(bytes, version, total) {
  const blocks = version > 5 ? 2 : 1;
  const degree = CORRECTION[version - 1];
  const room = total - blocks * degree;
  const data = packed(bytes);
  if (data.length > room) return null;
  for (let pad = 0xec; data.length < room; pad ^= 0xec ^ 0x11) data.push(pad);
  const size = room / blocks;
  const parts = Array.from({ length: blocks }, (_, place) =>
    data.slice(place * size, (place + 1) * size),
  );
  const generator = generatorOf(degree);
  const remainders = parts.map((part) => remainder(part, generator));
  return [...inTurn(parts), ...inTurn(remainders)];
}

const inTurn = (lists) => lists[0].flatMap((_, place) => lists.map((list) => list[place]));

// The mode of bytes, 4, in four bits; their number in eight; the bytes; and four bits that end them.
function packed(bytes) {
  const digits = [bytes.length, ...bytes].map((byte) => byte.toString(16).padStart(2, "0"));
  return `4${digits.join("")}0`.match(/../g).map((pair) => parseInt(pair, 16));
}

// A product in the field of 256 elements with x⁸ + x⁴ + x³ + x² + 1.
function multiply(first, second) {
  let product = 0;
  for (let power = first, rest = second; rest; rest >>= 1) {
    if (rest & 1) product ^= power;
    power <<= 1;
    if (power > 255) power ^= 0x11d;
  }
  return product;
}

// The coefficients of (x − 1)(x − 2)(x − 4)…, without the first one, which is 1.
function generatorOf(degree) {
  let polynomial = [1];
  let root = 1;
  for (let count = 0; count < degree; count++) {
    const shifted = [0, ...polynomial].map((coefficient) => multiply(coefficient, root));
    polynomial = [...polynomial, 0].map((coefficient, place) => coefficient ^ shifted[place]);
    root = multiply(root, 2);
  }
  return polynomial.slice(1);
}

function remainder(data, generator) {
  const rest = generator.map(() => 0);
  for (const byte of data) {
    const factor = byte ^ rest.shift();
    rest.push(0);
    generator.forEach((coefficient, place) => (rest[place] ^= multiply(coefficient, factor)));
  }
  return rest;
}

// A symbol with all that is not data, whose modules are null.
function patterns(version) {
  const size = 4 * version + 17;
  const rows = Array.from({ length: size }, () => new Array(size).fill(null));
  const last = size - 7;
  drawSquares(rows, 3, 3, 4, [0, 1, 3]);
  drawSquares(rows, size - 4, 3, 4, [0, 1, 3]);
  drawSquares(rows, 3, size - 4, 4, [0, 1, 3]);
  let places = [6, last]; // of the smaller squares, on each axis
  if (version === 1) places = [];
  if (version > 6) places = [6, (6 + last) / 2, last];
  for (const y of places)
    for (const x of places) if (rows[y][x] === null) drawSquares(rows, x, y, 2, [0, 2]);
  for (let place = 8; place < size - 8; place++) {
    rows[6][place] = place % 2 === 0;
    rows[place][6] = place % 2 === 0;
  }
  drawFormat(rows);
  if (version in VERSIONS) drawVersion(rows, VERSIONS[version]);
  return rows;
}

// Squares around a place up to a distance; those at some distances are dark.
function drawSquares(rows, x, y, reach, dark) {
  for (let down = -reach; down <= reach; down++)
    for (let right = -reach; right <= reach; right++) {
      const row = rows[y + down] ?? [];
      const distance = Math.max(Math.abs(down), Math.abs(right));
      if (row[x + right] !== undefined) row[x + right] = dark.includes(distance);
    }
}

// Level and mask, twice: around the first corner, and beside the two others.
function drawFormat(rows) {
  const size = rows.length;
  const down = [0, 1, 2, 3, 4, 5, 7, 8]; // the line of timing is left out
  for (let bit = 0; bit < 15; bit++) {
    const isDark = Boolean((FORMAT >> bit) & 1);
    if (bit < 8) rows[down[bit]][8] = isDark;
    else rows[8][down[14 - bit]] = isDark;
    if (bit < 8) rows[8][size - 1 - bit] = isDark;
    else rows[size - 15 + bit][8] = isDark;
  }
  rows[size - 8][8] = true;
}

function drawVersion(rows, bits) {
  for (let bit = 0; bit < 18; bit++) {
    const isDark = Boolean((bits >> bit) & 1);
    const along = Math.floor(bit / 3);
    const across = rows.length - 11 + (bit % 3);
    rows[along][across] = isDark;
    rows[across][along] = isDark;
  }
}

// Write the bits into the free modules, in pairs of columns from the right, up and down in turn. The
// mask inverts each second module.
function filled(rows, words) {
  const size = rows.length;
  let count = 0;
  let isUpward = true;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5; // the line of timing
    for (let place = 0; place < size; place++) {
      const y = isUpward ? size - 1 - place : place;
      for (const x of [right, right - 1]) {
        if (rows[y][x] !== null) continue;
        const bit = (words[count >> 3] >> (7 - (count & 7))) & 1; // 0 after the last word
        rows[y][x] = Boolean(bit) !== ((x + y) % 2 === 0);
        count += 1;
      }
    }
    isUpward = !isUpward;
  }
  return rows;
}
