// What a browser calls itself, in the two words that people know it by. It is a help to tell one's
// sessions apart, and no more: browsers say about themselves what they like.

/** Looked for in this order: most of them name others as well. */
const BROWSERS: [RegExp, string][] = [
  [/\bEdgA?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\b(Chrome|CriOS|HeadlessChrome)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
  [/\bcurl\//, "curl"],
];
const SYSTEMS: [RegExp, string][] = [
  [/\bAndroid\b/, "Android"],
  [/\b(iPhone|iPad)\b/, "iOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
];

export interface Agent {
  browser: string | null;
  system: string | null;
}

export function readAgent(text: string): Agent {
  const found = (known: [RegExp, string][]) =>
    known.find(([pattern]) => pattern.test(text))?.[1] ?? null;
  return { browser: found(BROWSERS), system: found(SYSTEMS) };
}
