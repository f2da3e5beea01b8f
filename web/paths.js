// Distances through a maze, and whether its level is a fork, as envs/paths.py has it.

import { NO_CELL } from "./generator.js";
import { findCorner } from "./levels.js";

export const UNREACHABLE = -1;

/** The open cells beside a cell. */
function neighbours({ walls, worldDim }, cell) {
  const x = cell % worldDim;
  const beside = [];
  if (x > 0) beside.push(cell - 1);
  if (x < worldDim - 1) beside.push(cell + 1);
  beside.push(cell - worldDim, cell + worldDim);
  return beside.filter((other) => walls[other] === 0);
}

/** Int32Array (worldDim²): steps from a cell to every cell, UNREACHABLE where there is no way. */
export function computeDistances(level, source) {
  const distance = new Int32Array(level.walls.length).fill(UNREACHABLE);
  if (source === NO_CELL) return distance;
  distance[source] = 0;
  const queue = [source];
  for (const cell of queue) {
    for (const other of neighbours(level, cell)) {
      if (distance[other] !== UNREACHABLE) continue;
      distance[other] = distance[cell] + 1;
      queue.push(other);
    }
  }
  return distance;
}

/** Whether the open cells are a tree (no loops) that the mouse can reach all of. */
export function isTree(level) {
  const reached = computeDistances(level, level.start);
  let cells = 0, ends = 0;
  for (const [cell, wall] of level.walls.entries()) {
    if (wall) continue;
    if (reached[cell] === UNREACHABLE) return false;
    cells += 1;
    ends += neighbours(level, cell).length;
  }
  return ends / 2 === cells - 1;
}

/** The last cell that the paths to cheese and corner share; NO_CELL where the level is no fork. */
export function findDecisionSquare(level) {
  const corner = findCorner(level), { cheese } = level;
  if (cheese === NO_CELL || cheese === corner || !isTree(level)) return NO_CELL;
  const fromStart = computeDistances(level, level.start);
  if (fromStart[corner] === UNREACHABLE) return NO_CELL;
  const toCorner = computeDistances(level, corner), toCheese = computeDistances(level, cheese);
  let last = level.start;
  for (let cell = 0; cell < fromStart.length; cell++) {
    const onBoth = fromStart[cell] !== UNREACHABLE &&
      fromStart[cell] + toCorner[cell] === fromStart[corner] && fromStart[cell] + toCheese[cell] === fromStart[cheese];
    if (onBoth && fromStart[cell] > fromStart[last]) last = cell;
  }
  return last === corner || last === cheese ? NO_CELL : last;
}
