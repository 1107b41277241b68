// The filters of the table of submissions: as words above it, and as the form that adds them.
import { Select, Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { sourcesQuery } from "../../definitions/queries";
import { shortened } from "../../design/Identifier";
import { ConditionField, useConditionWords } from "../../filed/ConditionField";
import { useWords } from "../../i18n/words";
import { Choice, TypedField } from "../../lists/filterFields";
import { filterWords, filterWordsOfMany, useUsualTexts } from "../../lists/filterWords";
import type { FilterWord } from "../../lists/ListBar";
import { WhenFields } from "../../lists/WhenFields";
import type { SubmissionFilters } from "./queries";
import { PLACED, SUBMISSION_SORTS, type SubmissionsSearch, USUAL_SORT } from "./routes";

type Change = (changed: Partial<SubmissionsSearch>) => void;

/** Each filter in force, but the form: that is always in sight. */
export function useFilterWords(filters: SubmissionFilters, change: Change): FilterWord[] {
  const words = useWords();
  const told = words.submissions.filters;
  const { source, user, instance_id, has_position, where = [] } = filters;
  const texts = {
    source: source && words.messages.filters.from(source),
    user: user && told.byUser(user),
    instance_id: instance_id && told.ofInstance(shortened(instance_id)),
    has_position: has_position && told.placed[has_position],
    ...useUsualTexts(filters),
  };
  const conditions = filterWordsOfMany("where", where, useConditionWords("values"), change);
  return [...filterWords(texts, change), ...conditions];
}

interface SubmissionFilterFormProps {
  project: string;
  filters: SubmissionFilters;
  /** The paths of the answers that are known. */
  fields: string[];
  change: Change;
}

export function SubmissionFilterForm(props: SubmissionFilterFormProps) {
  const { project, filters, fields, change } = props;
  const words = useWords();
  const told = words.submissions.filters;
  const sources = useQuery(sourcesQuery(project)).data ?? [];
  return (
    <Stack gap="sm">
      <ConditionField fields={fields} root="values" where={filters.where} change={change} />
      <TypedField label={told.user} value={filters.user} change={(user) => change({ user })} />
      <WhenFields
        when={filters}
        sinceLabel={words.messages.filters.since}
        untilLabel={words.messages.filters.until}
        change={change}
      />
      <TypedField
        label={told.instance}
        placeholder="uuid:7f1c2a4e-…"
        value={filters.instance_id}
        change={(instance_id) => change({ instance_id })}
      />
      <Choice
        label={told.place}
        names={PLACED.map((each) => ({ value: each, label: told.placed[each] }))}
        value={filters.has_position}
        choose={(chosen) => change({ has_position: PLACED.find((each) => each === chosen) })}
      />
      <Choice
        label={words.messages.filters.source}
        names={sources.map(({ name }) => name)}
        value={filters.source}
        choose={(source) => change({ source })}
      />
      <Select
        label={told.sort}
        data={SUBMISSION_SORTS.map((each) => ({ value: each, label: told.sorts[each] }))}
        value={filters.sort ?? USUAL_SORT}
        allowDeselect={false}
        openOnFocus={false}
        comboboxProps={{ withinPortal: false }}
        onChange={(chosen) =>
          change({ sort: SUBMISSION_SORTS.find((each) => each === chosen && each !== USUAL_SORT) })
        }
      />
    </Stack>
  );
}
