// The filters of the list of runs: as words above it, and as the form that adds them.
import { Stack } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useFlowWords } from "../../i18n/flows";
import { Choice, TypedField } from "../../lists/filterFields";
import { filterWords, useUsualTexts } from "../../lists/filterWords";
import type { FilterWord } from "../../lists/ListBar";
import { WhenFields } from "../../lists/WhenFields";
import { workflowsQuery } from "../workflows/queries";
import { runFilters } from "./filterTexts";
import type { RunFilters } from "./queries";
import type { RunsSearch } from "./routes";
import { BAD_STATES, OPEN_STATES, RUN_STATES } from "./types";

type Change = (changed: Partial<RunsSearch>) => void;

export function useRunFilterWords(filters: RunFilters, change: Change): FilterWord[] {
  const words = useFlowWords();
  const texts = {
    ...runFilters(filters, words),
    ...useUsualTexts(filters),
  };
  return filterWords(texts, change);
}

interface RunFilterFormProps {
  project: string;
  filters: RunFilters;
  change: Change;
}

/** The names of errors that OpenFn's runtime has. */
const ERROR_TYPES = [
  ...["JobError", "AdaptorError", "RuntimeError", "RuntimeCrash", "ImportError", "InputError"],
  ...["EdgeConditionError", "TimeoutError", "OOMError", "StateTooLargeError", "SecurityError"],
];

export function RunFilterForm({ project, filters, change }: RunFilterFormProps) {
  const words = useFlowWords().runs;
  const workflows = useQuery(workflowsQuery(project)).data ?? [];
  return (
    <Stack gap="sm">
      <Choice
        label={words.filters.workflow}
        names={workflows.map(({ name }) => name)}
        value={filters.workflow}
        choose={(workflow) => change({ workflow })}
      />
      <Choice
        label={words.filters.state}
        names={[
          { value: OPEN_STATES.join(), label: words.filters.open },
          { value: BAD_STATES.join(), label: words.filters.bad },
          ...RUN_STATES.map((state) => ({ value: state, label: words.states[state] })),
        ]}
        value={filters.state}
        choose={(state) => change({ state: state || undefined })}
      />
      <Choice
        label={words.filters.errorType}
        names={ERROR_TYPES}
        value={filters.error_type}
        choose={(error_type) => change({ error_type })}
      />
      <TypedField label={words.filters.key} value={filters.key} change={(key) => change({ key })} />
      <TypedField
        label={words.filters.message}
        value={filters.message}
        change={(message) => change({ message })}
      />
      <WhenFields
        when={filters}
        sinceLabel={words.filters.since}
        untilLabel={words.filters.until}
        change={change}
      />
    </Stack>
  );
}
