import { h, slider, write } from "../ui/dom.js";
import { DEFAULTS } from "../photos/photos.js";
import { text } from "../ui/strings.js";

const words = text.adjust;
const PRESETS = {
  faithful: { vividness: 0, temperature: 1, strength: 1 },
  natural: DEFAULTS,
  vivid: { vividness: 1, temperature: 0.38, strength: 1 },
};
const RANGES = { vividness: [0, 1], temperature: [0.05, 1], strength: [0, 1] };
/** What is done to a photograph, by the options that say so. */
const STEPS = {
  color: { repair: "off", levels: "off", color: "on" },
  both: { repair: "auto", levels: "auto", color: "on" },
  restore: { repair: "auto", levels: "auto", color: "off" },
};
/** Which model colours it and which light it has, by the options that say so. */
const LIGHTS = {
  "as-scanned": { light: "as-scanned", film: "auto" },
  old: { light: "as-scanned", film: "blue" },
  modern: { light: "as-scanned", film: "panchromatic" },
  auto: { light: "panchromatic", film: "auto" },
  blue: { light: "panchromatic", film: "blue" },
  orthochromatic: { light: "panchromatic", film: "orthochromatic" },
};

/** `places` says how the photograph lies; `make(options)` makes a version. */
export function makeAdjust(places, make) {
  const sliders = Object.fromEntries(Object.keys(RANGES).map((name) => [name, knob(name, changed)]));
  const presets = Object.keys(PRESETS).map((name) => {
    const button = h("button.chip", { "aria-pressed": "false", onclick: () => (setAll(PRESETS[name]), changed()) }, words.presets[name]);
    return { name, button };
  });
  const menu = (id, labels) => h("select", { id, onchange: changed }, Object.keys(labels).map((name) => h("option", { value: name }, labels[name])));
  const light = menu("adjust-light", words.lights);
  const steps = menu("adjust-steps", words.steps);
  const scan = menu("adjust-scan", words.scans);
  const menus = [[steps, stepsOf], [scan, scanOf], [light, lightOf]];
  const row = (menu, label) => h("div.slider", {}, h("label", { for: menu.id }, label), menu);
  const note = h("p.dim.small", { role: "status" });
  const submit = h("button.primary.wide", { type: "submit" }, words.make);
  const element = h(
    "form.panel-part",
    { onsubmit: (event) => (event.preventDefault(), make(options())) },
    h("h3", {}, words.heading),
    h("p.dim.small", {}, words.lead),
    row(steps, words.stepsLabel),
    row(scan, words.scan),
    places.chips,
    h("div.chips", { role: "group", "aria-label": words.presetsLabel }, presets.map(({ button }) => button)),
    Object.values(sliders).map(({ element }) => element),
    row(light, words.light),
    h("p.dim.small", {}, words.lightLead),
    submit,
    note,
  );
  let existing = [];
  let isDraft = () => true;

  const chosen = () => Object.fromEntries(Object.entries(sliders).map(([name, knob]) => [name, knob.value]));
  const options = () => ({ ...chosen(), ...STEPS[steps.value], own_color: scan.value === "keep" ? "keep" : "anew", negative: scan.value === "auto" ? "auto" : scan.value === "negative", ...places.now, ...LIGHTS[steps.value === "restore" ? "as-scanned" : light.value] });
  const setAll = (wanted) => Object.entries(sliders).forEach(([name, knob]) => (knob.value = wanted[name]));

  function changed() {
    const wanted = chosen();
    light.disabled = steps.value === "restore";
    for (const { name, button } of presets) button.setAttribute("aria-pressed", String(same(wanted, PRESETS[name])));
    for (const { show } of Object.values(sliders)) show();
    const had = exists();
    submit.disabled = had;
    write(note, had ? words.same : "");
  }

  /** Is there a version with these menus, sliders, and the draft's hints and palette? */
  const exists = () => existing.some((version) => !version.options.consistency && same(version.options, options()) && menus.every(([menu, of]) => menu.disabled || menu.value === of(version.options)) && places.match(version) && isDraft(version) && version.state !== "failed");

  return {
    element,
    options,
    exists,
    from(version) {
      setAll({ ...DEFAULTS, ...version.options });
      for (const [menu, of] of menus) menu.value = of(version.options);
      changed();
    },
    /** Set the versions, and which of them have the draft's hints and palette. */
    know(versions, matches) {
      [existing, isDraft] = [versions, matches];
      changed();
    },
  };
}

const same = (a, b) => Object.keys(RANGES).every((name) => a[name] === b[name] || Math.abs(a[name] - b[name]) < 0.005);
const stepsOf = (options) => (options.color === "off" ? "restore" : options.repair === "auto" || options.levels === "auto" ? "both" : "color");
const scanOf = ({ negative, own_color = "anew" }) => (negative === true ? "negative" : negative || own_color);
const lightOf = ({ light = "as-scanned", film = "auto" }) =>
  Object.keys(LIGHTS).find((name) => LIGHTS[name].light === light && LIGHTS[name].film === film) ?? (light === "as-scanned" ? "old" : "as-scanned");

function knob(name, changed) {
  const [min, max] = RANGES[name];
  let auto = false;
  const oninput = () => ((auto = false), changed());
  const { element, input, say } = slider(`adjust-${name}`, { min, max, step: 0.01, oninput }, words[name]);
  const [low, high] = words[`${name}Ends`];
  element.append(h("div.row.spread.ends", { "aria-hidden": "true" }, h("span", {}, low), h("span", {}, high)));
  const show = () => {
    say(auto ? words.auto : `${Math.round(input.value * 100)} %`);
    input.style.setProperty("--part", (input.value - min) / (max - min));
  };
  return {
    element,
    show,
    get value() {
      return auto ? "auto" : Number(input.value);
    },
    set value(wanted) {
      auto = wanted === "auto";
      input.value = auto ? 0.5 : wanted;
    },
  };
}
