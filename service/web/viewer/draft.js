import { makeSteps } from "../ui/steps.js";

const copy = ({ hints, lender }) => ({ hints: hints.map((hint) => ({ ...hint })), lender });

export function makeDraft(onchange) {
  let steps = makeSteps({ hints: [], lender: null }, onchange);
  return {
    get hints() {
      return steps.now.hints;
    },
    get lender() {
      return steps.now.lender;
    },
    get canUndo() {
      return steps.canUndo;
    },
    get canRedo() {
      return steps.canRedo;
    },
    from(version) {
      steps = makeSteps(copy({ hints: version.options.hints ?? [], lender: version.lender ?? null }), onchange);
      onchange();
    },
    /** Change it by `edit(draft)`; consecutive changes of one `kind` are one undo step. */
    change(edit, kind = null) {
      const next = copy(steps.now);
      edit(next);
      steps.put(next, kind);
    },
    undo: () => steps.undo(),
    redo: () => steps.redo(),
    /** Whether a version was made with exactly this. */
    matches: (version) => sameHints(version.options.hints ?? [], steps.now.hints) && sameLender(version.lender, steps.now.lender),
  };
}

const close = (one, other, by) => Math.abs(one - other) < by;
const sameHints = (some, others) =>
  some.length === others.length &&
  some.every((hint, index) => close(hint.x, others[index].x, 1e-4) && close(hint.y, others[index].y, 1e-4) && close(hint.a, others[index].a, 0.1) && close(hint.b, others[index].b, 0.1));
const sameLender = (one, other) => (one?.id ?? null) === (other?.id ?? null);
