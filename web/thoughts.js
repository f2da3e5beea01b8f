// What a mouse thinks in a level, whatever its cell there: its moves, its values, and what it reaches first.

import { MOVES, buildRandomWalk, buildStates, computeArrivals } from "./chain.js";

/**
 * A mouse's thoughts in a level, which come a few states at a time, so that a slow network does not stop the page.
 *
 * Until `done`, only states below `known` have their moves and values.
 */
export class Thoughts {
  constructor(mouse, level) {
    this.mouse = mouse;
    this.level = level;
    this.states = buildStates(level, mouse.painter.facings);
    this.probability = new Float64Array(this.states.cells.length * MOVES);
    this.value = new Float64Array(this.states.cells.length);
    this.known = 0;
    this.picture = mouse.painter.paintLevel(level);
    this.arrivals = null;
    this.chance = null;
  }

  get done() {
    return this.arrivals !== null;
  }

  /** The state of a mouse in a cell that faces right or not. */
  stateAt(cell, facingRight) {
    return this.states.first[cell] + (facingRight ? this.states.facings - 1 : 0);
  }

  /** Think about the next few states. */
  advance() {
    const { mouse, level, states, picture, probability, value } = this;
    const { network, painter, moves } = mouse;
    const { cells, first } = states;
    const size = picture.length;
    const number = Math.min(network.pictures, cells.length - this.known);
    const pictures = new Uint8Array(network.pictures * size);
    for (let p = 0; p < number; p++) {
      const cell = cells[this.known + p], shown = pictures.subarray(p * size, (p + 1) * size);
      shown.set(picture);
      painter.addMouse(shown, level, cell, this.known + p - first[cell]);
    }
    const { logits, values } = network.look(pictures);
    for (let p = 0; p < number; p++) {
      const shares = computeSoftmax(logits.subarray(p * moves.length, (p + 1) * moves.length));
      for (const [action, share] of shares.entries()) probability[(this.known + p) * MOVES + moves[action]] += share;
      value[this.known + p] = values[p];
    }
    this.known += number;
    if (this.known === cells.length) {
      const start = this.stateAt(level.start, false);
      this.arrivals = computeArrivals(level, states, probability, start);
      this.chance = computeArrivals(level, states, buildRandomWalk(states), start);
    }
  }

  /** The probability of each move (left, down, stay, up, right) in a state. */
  movesIn(state) {
    return this.probability.subarray(state * MOVES, (state + 1) * MOVES);
  }

  /**
   * The probability that the cheese, or the corner, is reached first from a state.
   *
   * @param {boolean} begins whether the walk begins in the state. At the level's start, which may be the corner, only arriving
   *   counts then. A walk that begins elsewhere was under way, and so neither in the cheese nor in the corner
   */
  expectedFrom(state, begins) {
    const isStart = begins && state === this.stateAt(this.level.start, false);
    const read = ({ value, arrival }) => (isStart ? arrival : value[state]);
    const [mouse, chance] = [this.arrivals, this.chance].map((ends) => ({
      cheese: read(ends.cheese),
      corner: read(ends.corner),
    }));
    return { mouse, chance };
  }
}

/** Probabilities of logits. */
function computeSoftmax(logits) {
  const most = Math.max(...logits);
  const weights = Array.from(logits, (logit) => Math.exp(logit - most));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
