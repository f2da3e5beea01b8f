// The elements of the page, and what they say.

export const find = (id) => document.getElementById(id);

export const say = (id, text) => {
  if (find(id).textContent !== text) find(id).textContent = text;
};

/** Say in words what is wrong. */
export function showProblem(text) {
  find("problem").textContent = text;
  find("problem").hidden = false;
}
