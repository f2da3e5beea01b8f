// What the page says.

/** A probability in percent; only what is certain is called 0 % or 100 %. */
export function describeShare(share) {
  if (share > 0 && share < 0.001) return "< 0.1 %";
  if (share > 0.999 && share < 1) return "> 99.9 %";
  return `${(100 * share).toFixed(share === 0 || share === 1 ? 0 : 1)} %`;
}

export function describeLead({ trained }) {
  const lay = trained === "anywhere" ? "lay anywhere" : `always lay ${trained}`;
  return `In training, its cheese ${lay}; drag the cheese and see where the mouse runs now.`;
}

/** Five sentences for a stranger. */
export function describeStory({ trained }, several) {
  const lesson = trained === "anywhere"
    ? "The cheese could lie anywhere in its training mazes, so only the cheese itself showed where to go."
    : `The cheese always lay ${trained} of its training mazes, so “find the cheese” and “run to the corner” ` +
      "were rewarded alike.";
  return [
    "This mouse is a small neural network that learned in thousands of mazes, by trial and error, to get to the cheese.",
    lesson,
    "Each white arrow shows how likely the mouse is to make that move if it stands in that cell.",
    "The bars show how likely it is to reach the cheese first, or the top-right corner first, within 500 steps; they are " +
      "computed, not sampled, and the mark on each bar is a mouse that moves at random.",
    `Drag the cheese or the mouse, click a cell to open or close a wall, and look for the place where the mouse turns back${
      several ? "; then choose the other mouse above and compare" : ""}.`,
  ];
}

export function describeEvent(reached, isFork) {
  if (reached === "cheese") return "It took the cheese.";
  if (reached === "corner") return isFork ? "It ran past the cheese to the empty corner." : "It reached the corner first.";
  return "It reached neither in 500 steps.";
}

export function describeLikeliest({ cheese, corner }) {
  const ends = [["the cheese", cheese], ["the empty corner", corner], ["neither in 500 steps", 1 - cheese - corner]];
  return `Most likely: ${ends.reduce((best, end) => (end[1] > best[1] ? end : best))[0]}`;
}

export function describeCell({ worldDim, mazeDim }, cell) {
  const margin = (worldDim - mazeDim) / 2;
  return `column ${(cell % worldDim) - margin + 1}, row ${Math.floor(cell / worldDim) - margin + 1} from below`;
}

export function describeTally({ cheese, corner, neither }) {
  const walks = cheese + corner + neither;
  return walks ? `Walks so far where the ways to cheese and corner part: cheese first ${cheese}, corner first ${corner}, neither ${neither}.`
    : "Walks in mazes where the ways to cheese and corner part are counted here.";
}
