// One mouse walking in one level, and what a person may change there.

import { LEFT, RIGHT, STEPS } from "./chain.js";
import { NO_CELL, SEED_LIMIT, generateLevel } from "./generator.js";
import { changeLevel, findCorner, isInside, isSameLevel } from "./levels.js";
import { UNREACHABLE, computeDistances, findDecisionSquare } from "./paths.js";

const LARGE = 7; // forks of smaller mazes show little
const NEAR = 3; // a walk passes a cheese that is at most so many steps from one of its cells, as in viewer/search.py
const LOOKED_AT = 20000; // seeds, before the search for a fork gives up

/** The next seed upward (direction 1) or downward (−1) whose level is a fork of at least 7×7 cells. */
export function findFork(seed, worldDim, direction) {
  for (let step = 1; step <= LOOKED_AT; step++) {
    const next = (seed + direction * step + SEED_LIMIT) % SEED_LIMIT;
    const level = generateLevel(next, worldDim);
    if (level.mazeDim >= Math.min(LARGE, worldDim) && findDecisionSquare(level) !== NO_CELL) return next;
  }
  return seed;
}

export class Game {
  constructor(level) {
    this.open(level);
  }

  /** Begin in another level, which may be an edited original. */
  open(original, level = original) {
    this.original = original;
    this.level = level;
    this.restart();
  }

  /** Put the mouse back to the start. */
  restart() {
    this.history = [{ cell: this.level.start, facingRight: false }];
    this.reached = null;
    this.isRetraced = false; // whether a person has stepped back
  }

  /** Where the mouse is, and whether it faces right. */
  get state() {
    return this.history.at(-1);
  }

  get steps() {
    return this.history.length - 1;
  }

  /** Whether the walk began at the level's start. */
  get isWhole() {
    return this.history[0].cell === this.level.start;
  }

  get isChanged() {
    return !isSameLevel(this.level, this.original);
  }

  /** Whether the walk may be counted: a person has neither edited nor drawn its level, nor stepped back. */
  get isUntouched() {
    return this.isWhole && !this.isChanged && !this.isRetraced && this.level.seed !== null;
  }

  /** Whether the paths to cheese and corner part after the cell in which the walk began. */
  get isFork() {
    return findDecisionSquare(changeLevel(this.level, { start: this.history[0].cell })) !== NO_CELL;
  }

  /** Whether the walk came near the cheese. */
  get isNearCheese() {
    const distance = computeDistances(this.level, this.level.cheese);
    return this.history.some(({ cell }) => distance[cell] !== UNREACHABLE && distance[cell] <= NEAR);
  }

  /**
   * Let the mouse make one step.
   *
   * @param {ArrayLike<number>} moves the probability of each move
   * @param {number} luck from 0 to 1, decides between them
   * @param {function} leadsTo (cell, move) gives the next cell
   */
  step(moves, luck, leadsTo) {
    if (this.reached) return;
    let move = 0;
    while (move < moves.length - 1 && luck >= moves[move]) luck -= moves[move++];
    const { cell, facingRight } = this.state;
    const next = leadsTo(cell, move);
    this.history.push({ cell: next, facingRight: move === RIGHT || (facingRight && move !== LEFT) });
    if (next === this.level.cheese) this.reached = "cheese";
    else if (next === findCorner(this.level)) this.reached = "corner";
    else if (this.steps === STEPS) this.reached = "neither";
  }

  stepBack() {
    if (this.steps > 0) this.history.pop();
    this.reached = null;
    this.isRetraced = true;
  }

  /** Whether "mouse" or "cheese" may be put into a cell. The cheese needs one where the mouse neither begins nor walks. */
  isFree(name, cell) {
    const { walls, start, cheese } = this.level;
    const taken = name === "mouse" ? [this.state.cell] : this.reached ? [start] : [start, this.state.cell];
    return walls[cell] === 0 && cell !== cheese && !taken.includes(cell);
  }

  /**
   * Move the cheese. A walk under way begins where the mouse is, one that had ended begins at the start.
   *
   * @returns {boolean} whether it moved
   */
  moveCheese(cell) {
    if (!this.isFree("cheese", cell)) return false;
    if (this.reached) this.restart();
    this.level = changeLevel(this.level, { cheese: cell });
    this.history = [this.state];
    return true;
  }

  /** Let the mouse begin in another cell. Returns whether it moved. */
  moveMouse(cell) {
    if (!this.isFree("mouse", cell)) return false;
    this.level = changeLevel(this.level, { start: cell });
    this.restart();
    return true;
  }

  /** Open or close a wall; the walk begins again. Returns in words why it cannot be, or null. */
  toggleWall(cell) {
    const { walls, start, cheese } = this.level;
    if (!isInside(this.level, cell)) return "The outer wall stays.";
    if (cell === cheese) return "The cheese lies there.";
    if (cell === start || cell === this.state.cell) return "The mouse needs this cell.";
    const changed = walls.slice();
    changed[cell] = 1 - changed[cell];
    this.level = changeLevel(this.level, { walls: changed });
    this.restart();
    return null;
  }
}
