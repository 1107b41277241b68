// Dates as text and back, by the patterns of Unicode that `dateFns.format` and `dateFns.parse` take.

const months = "January February March April May June July August September October November December".split(" ");
const days = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

const two = (number, width = 2) => String(Math.abs(number)).padStart(width, "0");
const signed = (number, text) => (number < 0 ? "-" : "") + text;
const ordinal = (number) => {
  const tens = number % 100;
  const ending = tens > 10 && tens < 14 ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th");
  return `${number}${ending}`;
};
const named = (name, width) => (width > 4 ? name[0] : width === 4 ? name : name.slice(0, 3));
const dayOfYear = (date) =>
  Math.round((Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - Date.UTC(date.getFullYear(), 0, 0)) / 864e5);
const twelve = (hours) => hours % 12 || 12;

// The distance to UTC: `XXX` is +02:00, `XX` +0200, `X` +02, and Z where it is none.
function offset(date, width, none) {
  const minutes = -date.getTimezoneOffset();
  if (!minutes && none) return "Z";
  const rest = two(minutes % 60);
  const hours = (minutes < 0 ? "-" : "+") + two(Math.trunc(minutes / 60));
  if (width === 1) return minutes % 60 ? hours + rest : hours;
  return hours + (width === 3 || width === 5 ? ":" : "") + rest;
}

function zone(date, width) {
  const minutes = -date.getTimezoneOffset();
  const sign = minutes < 0 ? "-" : "+";
  const hours = Math.abs(Math.trunc(minutes / 60));
  if (width === 4) return `GMT${sign}${two(hours)}:${two(minutes % 60)}`;
  return `GMT${sign}${hours}${minutes % 60 ? `:${two(minutes % 60)}` : ""}`;
}

function isoWeek(date) {
  const day = new Date(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()));
  day.setUTCDate(day.getUTCDate() + 4 - (day.getUTCDay() || 7));
  return { year: day.getUTCFullYear(), week: Math.ceil(((day - Date.UTC(day.getUTCFullYear(), 0, 1)) / 864e5 + 1) / 7) };
}

const padded = (number, width) => (width > 1 ? two(number, width) : String(number));
const noon = (date, width, letters) => {
  const half = date.getHours() < 12 ? 0 : 1;
  return width > 4 ? letters[half][0] : width === 4 ? ["a.m.", "p.m."][half] : width === 3 ? letters[half].toLowerCase() : letters[half];
};

const writers = {
  G: (date, width) => (width === 4 ? "Anno Domini" : width === 5 ? "A" : "AD"),
  y: (date, width) => (width === 2 ? two(date.getFullYear() % 100) : signed(date.getFullYear(), two(date.getFullYear(), width))),
  u: (date, width) => signed(date.getFullYear(), two(date.getFullYear(), width)),
  R: (date, width) => two(isoWeek(date).year, width),
  Q: (date, width) => {
    const quarter = Math.floor(date.getMonth() / 3) + 1;
    return width < 3 ? padded(quarter, width) : width === 3 ? `Q${quarter}` : width === 4 ? `${ordinal(quarter)} quarter` : String(quarter);
  },
  M: (date, width) => (width < 3 ? padded(date.getMonth() + 1, width) : named(months[date.getMonth()], width)),
  I: (date, width) => padded(isoWeek(date).week, width),
  d: (date, width) => padded(date.getDate(), width),
  D: (date, width) => padded(dayOfYear(date), width),
  E: (date, width) => (width === 6 ? days[date.getDay()].slice(0, 2) : named(days[date.getDay()], width)),
  i: (date, width) => (width < 3 ? padded(date.getDay() || 7, width) : named(days[date.getDay()], width)),
  a: (date, width) => noon(date, width, ["AM", "PM"]),
  h: (date, width) => padded(twelve(date.getHours()), width),
  H: (date, width) => padded(date.getHours(), width),
  K: (date, width) => padded(date.getHours() % 12, width),
  k: (date, width) => padded(date.getHours() || 24, width),
  m: (date, width) => padded(date.getMinutes(), width),
  s: (date, width) => padded(date.getSeconds(), width),
  S: (date, width) => two(date.getMilliseconds(), 3).padEnd(width, "0").slice(0, width),
  X: (date, width) => offset(date, width, true),
  x: (date, width) => offset(date, width, false),
  O: zone,
  z: zone,
  t: (date) => String(Math.floor(date.getTime() / 1000)),
  T: (date) => String(date.getTime()),
};
writers.L = writers.M;
writers.q = writers.Q;

const long = {
  P: ["MM/dd/yyyy", "MMM d, yyyy", "MMMM do, yyyy", "EEEE, MMMM do, yyyy"],
  p: ["h:mm a", "h:mm:ss a", "h:mm:ss a O", "h:mm:ss a zzzz"],
};

