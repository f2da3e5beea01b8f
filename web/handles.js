// The handles on mouse and cheese, by which pointer, finger or arrow keys move them.

import { find, say } from "./elements.js";
import { NO_CELL } from "./generator.js";
import { readArrow } from "./keys.js";
import { findBeside, findOpenCell } from "./levels.js";
import { describeCell } from "./words.js";

const SMALLEST = 34; // CSS pixels, the smallest handle that a finger finds

export class Handles {
  constructor(page) {
    this.page = page;
    this.pointer = null; // the id of the pointer that drags mouse or cheese; null while none does
    this.isInviting = true; // until a person has moved something
    for (const name of ["mouse", "cheese"]) this.listen(name);
  }

  listen(name) {
    const { page } = this, handle = find(name);
    handle.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || this.pointer !== null) return;
      this.pointer = event.pointerId;
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener("pointermove", (event) => {
      if (event.pointerId !== this.pointer) return;
      this.move(name, findOpenCell(page.game.level, page.board.cellAt(event.clientX, event.clientY)));
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      handle.addEventListener(end, (event) => {
        if (event.pointerId !== this.pointer) return;
        this.pointer = null;
        page.wake();
      });
    }
    handle.addEventListener("keydown", (event) => {
      const arrow = readArrow(event);
      if (!arrow) return;
      event.preventDefault();
      const { level, state } = page.game;
      let cell = name === "cheese" ? level.cheese : state.cell;
      do cell = findBeside(level, cell, arrow);
      while (cell !== NO_CELL && !page.game.isFree(name, cell));
      if (cell !== NO_CELL && this.move(name, cell)) say("said", `${name}: ${describeCell(level, cell)}`);
    });
  }

  /** Move mouse or cheese into a cell. Returns whether it moved. */
  move(name, cell) {
    const { game } = this.page;
    const moved = name === "cheese" ? game.moveCheese(cell) : game.moveMouse(cell);
    if (moved) {
      this.isInviting = false;
      this.page.attempt(() => this.page.refresh());
    }
    return moved;
  }

  /** Make the handles as large as the cells. */
  fit() {
    const reach = Math.max(this.page.board.cellInCss, SMALLEST);
    for (const name of ["mouse", "cheese"]) find(name).style.width = find(name).style.height = `${reach}px`;
  }

  /** Put the handles where mouse and cheese are. */
  place() {
    const { level, state } = this.page.game;
    this.placeOne("mouse", state.cell);
    find("invitation").hidden = !this.isInviting || level.cheese === NO_CELL;
    this.placeOne("cheese", level.cheese);
  }

  placeOne(name, cell) {
    const handle = find(name), { board, game } = this.page;
    handle.hidden = cell === NO_CELL;
    if (handle.hidden) return;
    const [left, top] = board.middle(cell).map((z) => (z * board.cellInCss) / board.cell);
    handle.style.left = `${left}px`;
    handle.style.top = `${top}px`;
    handle.setAttribute("aria-label", `${name}, ${describeCell(game.level, cell)}; arrow keys move it`);
    if (name === "cheese") this.placeInvitation(left, top);
  }

  placeInvitation(left, top) {
    const { cellInCss, worldDim } = this.page.board;
    const invitation = find("invitation"), side = cellInCss * worldDim;
    const below = top < side / 2, width = invitation.offsetWidth;
    invitation.style.top = `${top + (below ? 0.62 : -0.62) * cellInCss}px`;
    invitation.style.left = `${Math.max(0, Math.min(side - width, left - width / 2))}px`;
    invitation.style.transform = `translateY(${below ? 0 : -100}%)`;
  }
}
