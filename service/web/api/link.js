const listeners = new Set();
let up = true;

export const isLinked = () => up;
export const onLink = (listener) => listeners.add(listener);

export function linked(answered) {
  if (up === answered) return;
  up = answered;
  for (const listener of listeners) listener(up);
}

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
