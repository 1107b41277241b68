// Filters in force as words that can be removed, from what each is called.
import { useFormat, useWords } from "../i18n/words";
import type { FilterWord } from "./ListBar";
import type { LastSpan } from "./last";

type Texts<Search> = { [Name in keyof Search]?: string | undefined };

/** A word for each filter that has a text, by its name in the address. */
export function filterWords<Search extends object>(
  texts: Texts<Search>,
  change: (changed: Partial<Search>) => void,
): FilterWord[] {
  const named = Object.entries<string | undefined>(texts);
  return named.flatMap(([key, text]) => {
    const without = { [key]: undefined } as Partial<Search>;
    return text ? [{ key, text, remove: () => change(without) }] : [];
  });
}

/** A word for each of several filters that stand under one name in the address. */
export function filterWordsOfMany<Name extends string>(
  name: Name,
  wanted: readonly string[],
  tell: (one: string) => string,
  change: (changed: { [Each in Name]: string[] }) => void,
): FilterWord[] {
  return wanted.map((each) => ({
    key: `${name} ${each}`,
    text: tell(each),
    remove: () =>
      change({ [name]: wanted.filter((other) => other !== each) } as { [Each in Name]: string[] }),
  }));
}

interface WhenAndText {
  last?: LastSpan;
  since?: string;
  until?: string;
  text?: string;
}

/** What is filtered by in most lists, in words: when it was, and what it holds. */
export function useUsualTexts({ last, since, until, text }: WhenAndText): Texts<WhenAndText> {
  const words = useWords();
  const format = useFormat();
  const told = words.messages.filters;
  const time = (value: string) => format.clock(new Date(value), new Date());
  return {
    last: last && words.list.last[last],
    since: since && told.sinceTime(time(since)),
    until: until && told.untilTime(time(until)),
    text: text && told.text(text),
  };
}
