// The form that adds filters to the list of deliveries.
import { Checkbox, MultiSelect, Select, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { DeliverySort } from "../../api/types";
import { connectionsQuery, forwardersQuery, sourcesQuery } from "../../definitions/queries";
import { useWords } from "../../i18n/words";
import { Choice, TypedField } from "../../lists/filterFields";
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
