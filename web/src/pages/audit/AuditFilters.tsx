// The filters of the audit log: as words above it, and as the form that adds them.
import { Select, Stack } from "@mantine/core";
import { TimeField } from "../../design/TimeField";
import { useFormat, useWords } from "../../i18n/words";
import type { FilterWord } from "../../lists/ListBar";
import { actionNames, actionWord } from "./actions";
import type { AuditFilters } from "./queries";

type Change = (changed: AuditFilters) => void;

export function useAuditFilterWords(filters: AuditFilters, change: Change): FilterWord[] {
  const words = useWords();
  const format = useFormat();
  const time = (value: string) => format.clock(new Date(value), new Date());
  const tell: Record<keyof AuditFilters, (value: string) => string> = {
    who: words.audit.byWho,
    action: (action) => actionWord(words, action),
    from: (value) => words.messages.filters.sinceTime(time(value)),
    to: (value) => words.messages.filters.untilTime(time(value)),
  };
  const keys = ["who", "action", "from", "to"] as const;
  return keys.flatMap((key) => {
    const value = filters[key];
    return value === undefined
      ? []
      : [{ key, text: tell[key](value), remove: () => change({ [key]: undefined }) }];
  });
}

interface AuditFilterFormProps {
  filters: AuditFilters;
  change: Change;
}

export function AuditFilterForm({ filters, change }: AuditFilterFormProps) {
  const words = useWords();
  const actions = actionNames(words).map((name) => ({
    value: name as string,
    label: words.audit.actions[name],
  }));
  return (
    <Stack gap="sm">
      <Select
        label={words.audit.columns.action}
        placeholder={words.messages.filters.any}
        data={actions}
        value={filters.action ?? null}
        clearable
        searchable
        openOnFocus={false}
        comboboxProps={{ withinPortal: false }}
        onChange={(action) => change({ action: action ?? undefined })}
      />
      <TimeField
        label={words.messages.filters.since}
        value={filters.from}
        change={(from) => change({ from })}
      />
      <TimeField
        label={words.messages.filters.until}
        value={filters.to}
        change={(to) => change({ to })}
      />
    </Stack>
  );
}
