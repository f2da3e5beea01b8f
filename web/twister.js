// std::mt19937, the generator of random numbers that Procgen's levels are made with (Matsumoto & Nishimura 1998).

const SIZE = 624, SHIFT = 397;

export class Twister {
  /** @param {number} seed an integer from 0 to 2³²−1 */
  constructor(seed) {
    this.words = new Uint32Array(SIZE);
    this.drawn = 0;
    this.words[0] = seed;
    for (let i = 1; i < SIZE; i++) {
      const before = this.words[i - 1];
      this.words[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
    }
  }

  /** The next number from 0 to 2³²−1. The state is twisted a word at a time: most levels need few of the 624. */
  next() {
    const { words } = this;
    const i = this.drawn++ % SIZE;
    const y = (words[i] & 0x80000000) | (words[(i + 1) % SIZE] & 0x7fffffff);
    words[i] = words[(i + SHIFT) % SIZE] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    let word = words[i];
    word ^= word >>> 11;
    word ^= (word << 7) & 0x9d2c5680;
    word ^= (word << 15) & 0xefc60000;
    word ^= word >>> 18;
    return word >>> 0;
  }

  /** The next number modulo `limit`. */
  below(limit) {
    return this.next() % limit;
  }
}
