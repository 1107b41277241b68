// Replaying everything that the list finds: matched again with one forwarder, first counted, then
// done at a pace; how it goes on shows on the page of the action.
import { Button, Group, NumberInput, Select } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { forwardersQuery } from "../../definitions/queries";
import { Dialog } from "../../design/Dialog";
import { ErrorNote } from "../../design/ErrorNote";
import { ReasonField } from "../../design/Reason";
import { useFormat, useWords } from "../../i18n/words";
import type { FilterWord } from "../../lists/ListBar";
import styles from "./messages.module.css";
import { type MessageFilters, replayMany, replayPreviewQuery } from "./queries";

/** Deliveries that are made in a second, unless somebody wants more or fewer. */
const USUAL_RATE = 50;

interface ReplayManyProps {
  project: string;
  filters: MessageFilters;
  /** The filters as words. */
  told: FilterWord[];
}

export function ReplayMany(props: ReplayManyProps) {
  const words = useWords().messages.replayMany;
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <Button variant="default" onClick={() => setOpen(true)}>
        {words.open}
      </Button>
      <Dialog opened={isOpen} close={close} title={words.title} size="lg">
        <Order {...props} close={close} />
      </Dialog>
    </>
  );
}

function Order(props: ReplayManyProps & { close: () => void }) {
  const { project, filters, told, close } = props;
  const all = useWords();
  const words = all.messages.replayMany;
  const format = useFormat();
  const navigate = useNavigate();
  const forwarders = useQuery(forwardersQuery(project)).data ?? [];
  const [forwarder, setForwarder] = useState<string | null>(null);
  const [rate, setRate] = useState<number | null>(USUAL_RATE);
  const [reason, setReason] = useState<string | null>(null);
  const preview = useQuery({
    ...replayPreviewQuery(project, filters, forwarder ?? ""),
    enabled: forwarder !== null,
  });
  const ordering = useMutation({
    mutationFn: (wanted: string) => replayMany(project, filters, wanted, rate, reason),
    onSuccess: ({ id }) => {
      close();
      return navigate({
        to: "/projects/$project/actions/$action",
        params: { project, action: id },
      });
    },
  });
  const matched = forwarder === null ? 0 : (preview.data?.matched ?? 0);
  return (
    <div className={styles.replayMany}>
      <p className={styles.quiet}>{words.about}</p>
      <p>
        {told.length === 0
          ? words.everything
          : words.which(told.map(({ text }) => text).join(" · "))}
      </p>
      {filters.text !== undefined && <p className={styles.quiet}>{words.textInIdentities}</p>}
      {filters.value !== undefined && <p className={styles.quiet}>{words.byValue}</p>}
      <Select
        label={words.forwarder}
        data={forwarders.map(({ name }) => name)}
        value={forwarder}
        required
        data-autofocus
        onChange={setForwarder}
      />
      <NumberInput
        label={words.rate}
        description={words.rateAbout}
        min={0}
        decimalScale={0}
        value={rate ?? ""}
        onChange={(value) => setRate(value === "" ? null : Number(value))}
      />
      <ReasonField change={setReason} />
      {preview.error !== null && <ErrorNote error={preview.error} />}
      {forwarder !== null && preview.data !== undefined && (
        <p role="status">{words.looked(preview.data.matched)}</p>
      )}
      {ordering.error !== null && <ErrorNote error={ordering.error} />}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={close}>
          {all.common.cancel}
        </Button>
        <Button
          loading={ordering.isPending}
          disabled={matched === 0}
          onClick={() => forwarder !== null && ordering.mutate(forwarder)}
        >
          {matched === 0 ? all.messages.replay : words.act(format.number(matched))}
        </Button>
      </Group>
    </div>
  );
}
