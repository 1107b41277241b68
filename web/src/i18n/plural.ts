// Numbers of things in words: `counted("en", 2, { one: "# message", other: "# messages" })`.

/** The forms of English and French; `many` is French for millions. */
export interface PluralForms {
  one: string;
  many?: string;
  other: string;
}

const rules = new Map<string, Intl.PluralRules>();
const numbers = new Map<string, Intl.NumberFormat>();

function kept<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

/** The form for a count, with the number where the form says `#`. */
export function counted(language: string, count: number, forms: PluralForms): string {
  const rule = kept(rules, language, () => new Intl.PluralRules(language));
  const format = kept(numbers, language, () => new Intl.NumberFormat(language));
  const chosen = rule.select(count);
  const form =
    (chosen === "one" ? forms.one : chosen === "many" ? forms.many : undefined) ?? forms.other;
  return form.replace("#", format.format(count));
}
