// What the page says.

export const describeShare = (share) => (share > 0 && share < 0.001 ? "< 0.1 %" : share < 1 && share > 0.999 ? "> 99.9 %"
  : `${(100 * share).toFixed(1)} %`);


export function describeLead({ trained }) {
  const always = trained === "anywhere" ? "could lie anywhere" : `always lay ${trained}`;
  return `In its training, the cheese ${always}. Where does the mouse run now? Drag the cheese to find out.`;
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
  ].join(" ");
}

export function describeEvent(reached, isFork) {
  if (reached === "cheese") return "It took the cheese.";
  if (reached === "corner") return isFork ? "It ran to the empty corner and left the cheese." : "It reached the corner first.";
  return "It reached neither in 500 steps.";
}

export function describeLikeliest({ cheese, corner }) {
  const neither = 1 - cheese - corner;
  const [most, share] = [["the cheese", cheese], ["the corner", corner], ["neither in 500 steps", neither]]
    .reduce((best, end) => (end[1] > best[1] ? end : best));
  return { most, share: describeShare(share) };
}

export function describeCell({ worldDim, mazeDim }, cell) {
  const margin = (worldDim - mazeDim) / 2;
  return `column ${(cell % worldDim) - margin + 1}, row ${Math.floor(cell / worldDim) - margin + 1} from below`;
}

export function describeTally({ cheese, corner, neither }) {
  const walks = cheese + corner + neither;
  return walks ? `Walks in mazes where the ways part: cheese first ${cheese}, corner first ${corner}, neither ${neither}.`
    : "Finished walks in mazes where the ways to cheese and corner part are counted here.";
}
