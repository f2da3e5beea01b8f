// The one hot loop of the network, written in WebAssembly with SIMD: a small matrix product that convolutions are made of.
//
// The machine code is put together here rather than by a compiler, so that the page needs no build tool and no file
// beside it. Opcodes: https://webassembly.github.io/spec/core/binary/instructions.html

export const PICTURES = 4; // that one call treats together
export const LANES = 8; // output channels that one call computes
const UNROLLED = 4; // depths are multiples of it

const I32 = 0x7f, F32 = 0x7d, V128 = 0x7b;
const LOAD = [0xfd, 0x00], LOAD_SPLAT = [0xfd, 0x09], STORE = [0xfd, 0x0b], SPLAT = [0xfd, 0x13];
const VECTOR_ADD = [0xfd, 0xe4, 0x01], VECTOR_MULTIPLY = [0xfd, 0xe6, 0x01], VECTOR_MAX = [0xfd, 0xe9, 0x01];
const ADD = 0x6a, LESS = 0x49, LOOP = [0x03, 0x40], END = 0x0b, REPEAT_IF = [0x0d, 0x00];

const get = (local) => [0x20, ...encodeUnsigned(local)];
const set = (local) => [0x21, ...encodeUnsigned(local)];
const tee = (local) => [0x22, ...encodeUnsigned(local)];
const constant = (number) => [0x41, ...encodeSigned(number)];
const at = (operation, offset = 0) => [...operation, 0x02, ...encodeUnsigned(offset)]; // aligned to four bytes

function encodeUnsigned(number) {
  const bytes = [];
  do {
    bytes.push((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
    number >>>= 7;
  } while (number);
  return bytes;
}

function encodeSigned(number) {
  const bytes = [];
  for (;;) {
    const last = number >= -64 && number < 64;
    bytes.push((number & 0x7f) | (last ? 0 : 0x80));
    if (last) return bytes;
    number >>= 7;
  }
}

const encodeList = (items) => [...encodeUnsigned(items.length), ...items.flat()];
const encodeSection = (id, content) => [id, ...encodeUnsigned(content.length), ...content];
const encodeName = (text) => encodeList([...text].map((letter) => letter.charCodeAt(0)));

/**
 * Build the kernel on a WebAssembly memory.
 *
 * The kernel is called with byte addresses and byte counts, and two numbers:
 * `kernel(input, inputStride, rowStride, rows, depth, weights, bias, output, outputStride, keep, least)`.
 * For each of PICTURES pictures p and LANES channels c it sets
 * output[p, c] = max(least, bias[c] + keep · output[p, c] + Σ over row, k of input[p, row, k] · weights[row, k, c]).
 */
export function buildKernel(memory) {
  const module = new WebAssembly.Module(new Uint8Array(assemble()));
  return new WebAssembly.Instance(module, { page: { memory } }).exports.kernel;
}

function assemble() {
  const parameters = [I32, I32, I32, I32, I32, I32, I32, I32, I32, F32, F32];
  const [input, inputStride, rowStride, rows, depth, weights, bias, output, outputStride, keep, least] =
    parameters.keys();
  const first = parameters.length;
  const pointers = Array.from({ length: PICTURES }, (_, p) => first + p);
  const end = first + PICTURES, row = end + 1, vectors = row + 1;
  const sums = Array.from({ length: PICTURES }, (_, p) => [vectors + 2 * p, vectors + 2 * p + 1]);
  const [low, high, one] = [0, 1, 2].map((v) => vectors + 2 * PICTURES + v);

  const body = [];
  const emit = (...parts) => body.push(...parts.flat());
  for (const [left, right] of sums) {
    emit(get(bias), at(LOAD), set(left), get(bias), at(LOAD, 16), set(right));
  }
  emit(LOOP);
  emit(get(input), set(pointers[0]));
  for (let p = 1; p < PICTURES; p++) emit(get(pointers[p - 1]), get(inputStride), ADD, set(pointers[p]));
  emit(get(input), get(depth), ADD, set(end));
  emit(LOOP);
  for (let k = 0; k < UNROLLED; k++) {
    emit(get(weights), at(LOAD, 32 * k), set(low), get(weights), at(LOAD, 32 * k + 16), set(high));
    for (const [p, [left, right]] of sums.entries()) {
      emit(get(pointers[p]), at(LOAD_SPLAT, 4 * k), tee(one), get(low), VECTOR_MULTIPLY, get(left), VECTOR_ADD);
      emit(set(left), get(one), get(high), VECTOR_MULTIPLY, get(right), VECTOR_ADD, set(right));
    }
  }
  emit(get(weights), constant(32 * UNROLLED), ADD, set(weights));
  for (const p of pointers) emit(get(p), constant(4 * UNROLLED), ADD, set(p));
  emit(get(pointers[0]), get(end), LESS, REPEAT_IF, END);
  emit(get(input), get(rowStride), ADD, set(input));
  emit(get(row), constant(1), ADD, tee(row), get(rows), LESS, REPEAT_IF, END);
  for (const halves of sums) {
    for (const [half, sum] of halves.entries()) {
      emit(get(output), get(output), at(LOAD, 16 * half), get(keep), SPLAT, VECTOR_MULTIPLY, get(sum), VECTOR_ADD);
      emit(get(least), SPLAT, VECTOR_MAX, at(STORE, 16 * half));
    }
    emit(get(output), get(outputStride), ADD, set(output));
  }
  emit(END);

  const locals = [[PICTURES + 2, I32], [2 * PICTURES + 3, V128]];
  const code = [...encodeList(locals), ...body];
  return [
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00], // "\0asm", version 1
    ...encodeSection(1, encodeList([[0x60, ...encodeList(parameters), 0x00]])), // one type: no result
    ...encodeSection(2, encodeList([[...encodeName("page"), ...encodeName("memory"), 0x02, 0x00, 0x01]])),
    ...encodeSection(3, encodeList([0x00])), // one function, of that type
    ...encodeSection(7, encodeList([[...encodeName("kernel"), 0x00, 0x00]])),
    ...encodeSection(10, encodeList([[...encodeUnsigned(code.length), ...code]])),
  ];
}
