// Beginning a run again: from its start or from one of its steps, with the version that ran or with
// the newest.
import { Button, Group, Radio } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Dialog } from "../../design/Dialog";
import { ErrorNote } from "../../design/ErrorNote";
import { useToast } from "../../design/Toasts";
import { useFlowWords } from "../../i18n/flows";
import { useFormat } from "../../i18n/words";
import { type RetryVersion, retryRun } from "./queries";
import styles from "./runs.module.css";
import type { RunDetails, RunStep } from "./types";

interface RetryDialogProps {
  project: string;
  run: RunDetails;
  /** From which execution; null from the start, undefined while nothing is asked. */
  from: RunStep | null | undefined;
  close: () => void;
}

export function RetryDialog(props: RetryDialogProps) {
  const words = useFlowWords().runs.retry;
  return (
    <Dialog opened={props.from !== undefined} close={props.close} title={words.title}>
      {props.from !== undefined && <Choices {...props} from={props.from} />}
    </Dialog>
  );
}

function Choices({ project, run, from, close }: RetryDialogProps & { from: RunStep | null }) {
  const all = useFlowWords();
  const words = all.runs.retry;
  const format = useFormat();
  const navigate = useNavigate();
  const toast = useToast();
  const [version, setVersion] = useState<RetryVersion>("same");
  const retrying = useMutation({
    mutationFn: () => retryRun(project, run.id, { from_step: from?.number, version }),
    onSuccess: ({ id }) => {
      toast({ text: words.done });
      close();
      return navigate({ to: "/projects/$project/runs/$run", params: { project, run: id } });
    },
  });
  const title = from === null ? "" : from.name || from.step;
  return (
    <div className={styles.dialog}>
      <p>
        <strong>{from === null ? words.fromStart : words.fromStep(title)}.</strong>{" "}
        {from === null ? words.fromStartAbout : words.fromStepAbout(title)}
      </p>
      <Radio.Group
        label={words.version}
        value={version}
        onChange={(chosen) => setVersion(chosen === "newest" ? "newest" : "same")}
      >
        <Radio mt={8} value="same" label={words.same(format.number(run.version))} />
        <Radio mt={8} value="newest" label={words.newest} />
      </Radio.Group>
      {retrying.error !== null && <ErrorNote error={retrying.error} />}
      <Group justify="flex-end" gap="xs" mt="md">
        <Button variant="default" onClick={close}>
          {all.common.cancel}
        </Button>
        <Button data-autofocus loading={retrying.isPending} onClick={() => retrying.mutate()}>
          {words.act}
        </Button>
      </Group>
    </div>
  );
}
