// Binary messages: four bytes of length, a header in JSON, and arrays behind it.

const KINDS = { f4: Float32Array, i1: Int8Array, u1: Uint8Array };

export function unpack(buffer) {
  const size = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
  const start = 4 + size;
  const arrays = {};
  for (const [name, [kind, offset, count]] of Object.entries(header.arrays)) {
    arrays[name] = new KINDS[kind](buffer, start + offset, count);
  }
  return { ...header, arrays };
}
