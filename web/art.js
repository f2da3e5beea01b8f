// The pictures of one cell, which the builder takes from envs/sprites.py.

/** Bytes of a base64 text. */
export const decodeBytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/**
 * The project's sprites.
 *
 * @param {Object} data the texts that the builder wrote
 * @returns {Object} texels and floorTexels, sides of a cell and of a floor; mouse and cheese, RGBA; wall, RGB; and
 *   paintFloor(level, x, y), the three bytes of a floor's texel
 */
export function readArt(data) {
  const { texels, floorTexels } = data;
  const [mouse, cheese, wall, shades] = ["mouse", "cheese", "wall", "shades"].map((name) => decodeBytes(data[name]));
  const palettes = data.palettes.map((palette) => palette.map((colour) => [0, 2, 4].map((place) =>
    parseInt(colour.slice(place, place + 2), 16))));
  const paintFloor = ({ background, shift }, x, y) => {
    const column = (x + Math.floor((shift * floorTexels) / 2 ** 32)) % floorTexels;
    const shade = shades[(background * floorTexels + (y % floorTexels)) * floorTexels + column];
    return palettes[background][shade];
  };
  return { texels, floorTexels, mouse, cheese, wall, paintFloor };
}
