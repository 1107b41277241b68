// The fields of a list's filters that say when: a span that ends now, or two moments.
import { Select } from "@mantine/core";
import { TimeField } from "../design/TimeField";
import { useWords } from "../i18n/words";
import { LAST_SPANS, type LastSpan } from "./last";

export interface When {
  last?: LastSpan;
  since?: string;
  until?: string;
}

interface WhenFieldsProps {
  when: When;
  /** What the two moments are called. */
  sinceLabel: string;
  untilLabel: string;
  change: (changed: When) => void;
}

export function WhenFields({ when, sinceLabel, untilLabel, change }: WhenFieldsProps) {
  const words = useWords().list;
  return (
    <>
      <Select
        label={words.span}
        placeholder={words.anyTime}
        data={LAST_SPANS.map((span) => ({ value: span, label: words.last[span] }))}
        value={when.last ?? null}
        clearable
        openOnFocus={false}
        comboboxProps={{ withinPortal: false }}
        // A span and moments would contradict each other.
        onChange={(chosen) =>
          change({
            last: LAST_SPANS.find((span) => span === chosen),
            since: undefined,
            until: undefined,
          })
        }
      />
      <TimeField
        label={sinceLabel}
        value={when.since}
        change={(since) => change({ since, last: undefined })}
      />
      <TimeField
        label={untilLabel}
        value={when.until}
        change={(until) => change({ until, last: undefined })}
      />
    </>
  );
}
