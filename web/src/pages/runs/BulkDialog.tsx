// Something is to be done with many runs: first it is counted, then it is done; how it goes on shows
// on the page of the action.
import { Button, Group, Loader } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Dialog } from "../../design/Dialog";
import { ErrorNote } from "../../design/ErrorNote";
import { ReasonField } from "../../design/Reason";
import { useFlowWords } from "../../i18n/flows";
import { useFormat } from "../../i18n/words";
import { actOnRuns, previewQuery, type RunDeed, type RunFilters } from "./queries";
import styles from "./runs.module.css";

interface BulkDialogProps {
  project: string;
  /** What is to be done; null while nothing is. */
  deed: RunDeed | null;
  /** To which runs. */
  filters: RunFilters & { ids?: string };
  close: () => void;
}

export function BulkDialog(props: BulkDialogProps) {
  const words = useFlowWords().runs;
  const { deed, close } = props;
  return (
    <Dialog
      opened={deed !== null}
      close={close}
      title={deed === null ? "" : words.bulk.title(words.deeds[deed])}
    >
      {deed !== null && <Preview {...props} deed={deed} />}
    </Dialog>
  );
}

function Preview({ project, deed, filters, close }: BulkDialogProps & { deed: RunDeed }) {
  const all = useFlowWords();
  const words = all.runs.bulk;
  const format = useFormat();
  const navigate = useNavigate();
  const [reason, setReason] = useState<string | null>(null);
  const preview = useQuery(previewQuery(project, deed, filters));
  const acting = useMutation({
    mutationFn: () => actOnRuns(project, deed, filters, reason),
    onSuccess: ({ id }) => {
      close();
      return navigate({
        to: "/projects/$project/actions/$action",
        params: { project, action: id },
      });
    },
  });
  const matched = preview.data?.matched ?? 0;
  const passedOver = preview.data?.passed_over ?? 0;
  return (
    <div className={styles.dialog}>
      <p className={styles.quiet}>{words.about[deed]}</p>
      {preview.isPending && (
        <p role="status">
          <Loader aria-hidden="true" /> {all.deliveries.bulk.counting}
        </p>
      )}
      {preview.error !== null && (
        <ErrorNote error={preview.error} retry={() => void preview.refetch()} />
      )}
      {preview.data !== undefined && (
        <>
          <p className={styles.will}>{matched === 0 ? words.none : words.touched[deed](matched)}</p>
          {passedOver > 0 && <p className={styles.quiet}>{words.passedOver(passedOver)}</p>}
        </>
      )}
      {matched > 0 && <ReasonField change={setReason} />}
      {acting.error !== null && <ErrorNote error={acting.error} />}
      <Group justify="flex-end" gap="xs" mt="md">
        <Button variant="default" onClick={close}>
          {all.deliveries.bulk.back}
        </Button>
        <Button
          color={deed === "cancel" ? "red" : "teal"}
          data-autofocus
          loading={acting.isPending}
          disabled={matched === 0}
          onClick={() => acting.mutate()}
        >
          {matched === 0 ? all.runs.deeds[deed] : words.act[deed](format.number(matched))}
        </Button>
      </Group>
    </div>
  );
}
