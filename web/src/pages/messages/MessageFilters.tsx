// The filters of the list of messages: as words above it, and as the form that adds them.
import { Select, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { sourcesQuery } from "../../definitions/queries";
import { useFormat, useWords } from "../../i18n/words";
import type { FilterWord } from "../../lists/ListBar";
import { WhenFields } from "../../lists/WhenFields";
import type { MessageFilters } from "./queries";
import { MESSAGE_STATES, type MessagesSearch } from "./routes";
import { ValueField } from "./ValueField";

type Change = (changed: Partial<MessagesSearch>) => void;

export function useFilterWords(filters: MessageFilters, change: Change): FilterWord[] {
  const words = useWords();
  const format = useFormat();
  const { source, state, last, since, until, text, value = [] } = filters;
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
    last === undefined
      ? null
      : { key: "last", text: words.list.last[last], remove: () => change({ last: undefined }) },
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
  const values = value.map((each) => ({
    key: `value ${each}`,
    text: each.replace("=", " = "),
    remove: () => change({ value: value.filter((other) => other !== each) }),
  }));
  return [...found.filter((word) => word !== null), ...values];
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
      <WhenFields
        when={filters}
        sinceLabel={words.messages.filters.since}
        untilLabel={words.messages.filters.until}
        change={change}
      />
      <ValueField
        add={(wanted) => change({ value: [...new Set([...(filters.value ?? []), wanted])] })}
      />
    </Stack>
  );
}
