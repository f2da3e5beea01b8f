// The tabs above the maze, one for each mouse.

import { find } from "./elements.js";
import { readArrow } from "./keys.js";

export class Tabs {
  constructor(page) {
    this.page = page;
    find("choice").hidden = page.mice.length === 1;
    find("mice").append(...page.mice.map((mouse, number) => this.build(mouse, number)));
    find("mice").addEventListener("keydown", (event) => {
      const step = readArrow(event)?.[0];
      if (!step) return;
      event.preventDefault();
      page.attempt(() => page.chooseMouse((page.number + step + page.mice.length) % page.mice.length));
      find("mice").children[page.number].focus();
    });
  }

  build({ name, trained }, number) {
    const { page } = this, { mice } = page;
    const tab = document.createElement("button");
    const onclick = () => page.attempt(() => page.chooseMouse(number));
    Object.assign(tab, { type: "button", id: `mouse-${number}`, onclick });
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", "stage");
    const isOnlyOne = mice.filter((mouse) => mouse.trained === trained).length === 1;
    tab.textContent = isOnlyOne ? trained : `${trained} (${name})`;
    tab.title = name;
    return tab;
  }

  /** Mark the tab of the mouse that is shown. */
  mark(number) {
    for (const [place, tab] of [...find("mice").children].entries()) {
      tab.setAttribute("aria-selected", place === number);
      tab.tabIndex = place === number ? 0 : -1;
    }
    find("stage").setAttribute("aria-labelledby", `mouse-${number}`);
  }
}
