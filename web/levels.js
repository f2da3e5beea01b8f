// Levels as text and in links, and what a level may be.

import { NO_CELL, SEED_LIMIT, generateLevel } from "./generator.js";

const WALL = "#", OPEN = " ", MOUSE = "@", CHEESE = ".";
const SMALLEST_MAZE = 3;
const LINK_LETTERS = { [WALL]: "x", [OPEN]: "-", [MOUSE]: "m", [CHEESE]: "c" }; // a link may not hold # and blanks
const LEVEL_LETTERS = Object.fromEntries(Object.entries(LINK_LETTERS).map(([letter, code]) => [code, letter]));

/** The top-right cell of a maze. */
export function findCorner({ worldDim, mazeDim }) {
  const edge = (worldDim + mazeDim) / 2 - 1;
  return edge * worldDim + edge;
}

/** Whether a cell of the world lies in the maze. */
export function isInside({ worldDim, mazeDim }, cell) {
  const margin = (worldDim - mazeDim) / 2;
  return [cell % worldDim, Math.floor(cell / worldDim)].every((z) => z >= margin && z < worldDim - margin);
}

/** The cell beside a cell of the maze, so many cells to the right and up; NO_CELL outside the maze. */
export function findBeside(level, cell, [right, up]) {
  const { worldDim, walls } = level;
  const x = (cell % worldDim) + right, next = cell + right + up * worldDim;
  const isCell = x >= 0 && x < worldDim && next >= 0 && next < walls.length;
  return isCell && isInside(level, next) ? next : NO_CELL;
}

/** The open cell that is nearest to a cell. */
export function findOpenCell({ worldDim, walls }, cell) {
  const distance = (other) => Math.hypot((other % worldDim) - (cell % worldDim),
    Math.floor(other / worldDim) - Math.floor(cell / worldDim));
  let nearest = NO_CELL;
  for (const [other, wall] of walls.entries()) {
    if (!wall && (nearest === NO_CELL || distance(other) < distance(nearest))) nearest = other;
  }
  return nearest;
}

/** A copy of a level with some fields replaced. */
export const changeLevel = (level, fields) => ({ ...level, ...fields });

/** Whether two levels have the same walls, start and cheese. */
export function isSameLevel(one, other) {
  return one.worldDim === other.worldDim && one.start === other.start && one.cheese === other.cheese &&
    one.walls.every((wall, cell) => wall === other.walls[cell]);
}

/** Draw a level as text, top row first, as envs/drawings.py does; the mouse stands at the start. */
export function levelToText({ worldDim, mazeDim, walls, start, cheese }) {
  const margin = (worldDim - mazeDim) / 2;
  const rows = [];
  for (let y = worldDim - margin - 1; y >= margin; y--) {
    let row = "";
    for (let x = margin; x < worldDim - margin; x++) {
      const cell = y * worldDim + x;
      row += cell === start ? MOUSE : cell === cheese ? CHEESE : walls[cell] ? WALL : OPEN;
    }
    rows.push(row);
  }
  return rows.join("\n");
}

/**
 * Read a level drawn as text: an odd square, top row first, # wall, space open, @ mouse, . cheese.
 *
 * @throws {Error} anything else; the message names row and column, counted from 1
 */
export function levelFromText(text, worldDim) {
  const rows = text.replaceAll("\r\n", "\n").replace(/\n$/, "").split("\n").map((row) => [...row]);
  const dim = rows.length;
  const letters = [WALL, OPEN, MOUSE, CHEESE];
  for (const [number, row] of rows.entries()) {
    if (row.length !== dim) {
      throw new Error(`The level text must be square: row ${number + 1} has ${row.length} columns, but there are ` +
        `${dim} rows${row.length < dim ? " (blanks at its end may have been cut off)" : ""}.`);
    }
    const column = row.findIndex((letter) => !letters.includes(letter));
    if (column >= 0) {
      throw new Error(`The level text has an unknown letter “${row[column]}” in row ${number + 1}, column ` +
        `${column + 1}. Known are # for a wall, a blank for an open cell, @ for the mouse and . for the cheese.`);
    }
  }
  if (dim % 2 === 0 || dim < SMALLEST_MAZE || dim > worldDim) {
    throw new Error(`The level text must have an odd side from ${SMALLEST_MAZE} to ${worldDim}, not ${dim} rows.`);
  }
  const margin = (worldDim - dim) / 2;
  const walls = new Uint8Array(worldDim * worldDim).fill(1);
  const found = { [MOUSE]: [], [CHEESE]: [] };
  for (const [number, row] of rows.entries()) {
    for (const [column, letter] of row.entries()) {
      const cell = (margin + dim - 1 - number) * worldDim + margin + column;
      walls[cell] = letter === WALL ? 1 : 0;
      found[letter]?.push(cell);
    }
  }
  if (found[MOUSE].length !== 1) throw new Error(`The level text needs one mouse (@), not ${found[MOUSE].length}.`);
  if (found[CHEESE].length > 1) throw new Error(`The level text may have one cheese (.), not ${found[CHEESE].length}.`);
  const [start] = found[MOUSE], [cheese = NO_CELL] = found[CHEESE];
  return { seed: null, worldDim, mazeDim: dim, walls, start, cheese, background: 0, shift: 0 };
}

/** The part of a link after its #, which holds the mouse's name and the whole level. */
export function writeLink(name, level) {
  const maze = levelToText(level).replaceAll("\n", "/").replace(/[^/]/g, (letter) => LINK_LETTERS[letter]);
  const seed = level.seed === null ? "" : `&seed=${level.seed}`;
  return `mouse=${encodeURIComponent(name)}${seed}&maze=${maze}`;
}

/**
 * Read what writeLink wrote.
 *
 * @param {string} link
 * @param {{name: string, worldDim: number}[]} mice of this page
 * @returns {{number: number, original: Object, level: Object}} the mouse's place among the mice, the level, and what it was
 *   before a person edited it: the level of the seed
 * @throws {Error} a damaged link, in words
 */
export function readLink(link, mice) {
  const fields = new URLSearchParams(link);
  const name = fields.get("mouse");
  const number = name === null ? 0 : mice.findIndex((mouse) => mouse.name === name);
  if (number < 0) throw new Error(`This link names the mouse “${name}”, which is not on this page.`);
  const { worldDim } = mice[number];
  const seed = fields.has("seed") ? parseSeed(fields.get("seed")) : null;
  const maze = fields.get("maze");
  if (maze === null && seed === null) throw new Error("This link is damaged: it holds neither a maze nor a seed.");
  const generated = seed === null ? null : generateLevel(seed, worldDim);
  if (maze === null) return { number, original: generated, level: generated };
  const rows = maze.replaceAll("/", "\n").replace(/[^\n]/g, (code) => LEVEL_LETTERS[code] ?? "?");
  try {
    const drawn = levelFromText(rows, worldDim);
    if (generated === null) return { number, original: drawn, level: drawn };
    const { background, shift } = generated;
    return { number, original: generated, level: changeLevel(drawn, { seed, background, shift }) };
  } catch (error) {
    throw new Error(`This link is damaged: ${error.message}`);
  }
}

/**
 * Read a level seed.
 *
 * @throws {Error} it is none, in words
 */
export function parseSeed(text) {
  const seed = Number(text);
  if (!/^\s*\d+\s*$/.test(text) || seed >= SEED_LIMIT) {
    throw new Error(`A maze number (seed) is a whole number from 0 to ${SEED_LIMIT - 1}, not “${text.slice(0, 40)}”.`);
  }
  return seed;
}
