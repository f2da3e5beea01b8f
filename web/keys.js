// What the keyboard does wherever the focus is, and the direction of each arrow key.

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** Whether a key is part of a shortcut, which belongs to the browser. */
const isShortcut = ({ altKey, ctrlKey, metaKey }) => altKey || ctrlKey || metaKey;

/** The direction of an arrow key, [right, up]; undefined for any other key. */
export const readArrow = (event) => (isShortcut(event) ? undefined : ARROWS[event.key]);

/** The small Latin letter of a key; on a keyboard without Latin letters, the one at the same place of a Latin keyboard. */
const readLetter = ({ key, code }) => (/^[a-z]$/i.test(key) ? key : code.replace("Key", "")).toLowerCase();

/** Let N, P and the space bar work, unless a control or a text field has the focus. */
export function listenToKeys(page) {
  document.addEventListener("keydown", (event) => {
    if (isShortcut(event) || event.target.closest("input, textarea, summary")) return;
    const letter = readLetter(event);
    if (letter === "n") page.attempt(() => page.openFork(1));
    else if (letter === "p") page.attempt(() => page.openFork(-1));
    else if (event.key === " " && !event.target.closest("button")) {
      event.preventDefault();
      page.attempt(() => page.walk.play(!page.walk.playing));
    }
  });
}
