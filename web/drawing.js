// Draws a maze, the mouse in it and its thoughts on a canvas.

import { STAY } from "./chain.js";
import { NO_CELL } from "./generator.js";
import { findCorner } from "./levels.js";

const SHADOW = [4, 2]; // how far a wall's shadow falls, in texels down and to the right
const LEAST = 0.03; // moves that are less probable get no arrow
const LONGEST = 0.46; // of a cell
const TINT = 0.72; // of the value colours
const TRAIL = "#ffffff", CORNER = "#7cc8f5", INK = "#101010";
const CIVIDIS = [[0, 34, 78], [61, 78, 108], [124, 123, 120], [186, 175, 110], [254, 232, 56]]; // value, low to high

/** A colour from blue (0) to yellow (1). */
export function shadeValue(share) {
  const place = share * (CIVIDIS.length - 1), low = Math.min(Math.floor(place), CIVIDIS.length - 2);
  const mixed = CIVIDIS[low].map((part, k) => Math.round(part + (CIVIDIS[low + 1][k] - part) * (place - low)));
  return `rgb(${mixed})`;
}

function makeCanvas(width, height, bytes) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d").putImageData(new ImageData(bytes, width, height), 0, 0);
  return canvas;
}

export class Board {
  constructor(canvas, art) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.art = art;
    const { texels } = art;
    const [mouse, cheese] = [art.mouse, art.cheese].map((bytes) =>
      makeCanvas(texels, texels, Uint8ClampedArray.from(bytes)));
    this.sprites = { mouse, cheese };
    this.ground = { walls: null, background: null, picture: null };
  }

  /** Fit the canvas into so many CSS pixels. Every cell has the same whole number of device pixels. */
  fit(worldDim, side) {
    const ratio = window.devicePixelRatio || 1;
    this.worldDim = worldDim;
    this.cell = Math.max(4, Math.floor((side * ratio) / worldDim));
    this.cellInCss = this.cell / ratio;
    const pixels = this.cell * worldDim;
    if (this.canvas.width !== pixels) this.canvas.width = this.canvas.height = pixels;
    this.canvas.style.width = this.canvas.style.height = `${pixels / ratio}px`;
  }

  /** Left and top of a cell in device pixels. */
  place(cell) {
    return [(cell % this.worldDim) * this.cell, (this.worldDim - 1 - Math.floor(cell / this.worldDim)) * this.cell];
  }

  middle(cell) {
    return this.place(cell).map((edge) => edge + this.cell / 2);
  }

  /** The cell under a point of the screen. */
  cellAt(clientX, clientY) {
    const box = this.canvas.getBoundingClientRect();
    const clamp = (z) => Math.min(this.worldDim - 1, Math.max(0, Math.floor(z)));
    const column = clamp(((clientX - box.left) / box.width) * this.worldDim);
    const row = clamp(((clientY - box.top) / box.height) * this.worldDim);
    return (this.worldDim - 1 - row) * this.worldDim + column;
  }

  /**
   * Draw everything.
   *
   * @param {Object} scene
   * @param {Object} scene.level
   * @param {Object} scene.thoughts of the mouse in this level
   * @param {{cell: number, facingRight: boolean}[]} scene.history of the mouse
   * @param {number} scene.progress from the last cell but one (0) to the last (1)
   * @param {boolean} scene.arrows
   * @param {boolean} scene.values
   * @param {number} scene.cursor the cell that the keyboard is at, or NO_CELL
   */
  draw({ level, thoughts, history, progress, arrows, values, cursor }) {
    const { context, canvas } = this;
    context.imageSmoothingEnabled = false;
    context.drawImage(this.paintGround(level), 0, 0, canvas.width, canvas.height);
    if (values) this.drawValues(thoughts);
    this.drawCorner(findCorner(level));
    const [from, to] = [history.at(-2) ?? history.at(-1), history.at(-1)];
    const [left, top] = this.place(from.cell).map((edge, k) => edge + (this.place(to.cell)[k] - edge) * progress);
    this.drawTrail(history, left, top);
    if (level.cheese !== NO_CELL) this.drawSprite(this.sprites.cheese, ...this.place(level.cheese), false);
    if (arrows) this.drawArrows(thoughts, progress < 1 ? [from.cell, to.cell] : [to.cell]);
    this.drawSprite(this.sprites.mouse, left, top, to.facingRight);
    if (cursor !== NO_CELL) {
      context.strokeStyle = "#ffffff";
      context.lineWidth = Math.max(2, this.cell / 12);
      context.strokeRect(...this.place(cursor), this.cell, this.cell);
    }
  }

  /** Floor, walls and shadows, a texel a pixel; kept until the walls change. */
  paintGround(level) {
    if (this.ground.walls === level.walls && this.ground.background === level.background) return this.ground.picture;
    const { texels, wall } = this.art;
    const { worldDim, walls } = level;
    const side = worldDim * texels;
    const bytes = new Uint8ClampedArray(side * side * 4).fill(255);
    const isWall = (x, y) => walls[(worldDim - 1 - Math.floor(y / texels)) * worldDim + Math.floor(x / texels)];
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const inside = ((y % texels) * texels + (x % texels)) * 3;
        let colour;
        if (isWall(x, y)) colour = wall.subarray(inside, inside + 3);
        else {
          const shaded = isWall(Math.max(x - SHADOW[1], 0), Math.max(y - SHADOW[0], 0));
          colour = this.art.paintFloor(level, x, y).map((part) => (shaded ? Math.floor(part / 5) * 3 : part));
        }
        bytes.set(colour, (y * side + x) * 4);
      }
    }
    this.ground = { walls, background: level.background, picture: makeCanvas(side, side, bytes) };
    return this.ground.picture;
  }

  drawSprite(sprite, left, top, mirrored) {
    const { context, cell } = this;
    context.save();
    context.translate(left + (mirrored ? cell : 0), top);
    context.scale(mirrored ? -1 : 1, 1);
    context.drawImage(sprite, 0, 0, cell, cell);
    context.restore();
  }

  drawValues({ states, value, known }) {
    const shown = value.subarray(0, known);
    const low = shown.reduce((a, b) => Math.min(a, b), Infinity), high = shown.reduce((a, b) => Math.max(a, b), -Infinity);
    this.context.globalAlpha = TINT;
    for (let state = 0; state < known; state += states.facings) {
      this.context.fillStyle = shadeValue((value[state] - low) / Math.max(high - low, 1e-9));
      this.context.fillRect(...this.place(states.cells[state]), this.cell, this.cell);
    }
    this.context.globalAlpha = 1;
  }

  drawCorner(cell) {
    const { context } = this;
    const width = Math.max(2, Math.round(this.cell / 12));
    const [left, top] = this.place(cell).map((edge) => edge + width);
    for (const [colour, wide, dash] of [[INK, 2 * width, []], [CORNER, width, [this.cell / 5, this.cell / 8]]]) {
      context.strokeStyle = colour;
      context.lineWidth = wide;
      context.setLineDash(dash);
      context.strokeRect(left, top, this.cell - 2 * width, this.cell - 2 * width);
    }
    context.setLineDash([]);
  }

  /** The way of the mouse so far, up to where its picture is. */
  drawTrail(history, left, top) {
    if (history.length < 2) return;
    const { context } = this;
    context.beginPath();
    for (const { cell } of history.slice(0, -1)) context.lineTo(...this.middle(cell));
    context.lineTo(left + this.cell / 2, top + this.cell / 2);
    context.lineJoin = context.lineCap = "round";
    for (const [colour, width] of [[INK, this.cell / 7], [TRAIL, this.cell / 12]]) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    }
  }

  /** From the middle of each cell an arrow for each move, as long as it is probable. */
  drawArrows(thoughts, underMouse) {
    const { context, cell } = this;
    const { cells, facings } = thoughts.states;
    const directions = [[-1, 0], [0, 1], [0, 0], [0, -1], [1, 0]];
    context.beginPath();
    for (let state = 0; state < thoughts.known; state += facings) {
      if (cells[state] === thoughts.level.cheese || underMouse.includes(cells[state])) continue;
      const [x, y] = this.middle(cells[state]);
      for (const [move, probability] of thoughts.movesIn(state).entries()) {
        if (move === STAY || probability < LEAST) continue;
        const [right, down] = directions[move];
        const length = probability * LONGEST * cell, half = Math.max(1.5, 0.3 * length), head = Math.min(length, 2.2 * half);
        const outline = [[0, -half / 3], [length - head, -half / 3], [length - head, -half], [length, 0]];
        outline.push([length - head, half], [length - head, half / 3], [0, half / 3]);
        for (const [k, [along, across]] of outline.entries()) {
          const point = [x + along * right - across * down, y + along * down + across * right];
          if (k) context.lineTo(...point);
          else context.moveTo(...point);
        }
        context.closePath();
      }
    }
    context.lineJoin = "miter";
    context.strokeStyle = INK;
    context.lineWidth = Math.max(1.5, cell / 20);
    context.stroke();
    context.fillStyle = "#ffffff";
    context.fill();
  }
}
