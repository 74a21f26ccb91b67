/** Undo and redo of a state that is replaced, never changed in place; `onchange()` is called after each step. */
export function makeSteps(now, onchange) {
  let [past, future, begun] = [[], [], null];
  const step = (from, to) => {
    if (!from.length) return;
    to.push(now);
    [now, begun] = [from.pop(), null];
    onchange();
  };
  return {
    get now() {
      return now;
    },
    get canUndo() {
      return past.length > 0;
    },
    get canRedo() {
      return future.length > 0;
    },
    /** Consecutive changes of one `kind`, such as a slider's, are one step. */
    put(next, kind = null) {
      if (kind === null || kind !== begun) past.push(now);
      [now, future, begun] = [next, [], kind];
      onchange();
    },
    undo: () => step(past, future),
    redo: () => step(future, past),
  };
}

/** Ctrl+Z undoes, Ctrl+Shift+Z and Ctrl+Y redo (Command on a Mac); returns whether it was one of them. */
export function undoKeys(event, { undo, redo }) {
  const key = event.key.toLowerCase();
  if (!(event.ctrlKey || event.metaKey) || event.altKey || !"yz".includes(key)) return false;
  event.preventDefault();
  (key === "y" || event.shiftKey ? redo : undo)();
  return true;
}
