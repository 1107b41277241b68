// XML as phones write it is one long line. To compare two of them they are laid out: an element a line,
// each deeper than the one that holds it. Nothing else is changed, and what is no XML stays as it is.

const INDENT = "  ";
/** A tag with what it holds where that is text alone, any other tag, or text between tags. */
const PART =
  /<([^\s/>!?]+)((?:"[^"]*"|'[^']*'|[^>"'])*)>([^<]*)<\/\1\s*>|<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<(?:"[^"]*"|'[^']*'|[^>"'])*>|[^<]+/g;

export function xmlLines(text: string): string {
  const lines: string[] = [];
  let level = 0;
  let read = 0;
  for (const found of text.matchAll(PART)) {
    const [part, name, attributes = ""] = found;
    read += part.length;
    const trimmed = part.trim();
    if (trimmed === "") {
      continue;
    }
    const isWhole = name !== undefined && !attributes.endsWith("/");
    const isEnd = !isWhole && trimmed.startsWith("</");
    level = Math.max(0, level - (isEnd ? 1 : 0));
    lines.push(INDENT.repeat(level) + trimmed);
    const isBegin = !isWhole && !isEnd && /^<[^!?]/.test(trimmed) && !trimmed.endsWith("/>");
    level += isBegin ? 1 : 0;
  }
  return read === text.length ? lines.join("\n") : text;
}
