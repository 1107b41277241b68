// The filters of the list of deliveries: as words above it, and as the form that adds them.
import { Checkbox, MultiSelect, Select, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { DeliverySort } from "../../api/types";
import { connectionsQuery, forwardersQuery, sourcesQuery } from "../../definitions/queries";
import { shortened } from "../../design/Identifier";
import type { Formats } from "../../i18n/formats";
import { useFormat, useWords, type Words } from "../../i18n/words";
import type { FilterWord } from "../../lists/ListBar";
import { WhenFields } from "../../lists/WhenFields";
import type { DeliveryFilters } from "./queries";
import {
  DELIVERY_ORIGINS,
  DELIVERY_SORTS,
  DELIVERY_STATES,
  type DeliveriesSearch,
  ERROR_KINDS,
  statesIn,
  statesSearch,
  USUAL_SORT,
} from "./routes";

type Change = (changed: Partial<DeliveriesSearch>) => void;

/** Each filter in force, as words. */
export function filterTexts(
  filters: DeliveryFilters,
  words: Words,
  format: Formats,
): [string, string][] {
  const told = words.deliveries.filters;
  const time = (value: string) => format.clock(new Date(value), new Date());
  const texts: { [Name in keyof Required<DeliveryFilters>]: string | undefined } = {
    state: filters.state && words.common.states[filters.state],
    states:
      filters.states && told.oneOf(statesIn(filters).map((state) => words.common.states[state])),
    status: filters.status && told.answered(filters.status),
    error_kind: filters.error_kind && words.deliveries.kinds[filters.error_kind],
    connection: filters.connection && told.toConnection(filters.connection),
    forwarder: filters.forwarder && told.ofForwarder(filters.forwarder),
    source: filters.source && told.fromSource(filters.source),
    origin: filters.origin && told.madeBy(words.deliveries.origins[filters.origin]),
    payload_id: filters.payload_id && told.ofMessage(shortened(filters.payload_id)),
    key: filters.key && told.withKey(filters.key),
    cancelled_by: filters.cancelled_by && told.cancelledBy(shortened(filters.cancelled_by)),
    ids: filters.ids && told.named(filters.ids.split(",").length),
    holds: filters.holds && told.holding,
    last: filters.last && words.list.last[filters.last],
    since: filters.since && told.sinceTime(time(filters.since)),
    until: filters.until && told.untilTime(time(filters.until)),
    text: filters.text && told.withText(filters.text),
  };
  return Object.entries(texts).flatMap(([key, text]) => (text === undefined ? [] : [[key, text]]));
}

export function useDeliveryFilterWords(filters: DeliveryFilters, change: Change): FilterWord[] {
  const words = useWords();
  const format = useFormat();
  return filterTexts(filters, words, format).map(([key, text]) => ({
    key,
    text,
    remove: () => change({ [key]: undefined }),
  }));
}

interface DeliveryFilterFormProps {
  project: string;
  filters: DeliveryFilters;
  sort: DeliverySort;
  change: Change;
}

export function DeliveryFilterForm({ project, filters, sort, change }: DeliveryFilterFormProps) {
  const words = useWords();
  const told = words.deliveries.filters;
  const connections = useQuery(connectionsQuery(project)).data ?? [];
  const forwarders = useQuery(forwardersQuery(project)).data ?? [];
  const sources = useQuery(sourcesQuery(project)).data ?? [];
  return (
    <Stack gap="sm">
      <MultiSelect
        label={told.state}
        placeholder={statesIn(filters).length === 0 ? told.any : undefined}
        data={DELIVERY_STATES.map((state) => ({
          value: state,
          label: words.common.states[state],
        }))}
        value={statesIn(filters)}
        clearable
        openOnFocus={false}
        comboboxProps={{ withinPortal: false }}
        onChange={(chosen) =>
          change(statesSearch(DELIVERY_STATES.filter((state) => chosen.includes(state))))
        }
      />
      <Choice
        label={told.connection}
        names={connections.map(({ name }) => name)}
        value={filters.connection}
        choose={(connection) => change({ connection })}
      />
      <Choice
        label={told.forwarder}
        names={forwarders.map(({ name }) => name)}
        value={filters.forwarder}
        choose={(forwarder) => change({ forwarder })}
      />
      <Choice
        label={told.source}
        names={sources.map(({ name }) => name)}
        value={filters.source}
        choose={(source) => change({ source })}
      />
      <Choice
        label={told.origin}
        names={DELIVERY_ORIGINS.map((origin) => ({
          value: origin,
          label: words.deliveries.origins[origin],
        }))}
        value={filters.origin}
        choose={(chosen) =>
          change({ origin: DELIVERY_ORIGINS.find((origin) => origin === chosen) })
        }
      />
      <Choice
        label={told.errorKind}
        names={ERROR_KINDS.map((kind) => ({ value: kind, label: words.deliveries.kinds[kind] }))}
        value={filters.error_kind}
        choose={(chosen) => change({ error_kind: ERROR_KINDS.find((kind) => kind === chosen) })}
      />
      <TypedField
        label={told.status}
        placeholder="503, 5xx"
        value={filters.status}
        change={(status) => change({ status })}
      />
      <TypedField label={told.key} value={filters.key} change={(key) => change({ key })} />
      <WhenFields when={filters} sinceLabel={told.since} untilLabel={told.until} change={change} />
      <Select
        label={told.sort}
        data={DELIVERY_SORTS.map((each) => ({ value: each, label: told.sorts[each] }))}
        value={sort}
        allowDeselect={false}
        openOnFocus={false}
        comboboxProps={{ withinPortal: false }}
        onChange={(chosen) =>
          change({ sort: DELIVERY_SORTS.find((each) => each === chosen && each !== USUAL_SORT) })
        }
      />
      <Checkbox
        label={told.holds}
        checked={filters.holds === "true"}
        onChange={(event) => change({ holds: event.currentTarget.checked ? "true" : undefined })}
      />
    </Stack>
  );
}

interface ChoiceProps {
  label: string;
  names: (string | { value: string; label: string })[];
  value: string | undefined;
  choose: (chosen: string | undefined) => void;
}

function Choice({ label, names, value, choose }: ChoiceProps) {
  const words = useWords().deliveries.filters;
  return (
    <Select
      label={label}
      placeholder={words.any}
      data={names}
      value={value ?? null}
      clearable
      searchable
      openOnFocus={false}
      comboboxProps={{ withinPortal: false }}
      onChange={(chosen) => choose(chosen ?? undefined)}
    />
  );
}

interface TypedFieldProps {
  label: string;
  placeholder?: string;
  value: string | undefined;
  change: (value: string | undefined) => void;
}

/** What is typed is looked for when it is whole: once the field is left, or Enter is pressed. */
function TypedField({ label, placeholder, value, change }: TypedFieldProps) {
  const [typed, setTyped] = useState(value ?? "");
  useEffect(() => setTyped(value ?? ""), [value]);
  const done = () => {
    const wanted = typed.trim();
    if (wanted !== (value ?? "")) {
      change(wanted || undefined);
    }
  };
  return (
    <TextInput
      label={label}
      placeholder={placeholder}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={done}
      onKeyDown={(event) => event.key === "Enter" && done()}
    />
  );
}
