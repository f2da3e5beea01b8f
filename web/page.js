// The page: connects the game, the mice and the drawing with what a person does.

import { readArt } from "./art.js";
import { MOVES } from "./chain.js";
import { Board } from "./drawing.js";
import { Game, findFork } from "./game.js";
import { NO_CELL, generateLevel } from "./generator.js";
import { findCorner, isInside, levelFromText, levelToText, parseSeed, readLink, writeLink } from "./levels.js";
import { readMouse } from "./mice.js";
import { findDecisionSquare } from "./paths.js";
import { Thoughts } from "./thoughts.js";
import { describeCell, describeEvent, describeLead, describeLikeliest, describeShare, describeStory, describeTally }
  from "./words.js";

const BUDGET = 24; // milliseconds of thinking between two pictures
const PATIENCE = 300; // milliseconds of thinking in which the numbers of before stay
const PAUSE = 3000; // milliseconds between the end of a walk and the next one
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

const find = (id) => document.getElementById(id);
const say = (id, text) => {
  if (find(id).textContent !== text) find(id).textContent = text;
};

class Page {
  constructor({ art, mice }) {
    this.mice = mice.map((mouse) => readMouse(mouse, readArt(art)));
    this.tallies = this.mice.map(() => ({ cheese: 0, corner: 0, neither: 0 }));
    this.board = new Board(find("canvas"), readArt(art));
    this.cursor = NO_CELL;
    this.dragged = null;
    this.playing = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.progress = 1; // of the step that is being drawn
    this.ended = null; // when the walk ended
    this.time = performance.now();
    this.known = -Infinity; // when all thoughts were known last
    this.number = 0;
    const [{ seed, worldDim }] = this.mice;
    this.game = new Game(generateLevel(seed, worldDim));
    this.buildTabs();
    this.listen();
    find("stage").hidden = false;
    this.readLink();
    this.chooseMouse(this.number);
    this.fit();
    this.frame(this.time);
  }

  get mouse() {
    return this.mice[this.number];
  }

  /** Begin in another level. */
  open(level) {
    this.game.open(level);
    this.refresh();
  }

  /** Think anew after the level has changed. */
  refresh() {
    this.thoughts = new Thoughts(this.mouse, this.game.level);
    this.settle();
    const { level } = this.game;
    find("seed").value = level.seed ?? "";
    find("text").value = levelToText(level);
    find("restore").disabled = !this.game.isChanged;
    find("home").disabled = level.cheese === findCorner(level);
    say("shared", "");
  }

  /** Show the mouse where it is, without a step under way. */
  settle() {
    this.progress = 1;
    this.ended = null;
    say("event", "");
    this.wake();
  }

  chooseMouse(number) {
    const before = this.mouse;
    this.number = number;
    const { mouse } = this;
    for (const [place, tab] of [...find("mice").children].entries()) {
      tab.setAttribute("aria-selected", place === number);
      tab.tabIndex = place === number ? 0 : -1;
    }
    find("stage").setAttribute("aria-labelledby", `mouse-${number}`);
    say("lead", describeLead(mouse));
    find("story").replaceChildren(...describeStory(mouse, this.mice.length > 1).map((sentence) =>
      Object.assign(document.createElement("li"), { textContent: sentence })));
    say("tally", describeTally(this.tallies[number]));
    if (before.worldDim !== mouse.worldDim) {
      this.game.open(generateLevel(mouse.seed, mouse.worldDim));
      this.fit();
    }
    this.game.restart();
    this.refresh();
  }

  buildTabs() {
    const tabs = find("mice");
    find("choice").hidden = this.mice.length === 1;
    for (const [number, { name, trained }] of this.mice.entries()) {
      const tab = document.createElement("button");
      Object.assign(tab, { type: "button", id: `mouse-${number}`, onclick: () => this.chooseMouse(number) });
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-controls", "stage");
      const isOnlyOne = this.mice.filter((mouse) => mouse.trained === trained).length === 1;
      tab.textContent = isOnlyOne ? trained : `${trained} (${name})`;
      tab.title = name;
      tabs.append(tab);
    }
    tabs.addEventListener("keydown", (event) => {
      const step = KEYS[event.key]?.[0];
      if (!step) return;
      event.preventDefault();
      this.chooseMouse((this.number + step + this.mice.length) % this.mice.length);
      tabs.children[this.number].focus();
    });
  }

