const copy = ({ hints, lender }) => ({ hints: hints.map((hint) => ({ ...hint })), lender });

export function makeDraft(onchange) {
  let now = { hints: [], lender: null };
  let past = [];
  let begun = null;
  return {
    get hints() {
      return now.hints;
    },
    get lender() {
      return now.lender;
    },
    get canUndo() {
      return past.length > 0;
    },
    from(version) {
      now = copy({ hints: version.options.hints ?? [], lender: version.lender ?? null });
      past = [];
      begun = null;
      onchange();
    },
    /** Change it by `edit(now)`; consecutive changes of one `kind`, such as a slider's, are one undo step. */
    change(edit, kind = null) {
      if (kind === null || kind !== begun) past.push(copy(now));
      begun = kind;
      now = copy(now);
      edit(now);
      onchange();
    },
    undo() {
      now = past.pop() ?? now;
      begun = null;
      onchange();
    },
    /** Whether a version was made with exactly this. */
    matches: (version) => sameHints(version.options.hints ?? [], now.hints) && sameLender(version.lender, now.lender),
  };
}

const close = (one, other, by) => Math.abs(one - other) < by;
const sameHints = (some, others) =>
  some.length === others.length &&
  some.every((hint, index) => close(hint.x, others[index].x, 1e-4) && close(hint.y, others[index].y, 1e-4) && close(hint.a, others[index].a, 0.1) && close(hint.b, others[index].b, 0.1));
const sameLender = (one, other) => (one?.id ?? null) === (other?.id ?? null);
