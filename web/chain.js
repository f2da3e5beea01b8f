// A mouse in a maze is a Markov chain: what it reaches first is computed exactly, as analysis/chain.py does.

import { findCorner } from "./levels.js";

export const LEFT = 0, DOWN = 1, STAY = 2, UP = 3, RIGHT = 4, MOVES = 5;
export const STEPS = 500; // an episode
const SETTLED = 1e-13; // no probability changes by more: further steps would change nothing that counts

/**
 * The states of a level and where each move leads.
 *
 * A state is an open cell; where the mouse's facing is part of the picture, a cell and a facing (0 left, 1 right).
 *
 * @returns {{cells: Int32Array, facings: number, successor: Int32Array, first: Int32Array}} the cell of each state, the
 *   state (S · MOVES) that each move leads to, and the first state of each cell of the world, −1 in walls
 */
export function buildStates({ walls, worldDim }, facings) {
  const first = new Int32Array(walls.length).fill(-1);
  const cells = [];
  for (const [cell, wall] of walls.entries()) {
    if (wall) continue;
    first[cell] = cells.length;
    for (let facing = 0; facing < facings; facing++) cells.push(cell);
  }
  const successor = new Int32Array(cells.length * MOVES);
  for (const [state, cell] of cells.entries()) {
    const x = cell % worldDim, facing = state - first[cell];
    const beside = [x > 0 ? cell - 1 : cell, cell - worldDim, cell, cell + worldDim, x < worldDim - 1 ? cell + 1 : cell];
    for (const [move, target] of beside.entries()) {
      const turned = move === LEFT ? 0 : move === RIGHT ? facings - 1 : facing;
      successor[state * MOVES + move] = (walls[target] === 0 ? first[target] : first[cell]) + turned;
    }
  }
  return { cells: Int32Array.from(cells), facings, successor, first };
}

/** Move probabilities (S · MOVES) of a mouse that moves at random: a quarter each, no staying. */
export function buildRandomWalk({ cells }) {
  return Float64Array.from({ length: cells.length * MOVES }, (_, k) => (k % MOVES === STAY ? 0 : 1 / 4));
}

/**
 * The probability of arriving in `target` cell within so many steps, and not in `barrier` before.
 *
 * @param {Object} states of buildStates
 * @param {Float64Array} probability (S · MOVES)
 * @param {number} start the state in which the episode begins
 * @returns {{value: Float64Array, arrival: number}} from each state (in the target itself 1), and from the start, where an
 *   arrival counts from the first step on: what the mouse stands on at the start does not absorb it
 */
export function absorb({ cells, successor }, probability, start, target, barrier, steps = STEPS) {
  const absorbing = cells.map((cell) => (cell === target || cell === barrier ? 1 : 0));
  const value = Float64Array.from(cells, (cell) => (cell === target ? 1 : 0));
  const before = new Float64Array(value.length);
  let arrival = 0;
  for (let step = 1; step <= steps; step++) {
    let change = 0;
    before.set(value);
    for (let state = 0; state < value.length; state++) {
      if (absorbing[state] && state !== start) continue;
      let expected = 0;
      for (let k = state * MOVES; k < (state + 1) * MOVES; k++) expected += probability[k] * before[successor[k]];
      if (state === start) arrival = expected;
      if (!absorbing[state]) {
        value[state] = expected;
        change = Math.max(change, Math.abs(expected - before[state]));
      }
    }
    if (change < SETTLED) break;
  }
  return { value, arrival };
}

/** What is reached first from each state, the cheese or the corner, by a mouse with these move probabilities. */
export function computeArrivals(level, states, probability, start) {
  const corner = findCorner(level), { cheese } = level;
  const nowhere = { value: new Float64Array(states.cells.length), arrival: 0 };
  return {
    cheese: absorb(states, probability, start, cheese, corner === cheese ? -1 : corner),
    corner: corner === cheese ? nowhere : absorb(states, probability, start, corner, cheese),
  };
}