  listen() {
    const on = (id, action) => find(id).addEventListener("click", () => this.attempt(action));
    on("play", () => this.play(!this.playing));
    on("back", () => this.stepBack());
    on("forth", () => {
      this.play(false);
      this.stepForth();
    });
    on("again", () => {
      this.game.restart();
      this.settle();
    });
    on("next", () => this.openFork(1));
    on("previous", () => this.openFork(-1));
    on("restore", () => this.open(this.game.original));
    on("home", () => this.putCheeseIntoCorner());
    on("share", () => this.share());
    for (const id of ["arrows", "values"]) find(id).addEventListener("change", () => this.wake());
    find("seeds").addEventListener("submit", (event) => {
      event.preventDefault();
      this.attempt(() => this.open(generateLevel(parseSeed(find("seed").value), this.mouse.worldDim)));
    });
    find("drawn").addEventListener("submit", (event) => {
      event.preventDefault();
      this.attempt(() => this.open(levelFromText(find("text").value, this.mouse.worldDim)));
    });
    for (const name of ["mouse", "cheese"]) this.listenToHandle(name);
    this.listenToCanvas();
    document.addEventListener("keydown", (event) => this.pressKey(event));
    addEventListener("resize", () => this.fit());
    addEventListener("hashchange", () => {
      this.readLink();
      this.chooseMouse(this.number);
    });
  }

  /** Do what a person asked for; say why where it cannot be done. */
  attempt(action) {
    find("problem").hidden = true;
    try {
      action();
    } catch (error) {
      showProblem(error.message);
    }
  }

