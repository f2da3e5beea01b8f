// The mouse's walk in time: play, pause, single steps, and what is said and counted at its end.

import { MOVES } from "./chain.js";
import { find, say } from "./elements.js";
import { describeEvent, describeTally } from "./words.js";

const PAUSE = 3000; // milliseconds between the end of a walk and the next one

/** What was reached first, and what a random walk reaches first on average. Each maze counts once. */
export class Tally {
  constructor() {
    this.seeds = new Set();
    Object.assign(this, { cheese: 0, corner: 0, neither: 0, chance: { cheese: 0, corner: 0 } });
  }

  count({ level, reached }, chance) {
    if (this.seeds.has(level.seed)) return;
    this.seeds.add(level.seed);
    this[reached] += 1;
    for (const end of ["cheese", "corner"]) this.chance[end] += chance[end];
  }
}

export class Walk {
  constructor(page) {
    this.page = page;
    this.tallies = page.mice.map(() => new Tally());
    this.playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.stepping = 0; // of a step, the part for which the time has passed
    this.settle();
  }

  /** Show the mouse where it is, without a step under way. */
  settle() {
    this.progress = 1; // of the step that is being drawn
    this.ended = null; // when the walk ended
    say("event", "");
    this.page.wake();
  }

  /** Begin the walk again. */
  restart() {
    this.page.game.restart();
    this.settle();
  }

  play(playing) {
    this.playing = playing;
    if (playing && this.page.game.reached) this.restart();
    this.page.wake();
  }

  stepForth() {
    const { game, thoughts } = this.page;
    if (!thoughts.done || game.reached) return;
    const { cell, facingRight } = game.state;
    const { successor, cells, first } = thoughts.states;
    game.step(thoughts.movesIn(thoughts.stateAt(cell, facingRight)), Math.random(),
      (from, move) => cells[successor[first[from] * MOVES + move]]);
    this.settle();
    if (game.reached) this.end();
  }

  stepBack() {
    this.play(false);
    this.page.game.stepBack();
    this.settle();
  }

  end() {
    const { game, mouse, number, thoughts, time } = this.page;
    say("event", describeEvent(game));
    this.ended = time;
    const isChosen = mouse.chosenFor !== null && game.level.seed === mouse.seed;
    if (game.isFork && game.isUntouched && !isChosen) {
      const { cell, facingRight } = game.history[0];
      this.tallies[number].count(game, thoughts.expectedFrom(thoughts.stateAt(cell, facingRight), true).chance);
    }
    this.showTally();
  }

  showTally() {
    say("tally", describeTally(this.tallies[this.page.number]));
  }

  /** Whether a person may be typing a number or a maze, which another maze would overwrite. */
  get isTyping() {
    return document.activeElement?.matches("form :not(#share)") ?? false;
  }

  /** Let milliseconds pass for a mouse that is playing. */
  pass(passed) {
    const { page } = this;
    if (this.ended !== null) {
      if (page.time - this.ended < PAUSE) return;
      if (find("onward").checked && !this.isTyping) page.attempt(() => page.openFork(1));
      else this.restart();
      return;
    }
    this.stepping += (passed / 1000) * Number(find("speed").value);
    if (this.stepping >= 1) {
      this.stepping = Math.min(this.stepping - 1, 1);
      this.stepForth();
    }
    this.progress = page.game.reached ? 1 : Math.min(1, this.stepping);
    page.wake();
  }
}
