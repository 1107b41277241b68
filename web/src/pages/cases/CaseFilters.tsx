// The filters of the list of cases: as words above it, and as the form that adds them.
import { Autocomplete, Stack } from "@mantine/core";
import { useEffect, useState } from "react";
import { shortened } from "../../design/Identifier";
import { ConditionField, useConditionWords } from "../../filed/ConditionField";
import { useWords } from "../../i18n/words";
import { Choice, TypedField } from "../../lists/filterFields";
import { filterWords, filterWordsOfMany, useUsualTexts } from "../../lists/filterWords";
import type { FilterWord } from "../../lists/ListBar";
import { WhenFields } from "../../lists/WhenFields";
import type { CaseFilters } from "./queries";
import { CASE_STATES, type CasesSearch } from "./routes";

type Change = (changed: Partial<CasesSearch>) => void;

export function useFilterWords(filters: CaseFilters, change: Change): FilterWord[] {
  const words = useWords();
  const told = words.cases.filters;
  const { type, owner, state, external_id, parent, where = [] } = filters;
  const texts = {
    type: type && told.ofType(type),
    state: state && words.cases.states[state],
    owner: owner && told.ofOwner(shortened(owner)),
    external_id: external_id && told.ofExternal(external_id),
    parent: parent && told.ofParent(shortened(parent)),
    ...useUsualTexts(filters),
  };
  const conditions = filterWordsOfMany("where", where, useConditionWords("properties"), change);
  return [...filterWords(texts, change), ...conditions];
}

interface CaseFilterFormProps {
  filters: CaseFilters;
  /** Types and properties that some cases have. */
  types: string[];
  properties: string[];
  change: Change;
}

export function CaseFilterForm({ filters, types, properties, change }: CaseFilterFormProps) {
  const words = useWords();
  const told = words.cases.filters;
  return (
    <Stack gap="sm">
      <TypeField types={types} value={filters.type} change={(type) => change({ type })} />
      <Choice
        label={words.cases.columns.state}
        names={CASE_STATES.map((state) => ({ value: state, label: words.cases.states[state] }))}
        value={filters.state}
        choose={(chosen) => change({ state: CASE_STATES.find((state) => state === chosen) })}
      />
      <ConditionField fields={properties} root="properties" where={filters.where} change={change} />
      <TypedField label={told.owner} value={filters.owner} change={(owner) => change({ owner })} />
      <TypedField
        label={words.cases.columns.external}
        value={filters.external_id}
        change={(external_id) => change({ external_id })}
      />
      <TypedField
        label={told.parent}
        value={filters.parent}
        change={(parent) => change({ parent })}
      />
      <WhenFields when={filters} sinceLabel={told.since} untilLabel={told.until} change={change} />
    </Stack>
  );
}

interface TypeFieldProps {
  types: string[];
  value: string | undefined;
  change: (type: string | undefined) => void;
}

/** Types that are known can be chosen; any other is typed. */
function TypeField({ types, value, change }: TypeFieldProps) {
  const words = useWords().cases.columns;
  const [typed, setTyped] = useState(value ?? "");
  useEffect(() => setTyped(value ?? ""), [value]);
  const done = (text: string) => {
    if (text.trim() !== (value ?? "")) {
      change(text.trim() || undefined);
    }
  };
  return (
    <Autocomplete
      label={words.type}
      data={types}
      value={typed}
      openOnFocus={false}
      comboboxProps={{ withinPortal: false }}
      onChange={setTyped}
      onOptionSubmit={done}
      onBlur={() => done(typed)}
      onKeyDown={(event) => event.key === "Enter" && done(typed)}
    />
  );
}