  listenToHandle(name) {
    const handle = find(name);
    const move = (cell) => {
      const moved = name === "cheese" ? this.game.moveCheese(cell) : this.game.moveMouse(cell);
      if (moved) {
        find("invitation").hidden = true;
        this.refresh();
      }
      return moved;
    };
    handle.addEventListener("pointerdown", (event) => {
      this.dragged = name;
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener("pointermove", (event) => {
      if (this.dragged === name) move(this.findOpenCell(this.board.cellAt(event.clientX, event.clientY)));
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) {
      handle.addEventListener(end, () => {
        this.dragged = null;
        this.wake();
      });
    }
    handle.addEventListener("keydown", (event) => {
      if (!KEYS[event.key]) return;
      event.preventDefault();
      const { level } = this.game;
      let cell = name === "cheese" ? level.cheese : this.game.state.cell;
      do cell = this.beside(cell, event.key);
      while (cell !== NO_CELL && !this.game.isFree(cell));
      if (cell !== NO_CELL && move(cell)) say("said", `${name}: ${describeCell(level, cell)}`);
    });
  }

  listenToCanvas() {
    const canvas = find("canvas");
    canvas.addEventListener("click", (event) => {
      if (event.detail) this.toggleWall(this.board.cellAt(event.clientX, event.clientY));
    });
    canvas.addEventListener("focus", () => {
      if (!canvas.matches(":focus-visible")) return;
      this.cursor = this.game.level.start;
      this.wake();
    });
    canvas.addEventListener("blur", () => {
      this.cursor = NO_CELL;
      this.wake();
    });
    canvas.addEventListener("keydown", (event) => {
      const { level } = this.game;
      if (this.cursor === NO_CELL) this.cursor = level.start;
      if (event.key === "Enter") this.toggleWall(this.cursor);
      else if (KEYS[event.key]) {
        const next = this.beside(this.cursor, event.key);
        if (next !== NO_CELL) this.cursor = next;
        this.announceCell(this.cursor);
      } else return;
      event.preventDefault();
      this.wake();
    });
  }

  /** The cell beside a cell in the direction of a key; NO_CELL outside the maze. */
  beside(cell, key) {
    const { level } = this.game;
    const [right, up] = KEYS[key];
    const x = (cell % level.worldDim) + right, next = cell + right + up * level.worldDim;
    const isCell = x >= 0 && x < level.worldDim && next >= 0 && next < level.walls.length;
    return isCell && isInside(level, next) ? next : NO_CELL;
  }

  /** The open cell that is nearest to a cell. */
  findOpenCell(cell) {
    const { walls, worldDim } = this.game.level;
    const distance = (other) => Math.hypot((other % worldDim) - (cell % worldDim),
      Math.floor(other / worldDim) - Math.floor(cell / worldDim));
    let nearest = NO_CELL;
    for (const [other, wall] of walls.entries()) {
      if (!wall && (nearest === NO_CELL || distance(other) < distance(nearest))) nearest = other;
    }
    return nearest;
  }

  pressKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, summary")) return;
    if (event.key === "n") this.openFork(1);
    else if (event.key === "p") this.openFork(-1);
    else if (event.key === " " && !event.target.closest("button")) {
      event.preventDefault();
      this.play(!this.playing);
    }
  }

  play(playing) {
    this.playing = playing;
    if (playing && this.game.reached) {
      this.game.restart();
      this.settle();
    }
    this.wake();
  }

  openFork(direction) {
    const { worldDim, seed } = this.mouse;
    this.open(generateLevel(findFork(this.game.level.seed ?? seed, worldDim, direction), worldDim));
  }

  putCheeseIntoCorner() {
    const corner = findCorner(this.game.level);
    if (this.game.level.walls[corner]) throw new Error("There is a wall in the corner. Open it first.");
    if (this.game.state.cell === corner) this.game.restart();
    if (!this.game.moveCheese(corner)) throw new Error("The mouse is in the corner. Move it first.");
    this.refresh();
  }

  toggleWall(cell) {
    const refused = this.game.toggleWall(cell);
    if (!refused) this.refresh();
    say("said", refused ?? "");
    if (!refused) this.announceCell(cell);
  }

  announceCell(cell) {
    const { walls, cheese } = this.game.level;
    const what = cell === cheese ? "cheese" : cell === this.game.state.cell ? "mouse" : walls[cell] ? "wall" : "open";
    say("said", `${describeCell(this.game.level, cell)}: ${what}`);
  }

  stepForth() {
    const { game, thoughts } = this;
    if (!thoughts.done || game.reached) return;
    const { cell, facingRight } = game.state;
    const { successor, cells, first } = thoughts.states;
    game.step(thoughts.movesIn(thoughts.stateAt(cell, facingRight)), Math.random(),
      (from, move) => cells[successor[first[from] * MOVES + move]]);
    this.settle();
    if (game.reached) this.endWalk();
  }

  stepBack() {
    this.play(false);
    this.game.stepBack();
    this.settle();
  }

  endWalk() {
    const isFork = findDecisionSquare(this.game.level) !== NO_CELL;
    say("event", describeEvent(this.game.reached, isFork));
    this.ended = this.time;
    if (isFork && this.game.isWhole && !this.game.isChanged) this.tallies[this.number][this.game.reached] += 1;
    say("tally", describeTally(this.tallies[this.number]));
  }

  share() {
    const link = `${location.href.split("#")[0]}#${writeLink(this.mouse.name, this.game.level)}`;
    history.replaceState(null, "", link);
    const done = () => say("shared", "The link is copied; it is in the address bar, too.");
    const failed = () => say("shared", "The link is in the address bar: copy it from there.");
    if (navigator.clipboard) navigator.clipboard.writeText(link).then(done, failed);
    else failed();
  }

  readLink() {
    const link = location.hash.slice(1);
    if (!link) return;
    this.attempt(() => {
      const { number, level } = readLink(link, this.mice);
      this.number = number;
      this.game.open(level);
      this.fit();
    });
  }

  /** Make the maze as large as the window allows. */
  fit() {
    const wide = innerWidth >= 800;
    const top = find("board").getBoundingClientRect().top + scrollY;
    const width = document.body.clientWidth - 2 * parseFloat(getComputedStyle(document.body).paddingLeft);
    const side = wide ? Math.min(0.62 * width, Math.max(320, innerHeight - top - 24)) : width;
    this.board.fit(this.game.level.worldDim, side);
    const reach = Math.max(this.board.cellInCss, 34);
    for (const name of ["mouse", "cheese"]) find(name).style.width = find(name).style.height = `${reach}px`;
    this.wake();
  }

  /** Ask for a picture. */
  wake() {
    this.dirty = true;
    if (!this.asleep) return;
    this.asleep = false;
    this.time = performance.now();
    requestAnimationFrame((time) => this.frame(time));
  }

  frame(time) {
    const passed = Math.max(0, time - this.time);
    this.time = Math.max(time, this.time);
    this.think();
    if (this.playing && !this.dragged && this.thoughts.done) this.walk(passed);
    if (this.dirty) this.draw();
    const goesOn = this.dirty || !this.thoughts.done || (this.playing && !this.dragged);
    this.asleep = !goesOn;
    if (goesOn) requestAnimationFrame((next) => this.frame(next));
  }

  think() {
    if (this.thoughts.done) return;
    const end = performance.now() + BUDGET;
    while (!this.thoughts.done && performance.now() < end) this.thoughts.advance();
    this.dirty = true;
  }

  /** Let time pass for a mouse that is playing. */
  walk(passed) {
    if (this.ended !== null) {
      if (this.time - this.ended < PAUSE) return;
      if (find("onward").checked) this.openFork(1);
      else {
        this.game.restart();
        this.settle();
      }
      return;
    }
    this.stepping = (this.stepping ?? 0) + (passed / 1000) * Number(find("speed").value);
    if (this.stepping >= 1) {
      this.stepping = Math.min(this.stepping - 1, 1);
      this.stepForth();
    }
    this.progress = this.game.reached ? 1 : Math.min(1, this.stepping);
    this.dirty = true;
  }

  draw() {
    this.dirty = false;
    const { game, thoughts, board } = this;
    const { level } = game;
    board.draw({
      ...{ level, thoughts, history: game.history, progress: this.progress, cursor: this.cursor },
      ...{ arrows: find("arrows").checked, values: find("values").checked },
    });
    find("canvas").setAttribute("aria-busy", !thoughts.done);
    this.placeHandle("mouse", game.state.cell);
    this.placeHandle("cheese", level.cheese);
    say("play", this.playing ? "Pause" : "Play");
    find("back").disabled = game.steps === 0;
    this.describe();
  }

  placeHandle(name, cell) {
    const handle = find(name), { board } = this;
    handle.hidden = cell === NO_CELL;
    if (handle.hidden) return;
    const [left, top] = board.middle(cell).map((z) => (z * board.cellInCss) / board.cell);
    handle.style.left = `${left}px`;
    handle.style.top = `${top}px`;
    handle.setAttribute("aria-label", `${name}, ${describeCell(this.game.level, cell)}; arrow keys move it`);
    if (name === "cheese") this.placeInvitation(left, top);
  }

  placeInvitation(left, top) {
    const invitation = find("invitation"), side = this.board.cellInCss * this.board.worldDim;
    const below = top < side / 2, width = invitation.offsetWidth;
    invitation.style.top = `${top + (below ? 0.62 : -0.62) * this.board.cellInCss}px`;
    invitation.style.left = `${Math.max(0, Math.min(side - width, left - width / 2))}px`;
    invitation.style.transform = `translateY(${below ? 0 : -100}%)`;
  }

  /** Bring what is written beside the maze up to date. */
  describe() {
    const { game, thoughts } = this;
    if (!thoughts.done) {
      if (this.time - this.known < PATIENCE) return;
      say("likeliest", `Thinking: ${Math.round((100 * thoughts.known) / thoughts.states.cells.length)} %`);
      for (const end of ["cheese", "corner"]) say(`p-${end}`, "…");
      return;
    }
    this.known = this.time;
    // At the end of a walk nothing is open any more, so the chances are those that it had at its start.
    const atStart = game.steps === 0 || game.reached !== null;
    const { cell, facingRight } = atStart ? game.history[0] : game.state;
    const { mouse, chance } = thoughts.expectedFrom(thoughts.stateAt(cell, facingRight), atStart);
    say("question", `Reached first, from ${!atStart ? "here" : game.isWhole ? "the start" : "where it was"}`);
    for (const end of ["cheese", "corner"]) {
      say(`p-${end}`, describeShare(mouse[end]));
      say(`c-${end}`, describeShare(chance[end]));
      const [bar, mark] = document.querySelectorAll(`.end.${end} .bar > *`);
      bar.style.width = `${100 * mouse[end]}%`;
      mark.style.left = `${100 * chance[end]}%`;
    }
    say("likeliest", describeLikeliest(mouse));
    const { level } = game;
    const cheese = level.cheese === NO_CELL ? "no cheese" : `cheese at ${describeCell(level, level.cheese)}`;
    find("canvas").setAttribute("aria-label", `Maze of ${level.mazeDim} by ${level.mazeDim} cells. Arrow keys choose a ` +
      "cell, Enter opens or closes its wall.");
    say("where", `Mouse at ${describeCell(level, game.state.cell)}, ${cheese}, corner at ${describeCell(level, findCorner(level))}.`);
  }
}

/** Say in words what is wrong. */
function showProblem(text) {
  find("problem").textContent = text;
  find("problem").hidden = false;
}

try {
  new Page(JSON.parse(find("data").textContent));
} catch (error) {
  showProblem(error instanceof SyntaxError ? "The data in this page are damaged. Get this page again." : error.message);
}
