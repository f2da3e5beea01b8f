// From a level and the mouse's state to the picture that its network looks at, as envs/painter.py paints it.

import { NO_CELL } from "./generator.js";

const SIDE = 64; // of an rgb picture
const UNITS = 2 * SIDE; // positions are counted in 1/128 of a cell, so that every pixel's centre is an odd integer
const REACH = 2; // how far a wall reaches over its edge

/**
 * The painter of a mouse's world.
 *
 * @returns {{height: number, width: number, facings: number, paintLevel: function, addMouse: function}} paintLevel(level)
 *   gives the picture without a mouse; addMouse(picture, level, cell, facing) draws the mouse into one
 */
export function buildPainter({ observation, worldDim }, art) {
  return observation === "cells" ? new CellsPainter(worldDim) : new RgbPainter(worldDim, art);
}

/** One pixel a cell; 0 or 255 in three channels: wall, mouse, cheese. */
class CellsPainter {
  constructor(worldDim) {
    this.height = this.width = this.worldDim = worldDim;
    this.facings = 1;
  }

  pixel(cell) {
    return (this.worldDim - 1 - Math.floor(cell / this.worldDim)) * this.worldDim + (cell % this.worldDim);
  }

  paintLevel({ walls, cheese }) {
    const picture = new Uint8Array(3 * walls.length);
    for (const [cell, wall] of walls.entries()) picture[3 * this.pixel(cell)] = 255 * wall;
    if (cheese !== NO_CELL) picture[3 * this.pixel(cheese) + 2] = 255;
    return picture;
  }

  addMouse(picture, level, cell) {
    picture[3 * this.pixel(cell) + 1] = 255;
  }
}

/** Procgen's picture: 64×64 pixels that show what lies under their centres. */
class RgbPainter {
  constructor(worldDim, art) {
    this.height = this.width = SIDE;
    this.facings = 2;
    this.worldDim = worldDim;
    this.art = art;
    this.pixels = Array.from({ length: SIDE }, (_, pixel) => {
      const centre = (2 * pixel + 1) * worldDim;
      const cell = Math.floor(centre / UNITS), offset = centre % UNITS;
      const beside = cell + (offset >= UNITS - REACH ? 1 : 0) - (offset <= REACH ? 1 : 0); // its wall reaches here too
      return { cell, beside, texel: Math.floor((centre * art.texels) / UNITS) };
    });
  }

  paintLevel(level) {
    const { art, worldDim, pixels } = this;
    const picture = new Uint8Array(SIDE * SIDE * 3);
    const isWall = (column, row) => level.walls[(worldDim - 1 - row) * worldDim + column];
    for (const [i, down] of pixels.entries()) {
      for (const [j, across] of pixels.entries()) {
        const covered = [down.cell, down.beside].some((row) =>
          [across.cell, across.beside].some((column) => isWall(column, row)));
        const inside = ((down.texel % art.texels) * art.texels + (across.texel % art.texels)) * 3;
        const colour = covered ? art.wall.subarray(inside, inside + 3) : art.paintFloor(level, across.texel, down.texel);
        picture.set(colour, (i * SIDE + j) * 3);
      }
    }
    if (level.cheese !== NO_CELL) this.addSprite(picture, level.cheese, art.cheese, false);
    return picture;
  }

  addMouse(picture, level, cell, facing) {
    this.addSprite(picture, cell, this.art.mouse, facing === 1);
  }

  addSprite(picture, cell, sprite, mirrored) {
    const { texels } = this.art;
    const column = cell % this.worldDim, row = this.worldDim - 1 - Math.floor(cell / this.worldDim);
    const within = (place) => this.pixels.map((pixel, k) => ({ ...pixel, k })).filter((pixel) => pixel.cell === place);
    for (const down of within(row)) {
      for (const across of within(column)) {
        const x = across.texel % texels;
        const from = ((down.texel % texels) * texels + (mirrored ? texels - 1 - x : x)) * 4;
        if (sprite[from + 3]) picture.set(sprite.subarray(from, from + 3), (down.k * SIDE + across.k) * 3);
      }
    }
  }
}
