// The expressions in filters and scripts of JSONPath, for example `@.age > 5 && @.name`. They are
// read and reckoned here: nothing in a job's process makes code of text.

const token =
  /\s*(?:(\d+(?:\.\d+)?)|('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|(\/(?:\\.|[^/\\])+\/[a-z]*)|(@\w*|\$|[A-Za-z_]\w*)|(===|!==|==|!=|<=|>=|&&|\|\||[-+*/%<>!().,[\]?:]))/y;

const levels = [["||"], ["&&"], ["===", "!==", "==", "!="], ["<", "<=", ">", ">="], ["+", "-"], ["*", "/", "%"]];

const reckon = {
  "===": (a, b) => a === b,
  "!==": (a, b) => a !== b,
  // biome-ignore lint: the expression says `==`, and means it.
  "==": (a, b) => a == b,
  "!=": (a, b) => a != b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a % b,
};

function tokensOf(text) {
  const tokens = [];
  token.lastIndex = 0;
  while (token.lastIndex < text.trimEnd().length) {
    const from = token.lastIndex;
    const found = token.exec(text);
    if (!found) throw new SyntaxError(`The expression ${text} cannot be read from ${text.slice(from)} on`);
    const [, number, string, pattern, name, sign] = found;
    // After a value, a slash divides; anywhere else it begins a pattern.
    const last = tokens.at(-1);
    if (pattern && last && (last.kind !== "sign" || ")]".includes(last.text))) {
      token.lastIndex = found[0].indexOf("/") + from + 1;
      tokens.push({ kind: "sign", text: "/" });
    } else if (number) tokens.push({ kind: "value", value: Number(number) });
    else if (string) tokens.push({ kind: "value", value: string.slice(1, -1).replace(/\\(.)/g, "$1") });
    else if (pattern) {
      const end = pattern.lastIndexOf("/");
      tokens.push({ kind: "value", value: new RegExp(pattern.slice(1, end), pattern.slice(end + 1)) });
    } else tokens.push({ kind: name ? "name" : "sign", text: name ?? sign });
  }
  return tokens;
}

const words = { true: true, false: false, null: null, undefined };
const worlds = { "@": "value", "@property": "property", "@parentProperty": "property", "@parent": "parent" };

/** A function of `{value, property, parent}` from an expression. */
export function compile(text) {
  const tokens = tokensOf(text);
  let at = 0;
  const fail = () => {
    throw new SyntaxError(`The expression ${text} cannot be read`);
  };
  const accept = (sign) => tokens[at]?.kind === "sign" && tokens[at].text === sign && Boolean(++at);
  const expect = (sign) => accept(sign) || fail();

  function binary(level) {
    if (level === levels.length) return unary();
    let left = binary(level + 1);
    for (;;) {
      const sign = levels[level].find(accept);
      if (!sign) return left;
      const first = left;
      const second = binary(level + 1);
      if (sign === "||") left = (world) => first(world) || second(world);
      else if (sign === "&&") left = (world) => first(world) && second(world);
      else left = (world) => reckon[sign](first(world), second(world));
    }
  }

  function unary() {
    if (accept("!")) {
      const inner = unary();
      return (world) => !inner(world);
    }
    if (accept("-")) {
      const inner = unary();
      return (world) => -inner(world);
    }
    return member();
  }

  function member() {
    let value = primary();
    let owner;
    for (;;) {
      const object = value;
      if (accept(".")) {
        const name = tokens[at++];
        if (name?.kind !== "name") fail();
        owner = object;
        value = (world) => object(world)?.[name.text];
        value.own = name.text;
      } else if (accept("[")) {
        const key = binary(0);
        expect("]");
        owner = undefined;
        value = (world) => object(world)?.[key(world)];
      } else if (owner && value.own && accept("(")) {
        const values = [];
        if (!accept(")")) {
          do values.push(binary(0));
          while (accept(","));
          expect(")");
        }
        const [self, name] = [owner, value.own];
        owner = undefined;
        value = (world) => {
          const target = self(world);
          return target?.[name]?.(...values.map((one) => one(world)));
        };
      } else return value;
    }
  }

  function primary() {
    if (accept("(")) {
      const inner = binary(0);
      expect(")");
      return inner;
    }
    const next = tokens[at++];
    if (next?.kind === "value") return () => next.value;
    if (next?.kind === "name" && Object.hasOwn(words, next.text)) return () => words[next.text];
    if (next?.kind === "name" && Object.hasOwn(worlds, next.text)) return (world) => world[worlds[next.text]];
    return fail();
  }

  const whole = binary(0);
  return at === tokens.length ? whole : fail();
}
