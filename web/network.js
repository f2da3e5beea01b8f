// The mouse's network: an Impala-CNN from a picture to action logits and a value, as agents/impala.py has it.
//
// Pictures and activations lie as [picture][row][column][channel] with a border of zeros, so that the three columns under
// a 3×3 filter are neighbours in memory and a convolution is a sum of three short matrix products.

import { LANES, PICTURES, buildKernel } from "./kernel.js";

const WIDTHS = [16, 32, 32]; // channels of the three blocks at scale 1
const EMBEDDING = 256;
const CHANNELS = 4; // of a picture: wall, mouse, cheese (or red, green, blue), and one that is always zero
const PAGE = 65536; // bytes

/** Round up to a multiple. */
const roundUp = (number, multiple) => Math.ceil(number / multiple) * multiple;

/**
 * A trained network that looks at PICTURES pictures at a time.
 *
 * @param {{height: number, width: number, actions: number, scale: number}} shape
 * @param {Object<string, Float32Array>} tensors the weights, flat, by their names in the checkpoint
 */
export class Network {
  constructor(shape, tensors) {
    this.shape = shape;
    this.pictures = PICTURES;
    this.plan = []; // what has to lie in the memory: filled first, since a memory that grows loses its views
    this.size = 0;

    let map = this.reserveMap(shape.height, shape.width, CHANNELS);
    this.input = map;
    let channels = 3;
    this.blocks = WIDTHS.map((width, index) => {
      const name = `embedder.block${index + 1}`;
      const wide = shape.scale * width;
      const convolved = this.reserveMap(map.height, map.width, wide);
      const pooled = this.reserveMap(Math.ceil(map.height / 2), Math.ceil(map.width / 2), wide);
      const block = {
        input: map,
        convolved,
        pooled,
        active: this.reserveMap(pooled.height, pooled.width, wide),
        hidden: this.reserveMap(pooled.height, pooled.width, wide),
        conv: this.reserveConvolution(tensors, `${name}.conv`, channels, wide),
        residuals: ["res1", "res2"].map((part) =>
          ["conv1", "conv2"].map((layer) => this.reserveConvolution(tensors, `${name}.${part}.${layer}`, wide, wide))),
      };
      map = pooled;
      channels = wide;
      return block;
    });
    this.features = this.reserveRows(map.height * map.width * channels);
    this.embedding = this.reserveRows(EMBEDDING);
    this.outputs = this.reserveRows(roundUp(shape.actions + 1, LANES));
    this.fc = this.reserveDense([tensors["embedder.fc.weight"]], [tensors["embedder.fc.bias"]], map, channels);
    const heads = ["fc_policy", "fc_value"];
    const weights = heads.map((name) => tensors[`${name}.weight`]);
    const point = { height: 1, width: 1 };
    this.heads = this.reserveDense(weights, heads.map((name) => tensors[`${name}.bias`]), point, EMBEDDING);

    const memory = new WebAssembly.Memory({ initial: Math.ceil((4 * this.size) / PAGE) });
    this.floats = new Float32Array(memory.buffer);
    for (const { address, values } of this.plan) this.floats.set(values, address);
    delete this.plan;
    this.kernel = buildKernel(memory);
  }

  /** Room for PICTURES pictures with a border of one pixel. */
  reserveMap(height, width, channels) {
    const row = (width + 2) * channels;
    const picture = (height + 2) * row;
    return { height, width, channels, row, picture, address: this.reserve(PICTURES * picture) };
  }

  /** Room for PICTURES vectors. */
  reserveRows(length) {
    return { length, address: this.reserve(PICTURES * length) };
  }

  reserve(size) {
    const address = this.size;
    this.size += roundUp(size, 4);
    return address;
  }

  store(values) {
    const address = this.reserve(values.length);
    this.plan.push({ address, values });
    return address;
  }

  /** Filters [out][in][3][3] laid out as [out / LANES][row][column][in][LANES]. */
  reserveConvolution(tensors, name, inputs, outputs) {
    const filters = tensors[`${name}.weight`];
    const padded = roundUp(inputs, CHANNELS);
    const packed = new Float32Array(9 * padded * outputs);
    for (let out = 0; out < outputs; out++) {
      for (let input = 0; input < inputs; input++) {
        for (let tap = 0; tap < 9; tap++) {
          const place = (Math.floor(out / LANES) * 9 + tap) * padded + input;
          packed[place * LANES + (out % LANES)] = filters[(out * inputs + input) * 9 + tap];
        }
      }
    }
    return { weights: this.store(packed), bias: this.store(tensors[`${name}.bias`]), outputs };
  }

