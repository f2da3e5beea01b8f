// The cell that the keyboard is at in the maze, and the walls that a click or Enter opens and closes.

import { find, say } from "./elements.js";
import { NO_CELL } from "./generator.js";
import { readArrow } from "./keys.js";
import { findBeside, isInside } from "./levels.js";
import { describeCell } from "./words.js";

export class Cursor {
  constructor(page) {
    this.page = page;
    this.cell = NO_CELL;
    const canvas = find("canvas");
    canvas.addEventListener("click", (event) => {
      if (event.detail) this.toggleWall(page.board.cellAt(event.clientX, event.clientY));
    });
    canvas.addEventListener("focus", () => {
      if (canvas.matches(":focus-visible")) this.goTo(page.game.level.start);
    });
    canvas.addEventListener("blur", () => this.goTo(NO_CELL));
    canvas.addEventListener("keydown", (event) => this.press(event));
  }

  /** In another maze, which may be smaller, a cursor that would be outside goes to the start. */
  keepInside() {
    const { level } = this.page.game;
    if (this.cell !== NO_CELL && !isInside(level, this.cell)) this.cell = level.start;
  }

  goTo(cell) {
    this.cell = cell;
    this.page.wake();
  }

  press(event) {
    const { level } = this.page.game, arrow = readArrow(event);
    if (this.cell === NO_CELL) this.cell = level.start;
    if (event.key === "Enter") this.toggleWall(this.cell);
    else if (arrow) {
      const next = findBeside(level, this.cell, arrow);
      if (next !== NO_CELL) this.cell = next;
      this.announce(this.cell);
    } else return;
    event.preventDefault();
    this.page.wake();
  }

  toggleWall(cell) {
    const refused = this.page.game.toggleWall(cell);
    if (!refused) this.page.attempt(() => this.page.refresh());
    say("said", refused ?? "");
    if (!refused) this.announce(cell);
  }

  announce(cell) {
    const { level, state } = this.page.game;
    const what = cell === level.cheese ? "cheese" : cell === state.cell ? "mouse" : level.walls[cell] ? "wall" : "open";
    say("said", `${describeCell(level, cell)}: ${what}`);
  }
}
