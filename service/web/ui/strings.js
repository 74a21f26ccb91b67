const number = new Intl.NumberFormat("en");
const dayTime = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" });
const dateFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long" });

export const count = (n, one, many = `${one}s`) => `${number.format(n)} ${n === 1 ? one : many}`;
export const day = (date) => dateFormat.format(date);

export const bytes = (n) => {
  if (n < 1e3) return count(n, "byte");
  const [unit, size] = n < 1e6 ? ["kB", 1e3] : n < 1e9 ? ["MB", 1e6] : ["GB", 1e9];
  const value = n / size;
  return `${number.format(value < 10 ? Math.round(value * 10) / 10 : Math.round(value))} ${unit}`;
};

const duration = (seconds) => {
  if (seconds < 60) return count(Math.max(1, Math.round(seconds)), "second");
  if (seconds < 3600) return count(Math.round(seconds / 60), "minute");
  return count(Math.round(seconds / 3600), "hour");
};

const damaged = "This photograph cannot be opened. It may be damaged: open it in another program, save it as a new file, and add that file.";

export const text = {
  title: (name) => (name ? `${name} · Photochrom` : "Photochrom"),

  drop: "Drop to add your photographs",
  nothingFound: "No photographs were found there.",
  theme: { auto: "Colours of the page: as on your device", dark: "Colours of the page: dark", light: "Colours of the page: light" },

  connection: {
    offline: "The service cannot be reached. Nothing is lost; this page is trying again.",
    networkOff: "You are offline. Nothing is lost; this page continues when you are online again.",
    unreachable: "The service cannot be reached. Please try again.",
    back: "The service is back.",
  },

  sheet: {
    label: "Your photographs",
    filters: { all: "All", working: "In progress", done: "In colour", stopped: "Stopped", failed: "Failed" },
    filterLabel: "Show",
    none: { working: "Nothing is in progress.", done: "Nothing is in colour yet.", stopped: "Nothing is stopped.", failed: "Nothing has failed." },
    overall: (done, total) => `${number.format(done)} of ${number.format(total)} in colour`,
    left: (seconds) => `about ${duration(seconds)} left`,
    retryFailed: "Try failed again",
    goOn: "Go on with stopped",
    retryBoth: "Try failed and stopped again",
    cancelAll: "Stop the rest",
    pause: "Pause",
    resume: "Resume",
    paused: "paused",
    select: "Select",
    selected: (n) => `${number.format(n)} selected`,
    selectAll: "Select all",
    match: "One set of colours",
    matchLead: "Makes a new version of each. What several of them show gets the same colours.",
    clear: "Done selecting",
    downloadSelected: "Download as zip",
    deleteSelected: "Delete",
    zipping: (done, total) => `Packing ${number.format(done)} of ${number.format(total)}`,
    zipFailed: "Some photographs could not be fetched; the zip was not made. Please try again.",
    album: "Album",
    albumLabel: "Album",
    albumOf: (date) => `Album of ${dayTime.format(date)}`,
    albumEntry: (name, n) => `${name} (${number.format(n)})`,
    everyAlbum: "All photographs",
    downloadAlbum: "Download album",
    zipTooLarge: "These are more than 4 GB together. Please download them in smaller parts.",
    zipName: "photochrom.zip",
  },

  state: {
    unsent: "Waiting to be sent",
    held: "The service has no room yet, trying again",
    sending: (percent) => `Sending, ${percent} %`,
    queued: "In the queue",
    place: (position) => (position <= 1 ? "Next in the queue" : `Number ${number.format(position)} in the queue`),
    paused: "Paused",
    running: "Coming to colour",
    retrying: "Interrupted, starting again",
    canceling: "Stopping",
    matching: "Waiting for the others of its set",
    succeeded: "In colour",
    restored: "Restored",
    failed: "Did not work",
    canceled: "Stopped",
    expired: "No longer kept",
  },
  stage: {
    decode: "Reading the photograph",
    predict: "Finding the colours",
    upsample: "Bringing the colours to full size",
    encode: "Writing the result",
  },

  card: {
    open: (name, state) => `${name}. ${state}`,
    retry: (name) => `Try ${name} again`,
    goOn: (name) => `Go on with ${name}`,
    cancel: (name) => `Stop ${name}`,
    remove: (name) => `Delete ${name}`,
    download: (name) => `Download ${name}`,
    select: (name) => `Select ${name}`,
    versions: (n) => count(n, "version"),
    noPicture: (kind) => `${kind} file`,
  },

  viewer: {
    label: (name) => `Photograph ${name}`,
    back: "Back to all photographs",
    previous: "Previous photograph",
    next: "Next photograph",
    zoomIn: "Zoom in",
    zoomOut: "Zoom out",
    fit: "Whole photograph",
    zoom: (percent) => `${percent} %`,
    full: "Full size, one pixel to one pixel",
    download: "Download",
    remove: "Delete",
    retry: "Try again",
    goOn: "Go on",
    cancel: "Stop",
    stage: "The photograph. Plus and minus zoom, arrow keys move it.",
    slider: "Compare before and after",
    sliderValue: (percent, left, right) => `${percent} % ${left}, ${100 - percent} % ${right}`,
    original: "Original",
    version: (n) => `Version ${n}`,
    versions: "Versions",
    overlays: "Shown on the photograph",
    compareWith: "Compare with",
    keep: "Keep this one as the best",
    kept: "Kept as the best",
    removeVersion: "Delete this version",
    noDisplay: (kind) => `This browser cannot show ${kind} files, but the photograph itself is fine.`,
    gone: "The original is no longer kept on the server; only the result can be shown.",
    loading: "Fetching the full-size photograph…",
    preview: "Reduced view; the file has its full size",
    until: (result, original) => `Kept on the server until ${result}: download what you want to keep.${original && original !== result ? ` New versions can be made until ${original}.` : ""}`,
  },

  adjust: {
    heading: "Adjust",
    lead: "Makes a new version; your other versions are kept.",
    stepsLabel: "Steps",
    steps: { color: "Colour", both: "Restore and colour", restore: "Restore only" },
    scan: "The scan",
    scans: { anew: "Colour all of it", keep: "Keep the colour that is there", negative: "This is a negative", auto: "Invert it if it is a colour negative" },
    places: { left: "Turn left", right: "Turn right", mirror: "Mirror", straighten: "Straighten", upright: "Turn upright" },
    placesLabel: "Turn and mirror",
    apply: "Apply",
    cancel: "Cancel",
    unplaced: "as scanned",
    placed: ({ turn, mirror, deskew }) => [turn && (turn === "auto" ? "turned upright" : `turned by ${turn}°`), mirror && "mirrored", deskew === "auto" && "straightened"].filter(Boolean).join(", "),
    asScanned: "No turn was needed: the scan looks upright and straight.",
    presets: { faithful: "Careful", natural: "Natural", vivid: "Vivid" },
    presetsLabel: "Mood",
    vividness: "Vividness",
    auto: "automatic",
    vividnessEnds: ["faithful", "colourful"],
    temperature: "Blend",
    temperatureEnds: ["likeliest colour", "blend of colours"],
    strength: "Strength",
    strengthEnds: ["grey", "full"],
    light: "Film and light",
    lightLead: "Old film did not see all colours: skies went white, leaves and faces dark. The light can be made as the eye saw it.",
    lights: { "as-scanned": "as scanned", old: "as scanned, coloured as old film", modern: "as scanned, coloured as modern film", auto: "as the eye saw it: film by its date", blue: "as the eye saw it: blue-sensitive film", orthochromatic: "as the eye saw it: orthochromatic film" },
    make: "Make a new version",
    same: "You have this version already.",
    summary: (o) => [
      o.color === "off" ? "Restored, without colour" : `${o.repair === "auto" ? "Restored, vividness" : "Vividness"} ${o.vividness === "auto" ? text.adjust.auto : percent(o.vividness)}, blend ${percent(o.temperature)}, strength ${percent(o.strength)}`,
      o.hints?.length && count(o.hints.length, "hint"),
      o.light === "panchromatic" ? `light ${text.adjust.lights[o.film] ?? "as the eye saw it"}` : (o.film ?? "auto") !== "auto" && text.adjust.lights[o.film === "panchromatic" ? "modern" : "old"],
      o.negative ? (o.negative === "auto" ? "inverted if a negative" : "of a negative") : o.own_color === "keep" && "its own colour kept",
      o.consistency && "one set of colours",
      text.adjust.placed(o),
    ].filter(Boolean).join(", "),
    made: (n) => `Version ${n} is being made.`,
  },

  steps: { undo: "Undo", redo: "Redo", undone: "One step back.", redone: "One step forward." },

  hints: {
    heading: "Colour hints",
    lead: "You know that the coat was red? Click on it and say so; the photograph around it follows.",
    start: "Give hints",
    stop: "Done giving hints",
    howTo: "Click on the photograph. Or move with the arrow keys and press Enter.",
    stage: "The photograph. Arrow keys move the cursor, with Shift in larger steps; Enter sets a hint.",
    pick: "Colour of this spot",
    suggestions: "Likely colours, the nearest first",
    suggestion: (n, name) => `Likely colour ${n}: ${name}`,
    looking: "Looking for likely colours…",
    noSuggestions: "There are no suggestions here. Choose any colour below.",
    hue: "Hue",
    chroma: "Colourfulness",
    percent: (n) => `${n} %`,
    list: "Hints",
    row: (n, name) => `${n}. ${name}`,
    marker: (n, hint) => `Hint ${n}: ${hint.name}, ${spot(hint)}`,
    at: (hint) => spot(hint),
    remove: (n) => `Remove hint ${n}`,
    removed: (n) => `Hint ${n} removed.`,
    enough: (n) => `You can give at most ${n} hints.`,
    make: "Try these hints",
    proposed: (n) => `Use ${count(n, "hint")} of others of its set`,
  },

  lender: {
    heading: "Palette of another photograph",
    lead: "Drop a colour photograph here to use its palette for this one.",
    choose: "Choose a colour photograph",
    another: "Choose another one",
    remove: "Remove the palette",
    removed: "Palette removed.",
    lent: (name) => `The palette of ${name} is used.`,
    make: "Try this palette",
  },

  repairs: {
    show: "What was repaired",
    failed: "The map of repairs could not be fetched.",
    correct: "Correct the repairs",
    add: "Repair here",
    take: "Leave this",
    size: "Size",
    across: (n) => `${n} px`,
    clear: "Clear all corrections",
    stage: "The photograph and what was repaired. Arrow keys move the brush, with Shift in larger steps; Space puts it down and lifts it.",
    keys: "Drag to paint; with Shift, dragging moves the photograph. By keyboard: arrow keys move the brush, Space puts it down and lifts it, [ and ] change its size, Ctrl+Z and Ctrl+Shift+Z step back and forth, Escape puts it away.",
    down: "Brush down. Arrow keys paint.",
    up: "Brush lifted.",
  },

  guess: {
    show: "Where the machine guessed",
    legend: ["sure", "guessed"],
    failed: "The map of guesses could not be fetched.",
  },

  details: {
    heading: "Details",
    file: "File",
    size: "Size",
    result: "Result",
    model: "Model",
    film: "Film",
    filmBy: { caller: (film) => film, date: (film) => `${film}, by its date`, default: (film) => `${film}, as no date says which` },
    lender: "Palette of",
    series: "Set of colours",
    shared: (n) => `shared by ${count(n, "photograph")}`,
    provider: "Ran on",
    took: "Took",
    kept: "Kept until",
    job: "Job",
    notes: "Notes",
    made: "Made with",
    light: "Save without colour",
    lightLead: "A JPEG keeps the light of the scan, bit for bit.",
    lightFailed: "The original light could not be made. Please try again.",
    pixels: (w, h) => `${number.format(w)} × ${number.format(h)} pixels, ${number.format(Math.round(w * h / 1e5) / 10)} megapixels`,
    seconds: (s) => `${number.format(Math.round(s * 10) / 10)} s`,
  },

  key: {
    leave: "Sign out",
    wrong: "That key is not valid: it may be mistyped, revoked or expired.",
  },

  remove: {
    heading: (n) => (n === 1 ? "Delete this photograph?" : `Delete ${number.format(n)} photographs?`),
    lead: (n) => `${n === 1 ? "The photograph and all its versions are" : "The photographs and all their versions are"} erased from the server. Files on your own device stay.`,
    failed: (n) => `${count(n, "photograph")} could not be deleted. Please try again in a moment.`,
    version: (n) => `Delete version ${n}?`,
    versionLead: "This version is erased from the server. The photograph and its other versions stay.",
    versionFailed: "This version could not be deleted. Please try again in a moment.",
  },

  say: {
    added: (n) => `${count(n, "photograph")} added.`,
    done: (name) => `${name} is in colour.`,
    failed: (name, why) => `${name} did not work. ${why}`,
    removed: (n) => `${count(n, "photograph")} deleted.`,
    versionRemoved: (n) => `Version ${n} deleted.`,
    allDone: "All photographs are finished.",
    paused: "Paused. Photographs in progress will finish; no others will start.",
    resumed: "Resumed.",
  },

  error: {
    "unsupported-format": "This is not a photograph that Photochrom can read.",
    "unreadable-photo": "The file is damaged or empty, so it cannot be read. Copy it again from its source.",
    "photo-too-large": "This photograph is larger than this service accepts.",
    "storage-full": "The service's disk is full. Delete photographs you no longer need, then try again.",
    "out-of-memory": "This photograph is too large for the memory of the machine.",
    "queue-unavailable": "The service cannot accept photographs just now. Try again in a moment.",
    "photo-crashed": damaged,
    "photo-hung": damaged,
    "worker-lost": "The service failed on this photograph several times. It may be damaged, or too large for the machine.",
    "job-not-found": "The service no longer has this photograph. Add it again.",
    "file-unreadable": "The file could not be read from your device. Was it moved or renamed?",
    "original-gone": "The original is no longer kept on the server. Add the photograph again.",
    "missing-scope": "The key that you signed in with does not allow this.",
    "quota-exceeded": "Your key has reached its limit for today. Try again tomorrow.",
    "needs-key": "This service asks for a key, which this page does not have.",
    expired: "The service kept this result for a time that is over. Add the photograph again if you need it.",
    other: "Something went wrong with this photograph.",
  },
};

const spot = ({ x, y }) => `${Math.round(100 * x)} % from the left, ${Math.round(100 * y)} % from the top`;

/** Names of hues in CIELAB, each up to its angle. */
const HUES = [[15, "pink"], [45, "red"], [72, "orange"], [105, "yellow"], [130, "yellow-green"], [170, "green"], [215, "turquoise"], [285, "blue"], [318, "violet"], [345, "magenta"], [360, "pink"]];
export const colourName = (hue, chroma = 100) => (chroma < 6 ? "grey" : `${chroma < 22 ? "muted " : ""}${HUES.find(([end]) => hue <= end)[1]}`);

const percent = (value) => `${Math.round(value * 100)}\u00a0%`;
