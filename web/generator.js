// Procgen's maze generator: level seeds in, the same mazes out as envs/generator.py makes, cell for cell.
//
// A level is a plain object. A cell is one integer, y · worldDim + x, with x to the right and y up.

import { Twister } from "./twister.js";

export const NO_CELL = -1; // the cell of a cheese that is not there
export const SEED_LIMIT = 2 ** 31 - 1; // Procgen draws level seeds from [0, 2³¹−1)
const BACKGROUNDS = 9; // floors

/**
 * Generate the level of a seed, with the cheese anywhere.
 *
 * @param {number} seed an integer in [0, 2³¹−1)
 * @param {number} worldDim side of the square world in cells, odd
 * @returns {{seed: number, worldDim: number, mazeDim: number, walls: Uint8Array, start: number, cheese: number,
 *   background: number, shift: number}} walls has a 1 for each cell that is wall
 */
export function generateLevel(seed, worldDim) {
  const twister = new Twister(seed);
  const shift = twister.next();
  const background = twister.below(BACKGROUNDS);
  const mazeDim = twister.below((worldDim - 1) / 2) * 2 + 3;
  const margin = (worldDim - mazeDim) / 2;
  const toWorld = (cell) => (margin + Math.floor(cell / mazeDim)) * worldDim + margin + (cell % mazeDim);

  const opened = carveMaze(twister, mazeDim);
  let cheese;
  do cheese = opened[twister.below(opened.length)];
  while (cheese === 0); // the mouse begins there
  const walls = new Uint8Array(worldDim * worldDim).fill(1);
  for (const cell of opened) walls[toWorld(cell)] = 0;
  return {
    ...{ seed, worldDim, mazeDim, walls, background, shift },
    start: margin * worldDim + margin,
    cheese: toWorld(cheese),
  };
}

/** Kruskal's algorithm; returns the cells in the order in which they were opened. */
function carveMaze(twister, dim) {
  const candidates = [];
  for (let x = 1; x < dim; x += 2) for (let y = 0; y < dim; y += 2) candidates.push(dim * y + x);
  for (let x = 0; x < dim; x += 2) for (let y = 1; y < dim; y += 2) candidates.push(dim * y + x);

  const parent = Array.from({ length: dim * dim }, (_, cell) => cell);
  const findRoot = (cell) => {
    while (parent[cell] !== cell) cell = parent[cell] = parent[parent[cell]];
    return cell;
  };
  const opened = new Set();
  while (candidates.length) {
    const [wall] = candidates.splice(twister.below(candidates.length), 1);
    const stride = (wall % dim) % 2 === 1 ? 1 : dim;
    const one = findRoot(wall - stride), other = findRoot(wall + stride);
    if (one === other) continue;
    parent[one] = other;
    for (const cell of [wall - stride, wall, wall + stride]) opened.add(cell);
  }
  return [...opened];
}
