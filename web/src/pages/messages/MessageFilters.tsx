// The filters of the list of messages: as words above it, and as the form that adds them.
import { Select, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { sourcesQuery } from "../../definitions/queries";
import { useWords } from "../../i18n/words";
import { filterWords, filterWordsOfMany, useUsualTexts } from "../../lists/filterWords";
import type { FilterWord } from "../../lists/ListBar";
import { WhenFields } from "../../lists/WhenFields";
import type { MessageFilters } from "./queries";
import { MESSAGE_STATES, type MessagesSearch } from "./routes";
import { ValueField } from "./ValueField";

type Change = (changed: Partial<MessagesSearch>) => void;

export function useFilterWords(filters: MessageFilters, change: Change): FilterWord[] {
  const words = useWords();
  const { source, state, value = [] } = filters;
  const texts = {
    source: source && words.messages.filters.from(source),
    state: state && words.common.states[state],
    ...useUsualTexts(filters),
  };
  const values = filterWordsOfMany("value", value, (each) => each.replace("=", " = "), change);
  return [...filterWords(texts, change), ...values];
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
