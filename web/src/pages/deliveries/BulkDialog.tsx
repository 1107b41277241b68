// Something is to be done with many deliveries: first it is counted and told what will happen and
// what will not, then it is done; how it goes on shows on the page of the action.
import { Button, Group, Loader } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Deed, DeliveryPreview } from "../../api/types";
import { Dialog } from "../../design/Dialog";
import { ErrorNote } from "../../design/ErrorNote";
import { ReasonField } from "../../design/Reason";
import { StateMark } from "../../design/StateMark";
import { useFormat, useWords } from "../../i18n/words";
import styles from "./deliveries.module.css";
import { actOnMany, type DeliveryFilters, previewQuery } from "./queries";
import { DELIVERY_STATES } from "./routes";
import { DELIVERY_TONES } from "./tones";

interface BulkDialogProps {
  project: string;
  /** What is to be done; null while nothing is. */
  deed: Deed | null;
  /** To which deliveries. */
  filters: DeliveryFilters;
  close: () => void;
}

export function BulkDialog({ project, deed, filters, close }: BulkDialogProps) {
  const words = useWords().deliveries;
  return (
    <Dialog
      opened={deed !== null}
      close={close}
      title={deed === null ? "" : words.bulk.title(words.deeds[deed])}
      size="lg"
    >
      {deed !== null && <Preview project={project} deed={deed} filters={filters} close={close} />}
    </Dialog>
  );
}

function Preview({ project, deed, filters, close }: BulkDialogProps & { deed: Deed }) {
  const words = useWords().deliveries;
  const format = useFormat();
  const navigate = useNavigate();
  const [reason, setReason] = useState<string | null>(null);
  const preview = useQuery(previewQuery(project, deed, filters));
  const acting = useMutation({
    mutationFn: () => actOnMany(project, deed, filters, reason),
    onSuccess: ({ id }) => {
      close();
      return navigate({
        to: "/projects/$project/actions/$action",
        params: { project, action: id },
      });
    },
  });
  const matched = preview.data?.matched ?? 0;
  return (
    <div className={styles.preview}>
      <p className={styles.quiet}>{words.deedAbout[deed]}</p>
      {preview.isPending && (
        <p role="status" className={styles.counting}>
          <Loader aria-hidden="true" /> {words.bulk.counting}
        </p>
      )}
      {preview.error !== null && (
        <ErrorNote error={preview.error} retry={() => void preview.refetch()} />
      )}
      {preview.data !== undefined && <Told deed={deed} preview={preview.data} />}
      {matched > 0 && <ReasonField change={setReason} />}
      {acting.error !== null && <ErrorNote error={acting.error} />}
      <Group justify="flex-end" gap="xs" mt="md">
        <Button variant="default" onClick={close}>
          {words.bulk.back}
        </Button>
        <Button
          color={deed === "cancel" ? "red" : "teal"}
          data-autofocus
          loading={acting.isPending}
          disabled={matched === 0}
          onClick={() => acting.mutate()}
        >
          {matched === 0 ? words.deeds[deed] : words.bulk.act[deed](format.number(matched))}
        </Button>
      </Group>
    </div>
  );
}

function Told({ deed, preview }: { deed: Deed; preview: DeliveryPreview }) {
  const all = useWords();
  const words = all.deliveries.bulk;
  const { matched, passed_over, states, copies } = preview;
  if (matched === 0) {
    return (
      <>
        <p className={styles.will}>{words.none}</p>
        {passed_over > 0 && <p className={styles.quiet}>{words.passedOver(passed_over)}</p>}
      </>
    );
  }
  const delivered = states.succeeded ?? 0;
  return (
    <>
      <p className={styles.will}>{words.touched[deed](matched)}</p>
      <ul className={styles.states} aria-label={words.states}>
        {DELIVERY_STATES.flatMap((state) => {
          const count = states[state] ?? 0;
          return count === 0
            ? []
            : [
                <li key={state}>
                  <StateMark tone={DELIVERY_TONES[state]}>
                    {all.common.stateCount(state, count)}
                  </StateMark>
                </li>,
              ];
        })}
      </ul>
      <ul className={styles.notes}>
        {delivered > 0 && deed !== "cancel" && <li>{words.delivered(delivered)}</li>}
        {copies > 0 && <li>{words.copies(copies)}</li>}
        {passed_over > 0 && <li>{words.passedOver(passed_over)}</li>}
        <li>{words.now}</li>
        <li>{deed === "cancel" ? words.undo : words.noUndo}</li>
      </ul>
    </>
  );
}