// The pieces of a pattern: letters that stand for something, quoted text, and other text.
function piecesOf(pattern) {
  const whole = pattern.replace(/'(?:''|[^'])*'|(P+)(p+)|(P+)|(p+)/g, (text, bothP, bothT, date, time) => {
    const dates = bothP ?? date;
    const times = bothT ?? time;
    if (!dates && !times) return text;
    const parts = [dates && long.P[dates.length - 1], times && long.p[times.length - 1]].filter(Boolean);
    return parts.join(dates?.length > 2 ? " 'at' " : ", ");
  });
  return (whole.match(/''|'(?:''|[^'])*(?:'|$)|([A-Za-z])o(?![a-z])|([A-Za-z])\2*|[^A-Za-z']+/g) ?? []).map((text) => {
    if (text === "''") return { text: "'" };
    if (text[0] === "'") return { text: text.slice(1).replace(/'$/, "").replaceAll("''", "'") };
    return /[A-Za-z]/.test(text[0]) ? { letters: text } : { text };
  });
}

const unknown = (letter) =>
  new RangeError(`Format string contains an unescaped latin alphabet character \`${letter}\``);

/** A date by a pattern, for example `yyyy-MM-dd HH:mm`. */
export function format(value, pattern) {
  const date = new Date(value);
  if (Number.isNaN(date.getTime())) throw new RangeError("Invalid time value");
  return piecesOf(pattern)
    .map(({ text, letters }) => {
      if (letters === undefined) return text;
      const writer = writers[letters[0]];
      if (!writer) throw unknown(letters[0]);
      if (letters[1] === "o") return ordinal(Number(writer(date, 1)));
      return writer(date, letters.length);
    })
    .join("");
}

const digits = (width) => (width > 1 ? `\\d{${width}}` : "\\d+");
const anyOf = (names, width) => names.map((name) => (width === 4 ? name : name.slice(0, 3))).join("|");
const placeIn = (names, text) => names.findIndex((name) => name.toLowerCase().startsWith(text.toLowerCase().slice(0, 3)));

// How letters are read: the text that they stand for, and what it sets.
const readers = {
  y: (width) => [width === 2 ? "\\d{2}" : width === 1 ? "\\d+" : `\\d{${width},}`, (text, parts, reference) => {
    const year = Number(text);
    const century = Math.floor((reference.getFullYear() - 50) / 100) * 100;
    const near = year + century + (year + century < reference.getFullYear() - 50 ? 100 : 0);
    parts.year = width === 2 ? near : year;
  }],
  M: (width) =>
    width < 3
      ? ["\\d{1,2}", (text, parts) => { parts.month = Number(text) - 1; }]
      : [anyOf(months, width), (text, parts) => { parts.month = placeIn(months, text); }],
  d: () => ["\\d{1,2}(?:st|nd|rd|th)?", (text, parts) => { parts.day = parseInt(text, 10); }],
  E: (width) => [anyOf(days, width), () => {}],
  a: () => ["[ap]\\.?m?\\.?", (text, parts) => { parts.afternoon = /^p/i.test(text); }],
  H: (width) => [width > 1 ? digits(2) : "\\d{1,2}", (text, parts) => { parts.hours = Number(text); }],
  h: (width) => [width > 1 ? digits(2) : "\\d{1,2}", (text, parts) => { parts.hours = Number(text) % 12; parts.half = true; }],
  m: (width) => [width > 1 ? digits(2) : "\\d{1,2}", (text, parts) => { parts.minutes = Number(text); }],
  s: (width) => [width > 1 ? digits(2) : "\\d{1,2}", (text, parts) => { parts.seconds = Number(text); }],
  S: (width) => [digits(width), (text, parts) => { parts.milliseconds = Math.trunc(Number(`0.${text}`) * 1000); }],
  X: () => ["Z|[+-]\\d{2}:?(?:\\d{2})?", (text, parts) => {
    const [, sign, hours, minutes] = /([+-])(\d{2}):?(\d{2})?/.exec(text) ?? [null, "+", "0", "0"];
    parts.offset = (Number(hours) * 60 + Number(minutes ?? 0)) * (sign === "-" ? -1 : 1);
  }],
  t: () => ["-?\\d+", (text, parts) => { parts.time = Number(text) * 1000; }],
  T: () => ["-?\\d+", (text, parts) => { parts.time = Number(text); }],
};
readers.L = readers.M;
readers.u = readers.y;
readers.x = readers.X;

const bad = () => new Date(NaN);

/** A date from text by a pattern; what the pattern leaves out comes from the reference. */
export function parse(text, pattern, reference) {
  const base = new Date(reference);
  const parts = {};
  let rest = String(text);
  for (const { text: fixed, letters } of piecesOf(pattern)) {
    if (letters === undefined) {
      if (!rest.startsWith(fixed)) return bad();
      rest = rest.slice(fixed.length);
      continue;
    }
    const reader = readers[letters[0]];
    if (!reader) throw unknown(letters[0]);
    const [wanted, set] = reader(letters[1] === "o" ? 1 : letters.length);
    const found = new RegExp(`^(?:${wanted})`, "i").exec(rest);
    if (!found) return bad();
    set(found[0], parts, base);
    rest = rest.slice(found[0].length);
  }
  return rest || Number.isNaN(base.getTime()) ? bad() : dateOf(parts, base);
}

function dateOf(parts, base) {
  if (parts.time !== undefined) return new Date(parts.time);
  const { year, month, day, minutes, seconds, milliseconds } = parts;
  const given = [year, month, day];
  const date = given.some((part) => part !== undefined);
  // Below the largest part that is given everything begins anew; above it the reference counts.
  const filled = [
    year ?? base.getFullYear(),
    month ?? (year !== undefined ? 0 : base.getMonth()),
    day ?? (date ? 1 : base.getDate()),
    (parts.hours ?? 0) + (parts.half && parts.afternoon ? 12 : 0),
    minutes ?? 0,
    seconds ?? 0,
    milliseconds ?? 0,
  ];
  const [, wantedMonth, wantedDay, hours, minute, second] = filled;
  if (wantedMonth < 0 || wantedMonth > 11 || hours > 23 || minute > 59 || second > 59) return bad();
  const made = new Date(...filled);
  made.setFullYear(filled[0]);
  if (made.getMonth() !== wantedMonth || made.getDate() !== wantedDay) return bad();
  return parts.offset === undefined ? made : new Date(Date.UTC(...filled) - parts.offset * 60_000);
}
