// The page: connects the game, the mice and the drawing with what a person does.

import { readArt } from "./art.js";
import { Cursor } from "./cursor.js";
import { Board } from "./drawing.js";
import { find, say, showProblem } from "./elements.js";
import { Game, findFork } from "./game.js";
import { generateLevel } from "./generator.js";
import { Handles } from "./handles.js";
import { listenToKeys } from "./keys.js";
import { findCorner, levelFromText, levelToText, parseSeed, readLink, writeLink } from "./levels.js";
import { readMouse } from "./mice.js";
import { Readout } from "./readout.js";
import { Tabs } from "./tabs.js";
import { Thoughts } from "./thoughts.js";
import { Walk } from "./walk.js";
import { describeLead, describeShared, describeStory } from "./words.js";

const BUDGET = 24; // milliseconds of thinking between two pictures
const BESIDE = 328; // CSS pixels, the gap beside a maze and the smallest column there; in style.css, 28px and 300px

class Page {
  constructor({ art, mice }) {
    this.mice = mice.map((mouse) => readMouse(mouse, readArt(art)));
    this.number = 0; // of the mouse that is shown
    this.time = performance.now();
    const [{ seed, worldDim }] = this.mice;
    this.game = new Game(generateLevel(seed, worldDim));
    this.board = new Board(find("canvas"), readArt(art));
    this.walk = new Walk(this);
    this.readout = new Readout(this);
    this.tabs = new Tabs(this);
    this.handles = new Handles(this);
    this.cursor = new Cursor(this);
    this.listen();
    listenToKeys(this);
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
    this.cursor.keepInside();
    this.walk.settle();
    const { level } = this.game;
    find("seed").value = level.seed ?? "";
    find("text").value = levelToText(level);
    find("restore").disabled = find("changed").hidden = !this.game.isChanged;
    find("home").disabled = level.cheese === findCorner(level);
    say("shared", "");
  }

  chooseMouse(number) {
    const before = this.mouse;
    this.number = number;
    const { mouse } = this;
    this.tabs.mark(number);
    say("lead", describeLead(mouse));
    find("story").replaceChildren(...describeStory(mouse, this.mice.length).map((sentence) =>
      Object.assign(document.createElement("li"), { textContent: sentence })));
    this.walk.showTally();
    if (before.worldDim !== mouse.worldDim) {
      this.game.open(generateLevel(mouse.seed, mouse.worldDim));
      this.fit();
    }
    this.game.restart();
    this.refresh();
  }

  listen() {
    const { walk } = this;
    const on = (id, action) => find(id).addEventListener("click", () => this.attempt(action));
    on("play", () => walk.play(!walk.playing));
    on("back", () => walk.stepBack());
    on("forth", () => {
      walk.play(false);
      walk.stepForth();
    });
    on("again", () => walk.restart());
    on("next", () => this.openFork(1));
    on("previous", () => this.openFork(-1));
    on("restore", () => this.open(this.game.original));
    on("home", () => this.putCheeseIntoCorner());
    on("share", () => this.share());
    for (const id of ["arrows", "values"]) find(id).addEventListener("change", () => this.wake());
    const onSubmit = (id, action) => find(id).addEventListener("submit", (event) => {
      event.preventDefault();
      this.attempt(action);
    });
    onSubmit("seeds", () => this.openTyped(generateLevel(parseSeed(find("seed").value), this.mouse.worldDim)));
    onSubmit("drawn", () => this.openTyped(levelFromText(find("text").value, this.mouse.worldDim)));
    addEventListener("resize", () => this.fit());
    addEventListener("hashchange", () => {
      this.readLink();
      this.chooseMouse(this.number);
    });
  }

  /**
   * Do what a person asked for, and say why where it cannot be done. An older message goes; refresh() must not hide it,
   * because the page also refreshes after a damaged link.
   */
  attempt(action) {
    find("problem").hidden = true;
    try {
      action();
    } catch (error) {
      showProblem(error.message);
    }
  }

  /** Begin in a level that a person typed, and go to the maze: while a text field has the focus, no other maze opens. */
  openTyped(level) {
    this.open(level);
    find("canvas").focus();
  }

  openFork(direction) {
    const { worldDim, seed } = this.mouse;
    this.open(generateLevel(findFork(this.game.level.seed ?? seed, worldDim, direction), worldDim));
  }

  putCheeseIntoCorner() {
    const corner = findCorner(this.game.level);
    if (this.game.level.walls[corner]) throw new Error("There is a wall in the corner. Open it first.");
    if (!this.game.moveCheese(corner)) throw new Error("The mouse begins in the corner. Move it first.");
    this.refresh();
  }

  share() {
    const link = `${location.href.split("#")[0]}#${writeLink(this.mouse.name, this.game.level)}`;
    history.replaceState(null, "", link);
    const isFile = location.protocol === "file:";
    const done = () => say("shared", describeShared(true, isFile));
    const failed = () => say("shared", describeShared(false, isFile));
    if (navigator.clipboard) navigator.clipboard.writeText(link).then(done, failed);
    else failed();
  }

  readLink() {
    const link = location.hash.slice(1);
    this.attempt(() => {
      if (!link) return;
      const { number, original, level } = readLink(link, this.mice);
      this.number = number;
      this.game.open(original, level);
      this.fit();
    });
  }

  /** Make the maze as large as the window allows. */
  fit() {
    const wide = innerWidth >= 800;
    const top = find("board").getBoundingClientRect().top + scrollY;
    const width = document.body.clientWidth - 2 * parseFloat(getComputedStyle(document.body).paddingLeft);
    const side = wide ? Math.min(0.62 * width, width - BESIDE, Math.max(320, innerHeight - top - 24)) : width;
    this.board.fit(this.game.level.worldDim, side);
    this.handles.fit();
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
    const isWalking = () => this.walk.playing && this.handles.pointer === null;
    if (isWalking() && this.thoughts.done) this.walk.pass(passed);
    if (this.dirty) this.draw();
    const goesOn = this.dirty || !this.thoughts.done || isWalking();
    this.asleep = !goesOn;
    if (goesOn) requestAnimationFrame((next) => this.frame(next));
  }

  think() {
    if (this.thoughts.done) return;
    const end = performance.now() + BUDGET;
    while (!this.thoughts.done && performance.now() < end) this.thoughts.advance();
    this.dirty = true;
  }

  draw() {
    this.dirty = false;
    const { game, thoughts, board, walk } = this;
    board.draw({
      ...{ level: game.level, thoughts, history: game.history, progress: walk.progress, cursor: this.cursor.cell },
      ...{ arrows: find("arrows").checked, values: find("values").checked },
    });
    find("canvas").setAttribute("aria-busy", !thoughts.done);
    this.handles.place();
    say("play", walk.playing ? "Pause" : "Play");
    find("back").disabled = game.steps === 0;
    this.readout.update();
  }
}

try {
  new Page(JSON.parse(find("data").textContent));
} catch (error) {
  showProblem(error instanceof SyntaxError ? "The data in this page are damaged. Get this page again." : error.message);
}
