// Something is to be done with many: first it is counted and told what will happen, then it is done; how it
// goes on shows on the page of the action.
import { Button, Group, Loader } from "@mantine/core";
import { type UseQueryResult, useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { BulkAction, DeliveryPreview } from "../../api/types";
import { Dialog } from "../../design/Dialog";
import { ErrorNote } from "../../design/ErrorNote";
import { ReasonField } from "../../design/Reason";
import { useFormat, useWords } from "../../i18n/words";
import styles from "./actions.module.css";

interface ManyDialogProps {
  project: string;
  title: string;
  about: string;
  /** What it would do, and would pass over. */
  preview: UseQueryResult<DeliveryPreview>;
  told: (preview: DeliveryPreview) => ReactNode;
  act: (reason: string | null) => Promise<BulkAction>;
  /** What the button says: of how many, or of none. */
  actWord: (count: string | null) => string;
  /** Whether it ends something. */
  ends: boolean;
  close: () => void;
}

export function ManyDialog(props: ManyDialogProps) {
  const { project, title, about, preview, told, act, actWord, ends, close } = props;
  const words = useWords().deliveries.bulk;
  const format = useFormat();
  const navigate = useNavigate();
  const [reason, setReason] = useState<string | null>(null);
  const acting = useMutation({
    mutationFn: () => act(reason),
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
    <Dialog opened close={close} title={title} size="lg">
      <div className={styles.many}>
        <p className={styles.quiet}>{about}</p>
        {preview.isPending && (
          <p role="status" className={styles.counting}>
            <Loader aria-hidden="true" /> {words.counting}
          </p>
        )}
        {preview.error !== null && (
          <ErrorNote error={preview.error} retry={() => void preview.refetch()} />
        )}
        {preview.data !== undefined && told(preview.data)}
        {matched > 0 && <ReasonField change={setReason} />}
        {acting.error !== null && <ErrorNote error={acting.error} />}
        <Group justify="flex-end" gap="xs" mt="md">
          <Button variant="default" onClick={close}>
            {words.back}
          </Button>
          <Button
            color={ends ? "red" : "teal"}
            data-autofocus
            loading={acting.isPending}
            disabled={matched === 0}
            onClick={() => acting.mutate()}
          >
            {actWord(matched === 0 ? null : format.number(matched))}
          </Button>
        </Group>
      </div>
    </Dialog>
  );
}

interface WillHappenProps {
  /** In one sentence. */
  what: string;
  /** What else there is to know. */
  children?: ReactNode;
}

/** What will happen, before it does. */
export function Will({ what, children }: WillHappenProps) {
  return (
    <>
      <p className={styles.will}>{what}</p>
      {children}
    </>
  );
}
