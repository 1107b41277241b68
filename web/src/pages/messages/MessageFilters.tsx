// The filters of the list of messages: as words above it, and as the form that adds them.
import { Select, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Search } from "lucide-react";
import { type FormEvent, useEffect, useState } from "react";
import { useFormat, useWords } from "../../i18n/words";
import type { FilterWord } from "../../lists/ListBar";
import styles from "./messages.module.css";
import { type MessageFilters, sourcesQuery } from "./queries";
import { MESSAGE_STATES, type MessagesSearch } from "./routes";

type Change = (changed: Partial<MessagesSearch>) => void;

export function useFilterWords(filters: MessageFilters, change: Change): FilterWord[] {
  const words = useWords();
  const format = useFormat();
  const { source, state, since, until, text } = filters;
  const time = (value: string) => format.clock(new Date(value), new Date());
  const found: (FilterWord | null)[] = [
    source === undefined
      ? null
      : {
          key: "source",
          text: words.messages.filters.from(source),
          remove: () => change({ source: undefined }),
        },
    state === undefined
      ? null
      : {
          key: "state",
          text: words.common.states[state],
          remove: () => change({ state: undefined }),
        },
    since === undefined
      ? null
      : {
          key: "since",
          text: words.messages.filters.sinceTime(time(since)),
          remove: () => change({ since: undefined }),
        },
    until === undefined
      ? null
      : {
          key: "until",
          text: words.messages.filters.untilTime(time(until)),
          remove: () => change({ until: undefined }),
        },
    text === undefined
      ? null
      : {
          key: "text",
          text: words.messages.filters.text(text),
          remove: () => change({ text: undefined }),
        },
  ];
  return found.filter((word) => word !== null);
}

interface MessageFilterFormProps {
  project: string;
  filters: MessageFilters;
  change: Change;
}

export function MessageFilterForm({ project, filters, change }: MessageFilterFormProps) {
  const words = useWords();
  const sources = useQuery(sourcesQuery(project)).data ?? [];
  return (
    <Stack gap="sm">
      <Select
        label={words.messages.filters.source}
        placeholder={words.messages.filters.any}
        data={sources.map((source) => source.name)}
        value={filters.source ?? null}
        clearable
        searchable
        openOnFocus={false}
        comboboxProps={{ withinPortal: false }}
        onChange={(source) => change({ source: source ?? undefined })}
      />
      <Select
        label={words.messages.filters.state}
        placeholder={words.messages.filters.any}
        data={MESSAGE_STATES.map((state) => ({ value: state, label: words.common.states[state] }))}
        value={filters.state ?? null}
        clearable
        comboboxProps={{ withinPortal: false }}
        onChange={(state) => change({ state: MESSAGE_STATES.find((each) => each === state) })}
      />
      <TextInput
        type="datetime-local"
        label={words.messages.filters.since}
        value={localTime(filters.since)}
        onChange={(event) => change({ since: exactTime(event.currentTarget.value) })}
      />
      <TextInput
        type="datetime-local"
        label={words.messages.filters.until}
        value={localTime(filters.until)}
        onChange={(event) => change({ until: exactTime(event.currentTarget.value) })}
      />
    </Stack>
  );
}

/** A time as the browser's field writes it, in the reader's zone. */
function localTime(exact: string | undefined): string {
  if (exact === undefined || Number.isNaN(Date.parse(exact))) {
    return "";
  }
  const time = new Date(exact);
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function exactTime(local: string): string | undefined {
  return local === "" ? undefined : new Date(local).toISOString();
}

/** A field that searches when the reader is done, by Enter or by leaving it. */
export function SearchField({
  text,
  search,
}: {
  text: string | undefined;
  search: (text: string | undefined) => void;
}) {
  const words = useWords();
  const [typed, setTyped] = useState(text ?? "");
  useEffect(() => setTyped(text ?? ""), [text]);
  const done = () => {
    if (typed.trim() !== (text ?? "")) {
      search(typed.trim() || undefined);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    done();
  };
  return (
    <form className={styles.search} onSubmit={submit}>
      <TextInput
        size="xs"
        aria-label={words.list.search}
        placeholder={words.messages.filters.search}
        leftSection={<Search size={14} />}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onBlur={done}
      />
    </form>
  );
}
