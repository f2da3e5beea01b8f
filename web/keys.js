// What the keyboard does wherever the focus is, and the direction of each arrow key.

export const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** Let N, P and the space bar work, unless a control or a text field has the focus. */
export function listenToKeys(page) {
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, summary")) return;
    if (event.key === "n") page.openFork(1);
    else if (event.key === "p") page.openFork(-1);
    else if (event.key === " " && !event.target.closest("button")) {
      event.preventDefault();
      page.walk.play(!page.walk.playing);
    }
  });
}