  /** Matrices [out][channel][row][column], one below the other, laid out as [out / LANES][row][column][channel][LANES]. */
  reserveDense(matrices, biases, { height, width }, channels) {
    const depth = height * width * channels;
    const rows = matrices.flatMap((matrix) =>
      Array.from({ length: matrix.length / depth }, (_, row) => matrix.subarray(row * depth, (row + 1) * depth)));
    const outputs = roundUp(rows.length, LANES);
    const packed = new Float32Array(depth * outputs);
    for (const [out, row] of rows.entries()) {
      for (let k = 0; k < depth; k++) {
        const place = Math.floor(out / LANES) * depth + (k % (height * width)) * channels + Math.floor(k / (height * width));
        packed[place * LANES + (out % LANES)] = row[k];
      }
    }
    const bias = new Float32Array(outputs);
    bias.set(biases.flatMap((part) => [...part]));
    return { weights: this.store(packed), bias: this.store(bias), outputs, depth };
  }

  /**
   * Look at pictures.
   *
   * @param {Uint8Array} pictures (PICTURES, height, width, 3), top row first
   * @returns {{logits: Float32Array, values: Float32Array}} (PICTURES · actions) and (PICTURES)
   */
  look(pictures) {
    this.write(pictures);
    for (const block of this.blocks) {
      this.convolve(block.input, block.conv, block.convolved, 0, -Infinity);
      this.pool(block.convolved, block.pooled);
      for (const [one, two] of block.residuals) {
        this.rectify(block.pooled, block.active);
        this.convolve(block.active, one, block.hidden, 0, 0);
        this.convolve(block.hidden, two, block.pooled, 1, -Infinity);
      }
    }
    this.flatten(this.blocks.at(-1).pooled);
    this.multiply(this.features, this.fc, this.embedding, 0);
    this.multiply(this.embedding, this.heads, this.outputs, -Infinity);

    const { actions } = this.shape;
    const logits = new Float32Array(PICTURES * actions), values = new Float32Array(PICTURES);
    for (let p = 0; p < PICTURES; p++) {
      const address = this.outputs.address + p * this.outputs.length;
      logits.set(this.floats.subarray(address, address + actions), p * actions);
      values[p] = this.floats[address + actions];
    }
    return { logits, values };
  }

  write(pictures) {
    const { height, width, row, picture, address } = this.input;
    let pixel = 0;
    for (let p = 0; p < PICTURES; p++) {
      for (let y = 0; y < height; y++) {
        let place = address + p * picture + (y + 1) * row + CHANNELS;
        for (let x = 0; x < width; x++, place += CHANNELS) {
          for (let channel = 0; channel < 3; channel++) this.floats[place + channel] = pictures[pixel++] / 255;
        }
      }
    }
  }

  convolve(input, { weights, bias, outputs }, output, keep, least) {
    const depth = 3 * input.channels;
    for (let y = 0; y < output.height; y++) {
      for (let x = 0; x < output.width; x++) {
        const from = 4 * (input.address + y * input.row + x * input.channels);
        const to = 4 * (output.address + (y + 1) * output.row + (x + 1) * output.channels);
        for (let out = 0; out < outputs; out += LANES) {
          this.kernel(from, 4 * input.picture, 4 * input.row, 3, 4 * depth, 4 * (weights + 3 * depth * out),
            4 * (bias + out), to + 4 * out, 4 * output.picture, keep, least);
        }
      }
    }
  }

  multiply(input, { weights, bias, outputs, depth }, output, least) {
    for (let out = 0; out < outputs; out += LANES) {
      this.kernel(4 * input.address, 4 * input.length, 0, 1, 4 * depth, 4 * (weights + depth * out),
        4 * (bias + out), 4 * (output.address + out), 4 * output.length, 0, least);
    }
  }

  /** The largest of 3×3, every second pixel; what lies outside the picture does not count. */
  pool(input, output) {
    const { floats } = this;
    const { channels } = input;
    for (let p = 0; p < PICTURES; p++) {
      for (let y = 0; y < output.height; y++) {
        const top = Math.max(0, 2 * y - 1), bottom = Math.min(input.height - 1, 2 * y + 1);
        for (let x = 0; x < output.width; x++) {
          const left = Math.max(0, 2 * x - 1), right = Math.min(input.width - 1, 2 * x + 1);
          const to = output.address + p * output.picture + (y + 1) * output.row + (x + 1) * channels;
          floats.fill(-Infinity, to, to + channels);
          for (let j = top; j <= bottom; j++) {
            for (let i = left; i <= right; i++) {
              const from = input.address + p * input.picture + (j + 1) * input.row + (i + 1) * channels;
              for (let c = 0; c < channels; c++) {
                const one = floats[from + c];
                if (one > floats[to + c]) floats[to + c] = one;
              }
            }
          }
        }
      }
    }
  }

  rectify(input, output) {
    const { floats } = this;
    const size = PICTURES * input.picture, from = input.address, to = output.address;
    for (let k = 0; k < size; k++) {
      const one = floats[from + k];
      floats[to + k] = one > 0 ? one : 0;
    }
  }

  /** The last map without its border, rectified, as vectors. */
  flatten(map) {
    const { floats } = this;
    let to = this.features.address;
    for (let p = 0; p < PICTURES; p++) {
      for (let y = 0; y < map.height; y++) {
        const from = map.address + p * map.picture + (y + 1) * map.row + map.channels;
        for (let k = 0; k < map.width * map.channels; k++) floats[to++] = Math.max(0, floats[from + k]);
      }
    }
  }
}
