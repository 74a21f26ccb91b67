import { h, iconButton, set, write } from "../ui/dom.js";
import { text } from "../ui/strings.js";

const words = text.adjust;
/** Buttons that switch an option between two values. */
const SWITCHES = [["mirror", "mirror", false, true], ["straighten", "deskew", "off", "auto"], ["upright", "turn", 0, "auto"]];

/** Buttons that say how the photograph shall lie: `changed()` is called after each, `make()` makes it so. */
export function makePlaces({ changed, make }) {
  const wanting = (deed) => () => {
    wish = { ...lying() };
    deed(wish);
    draw();
    changed();
  };
  const turn = (by) => wanting((place) => {
    // Left and right change places after the turn: what is mirrored turns the other way.
    place.turn = ((Number(place.turn) || 0) + (place.mirror ? 360 - by : by)) % 360;
  });
  const switches = SWITCHES.map(([name, key, off, on]) => {
    const onclick = wanting((place) => (place[key] = place[key] === on ? off : on));
    return { key, on, button: name === "mirror" ? iconButton(name, words.places[name], onclick) : h("button.chip", { onclick }, words.places[name]) };
  });
  const [mirror, ...chips] = switches.map(({ button }) => button);
  const said = h("p.grow", { role: "status" });
  const back = () => {
    wish = null;
    draw();
    changed();
  };
  const bar = h("div.placing.row", { hidden: true }, said, h("button", { onclick: back }, words.cancel), h("button.primary", { title: words.lead, onclick: () => make() }, words.apply));
  let shown = { options: {} };
  let wish = null;
  let hinted = false;

  const lying = () => wish ?? placeOf(shown);
  const same = (one, other) => ["turn", "mirror", "deskew"].every((name) => one[name] === other[name]);

  function draw() {
    // Hints are spots of a picture whose upper side is known.
    if (hinted && wish?.turn === "auto") wish.turn = 0;
    for (const { key, on, button } of switches) set(button, { "aria-pressed": String(lying()[key] === on), disabled: hinted && key === "turn" });
    const differs = !same(lying(), placeOf(shown)) && !same(lying(), { deskew: "off", mirror: false, ...shown.options });
    bar.hidden = !differs;
    write(said, differs ? words.placed(lying()) || words.unplaced : "");
  }

  return {
    bar,
    turns: h("div.row.turns", { role: "group", "aria-label": words.placesLabel }, iconButton("turn-left", words.places.left, turn(270)), iconButton("turn-right", words.places.right, turn(90)), mirror),
    chips: h("div.chips", {}, chips),
    get now() {
      return lying();
    },
    /** Whether a version lies as is wished. */
    match: (version) => same(lying(), lying().turn === "auto" ? { ...placeOf(version), turn: version.options.turn } : placeOf(version)),
    /** Set the version that is shown, and whether the next one has hints. */
    know(version, hints) {
      if (version !== shown) wish = null;
      [shown, hinted] = [version, hints];
      draw();
    },
    back,
  };
}

/** Hints of a version, where the same spots lie in another that is turned and mirrored in another way. */
export function moved(hints, from, to) {
  const [old, anew] = [placeOf(from), placeOf(to)];
  const flip = ({ x, ...hint }, mirror) => ({ ...hint, x: mirror ? 1 - x : x });
  const around = (hint, turn) => (turn ? around({ ...hint, x: 1 - hint.y, y: hint.x }, turn - 90) : hint);
  return hints.map((hint) => flip(around(flip(hint, old.mirror), (360 - old.turn + anew.turn) % 360), anew.mirror));
}

/** How a version lies: as was asked, and where a network chose the turn, as it chose. */
export const placeOf = ({ options: { turn = 0, mirror = false, deskew = "off" }, record }) => ({ turn: turn === "auto" ? record?.result?.restoration?.turning?.turn ?? 0 : turn, mirror, deskew });
/** Whether a finished version lies otherwise than its scan. */
export function isPlaced({ record }) {
  const { turning, straightening } = record?.result?.restoration ?? {};
  return Boolean(turning?.turn || turning?.mirror || straightening?.turned);
}
