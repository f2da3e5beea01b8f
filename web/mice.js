// The trained mice that the builder put into the page.

import { decodeBytes } from "./art.js";
import { Network } from "./network.js";
import { buildPainter } from "./painter.js";

/**
 * Unpack a mouse.
 *
 * @param {Object} data what the builder wrote, see describe_mouse in page.py
 * @throws {Error} damaged weights, or a browser that cannot run the network, in words
 */
export function readMouse(data, art) {
  if (typeof WebAssembly === "undefined") {
    throw new Error("The mouse's network needs WebAssembly, which this browser lacks or has switched off.");
  }
  const painter = buildPainter(data, art);
  const shape = { height: painter.height, width: painter.width, actions: data.moves.length, scale: data.scale };
  const tensors = readTensors(data);
  let network;
  try {
    network = new Network(shape, tensors);
  } catch (error) {
    if (!(error instanceof WebAssembly.CompileError)) throw error;
    throw new Error("This browser is too old for the mouse's network. Any browser from 2023 or later can run it.");
  }
  return { ...data, painter, network };
}

function readTensors({ name, tensors, weights, checksum }) {
  const damaged = (what) => new Error(`The weights of the mouse “${name}” are damaged (${what}). Get this page again.`);
  let bytes;
  try {
    bytes = decodeBytes(weights);
  } catch {
    throw damaged("unreadable letters");
  }
  const numbers = tensors.reduce((sum, [, length]) => sum + length, 0);
  if (bytes.length !== 2 * numbers) throw damaged(`${bytes.length} bytes instead of ${2 * numbers}`);
  if (computeChecksum(bytes) !== checksum) throw damaged("wrong checksum");
  const halves = new Uint16Array(bytes.buffer);
  const decoded = {};
  let place = 0;
  for (const [tensor, length] of tensors) {
    decoded[tensor] = Float32Array.from(halves.subarray(place, place + length), decodeHalf);
    place += length;
  }
  return decoded;
}

/** The number of a float16 (IEEE 754 binary16). */
export function decodeHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 0x1f, fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
}

/** CRC-32 (ISO 3309), as Python's zlib.crc32. */
export function computeChecksum(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}
