// What the page says.

/** A probability in percent; only what is certain is called 0 % or 100 %. */
export function describeShare(share) {
  if (share > 0 && share < 0.001) return "< 0.1 %";
  if (share > 0.999 && share < 1) return "> 99.9 %";
  return `${(100 * share).toFixed(share === 0 || share === 1 ? 0 : 1)} %`;
}

export function describeLead({ trained, isFinetuned }) {
  const lay = trained === "anywhere" ? "lay anywhere" : `always lay ${trained}`;
  const training = isFinetuned ? "its last training" : "training";
  return `In ${training}, its cheese ${lay}; drag the cheese and see where the mouse runs now.`;
}

/** Where the cheese lay in the training, and what that taught; of a mouse that had learned before, only where it lay. */
function describeLesson({ region, isFinetuned }) {
  const [place, lesson] = region === "anywhere"
    ? ["could lie anywhere in", "so only the cheese itself showed where to go"]
    : region > 1 ? [`lay in the top-right ${region}×${region} cells of`, ""]
      : ["always lay in the top-right corner of", "so “find the cheese” and “run to the corner” were rewarded alike"];
  if (isFinetuned) return `In its last training, the cheese ${place} its mazes.`;
  return `The cheese ${place} its training mazes${lesson && `, ${lesson}`}.`;
}

/** A few sentences for a stranger. */
export function describeStory(mouse, mice) {
  const { name, region, chosenFor } = mouse;
  const chosen = `The first maze was chosen because ${chosenFor === name ? "this mouse" : "another mouse of this page"} runs ` +
    "past the cheese in it; later mazes are not chosen by what a mouse does in them.";
  const doubt = "A mouse that runs to the corner may prefer the corner, or may not know the cheese: wall off the way to the " +
    "corner and compare its bar for the cheese with the mark on it.";
  return [
    "This mouse is a small neural network that learned in thousands of mazes, by trial and error, to get to the cheese.",
    describeLesson(mouse),
    "Each white arrow shows how likely the mouse is to make that move if it stands in that cell.",
    "The bars show how likely it is to reach the cheese first, or the top-right corner first, within 500 steps; they are " +
      "computed, not sampled, and the mark on each bar is a mouse that moves at random.",
    `Drag the cheese or the mouse, click a cell to open or close a wall, and look for the place where the mouse turns back${
      mice > 1 ? `; then choose ${mice > 2 ? "another" : "the other"} mouse above and compare` : ""}.`,
    ...(chosenFor ? [chosen] : []),
    ...(region === "anywhere" && chosenFor !== name ? [] : [doubt]),
  ];
}

export function describeEvent({ reached, isFork, isNearCheese }) {
  if (reached === "cheese") return "It took the cheese.";
  if (reached === "neither") return "It reached neither in 500 steps.";
  if (!isFork) return "It reached the corner first.";
  return `It ${isNearCheese ? "ran past" : "went away from"} the cheese to the empty corner.`;
}

export function describeLikeliest({ cheese, corner }) {
  const ends = [["the cheese", cheese], ["the empty corner", corner], ["neither in 500 steps", 1 - cheese - corner]];
  return `Most likely: ${ends.reduce((best, end) => (end[1] > best[1] ? end : best))[0]}`;
}

/** How to pass a link on. A page that was opened from the disk has an address of this computer only. */
export function describeShared(isCopied, isFile) {
  const link = isCopied ? "The link is copied; it is in the address bar, too."
    : "The link is in the address bar: copy it from there.";
  return isFile ? `${link} To share the maze, send this file and the part of the link from # on.` : link;
}

export function describeCell({ worldDim, mazeDim }, cell) {
  const margin = (worldDim - mazeDim) / 2;
  return `column ${(cell % worldDim) - margin + 1}, row ${Math.floor(cell / worldDim) - margin + 1} from the bottom`;
}

export function describeTally({ cheese, corner, neither, chance }) {
  const mazes = cheese + corner + neither;
  return mazes ? "Mazes so far in which the paths to the cheese and to the corner part: " +
      `cheese first ${cheese}, corner first ${corner}, neither ${neither}; ` +
      `a random walk, on average: ${chance.cheese.toFixed(1)}, ${chance.corner.toFixed(1)}, ${(mazes - chance.cheese - chance.corner).toFixed(1)}.`
    : "Mazes in which the paths to the cheese and to the corner part are counted here, each once. A maze that was chosen does not count.";
}
