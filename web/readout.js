// What is written beside the maze: what the mouse reaches first from here, and where everything lies.

import { find, say } from "./elements.js";
import { NO_CELL } from "./generator.js";
import { findCorner } from "./levels.js";
import { describeCell, describeLikeliest, describeShare } from "./words.js";

const PATIENCE = 300; // milliseconds of thinking in which the numbers of before stay

/** The bar of an end and the mark on it. */
const findBar = (end) => document.querySelectorAll(`.end.${end} .bar > *`);

export class Readout {
  constructor(page) {
    this.page = page;
    this.known = -Infinity; // when all thoughts were known last
  }

  update() {
    const { thoughts, time } = this.page;
    if (!thoughts.done) {
      if (time - this.known < PATIENCE) return;
      say("likeliest", `Thinking: ${Math.round((100 * thoughts.known) / thoughts.states.cells.length)} %`);
      for (const end of ["cheese", "corner"]) {
        say(`p-${end}`, "…");
        say(`c-${end}`, "…");
        for (const part of findBar(end)) part.style.visibility = "hidden";
      }
      return;
    }
    this.known = time;
    this.showExpected();
    this.showPlaces();
  }

  showExpected() {
    const { game, thoughts } = this.page;
    // At the end of a walk nothing is open any more, so the chances are those that it had at its start.
    const atStart = game.steps === 0 || game.reached !== null;
    const { cell, facingRight } = atStart ? game.history[0] : game.state;
    const { mouse, chance } = thoughts.expectedFrom(thoughts.stateAt(cell, facingRight), atStart);
    say("question", `Reached first, from ${!atStart ? "here" : game.isWhole ? "the start" : "where it was"}`);
    for (const end of ["cheese", "corner"]) {
      say(`p-${end}`, describeShare(mouse[end]));
      say(`c-${end}`, describeShare(chance[end]));
      const [bar, mark] = findBar(end);
      for (const part of [bar, mark]) part.style.visibility = "visible";
      bar.style.width = `${100 * mouse[end]}%`;
      mark.style.left = `${100 * chance[end]}%`;
    }
    say("likeliest", describeLikeliest(mouse));
  }

  showPlaces() {
    const { level, state } = this.page.game;
    const cheese = level.cheese === NO_CELL ? "no cheese" : `cheese at ${describeCell(level, level.cheese)}`;
    find("canvas").setAttribute("aria-label", `Maze of ${level.mazeDim} by ${level.mazeDim} cells. Arrow keys choose a ` +
      "cell, Enter opens or closes its wall.");
    say("where", `Mouse at ${describeCell(level, state.cell)}, ${cheese}, corner at ${describeCell(level, findCorner(level))}.`);
  }
}
