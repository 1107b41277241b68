// Erasing a submission or a case for good: what goes with it is told before it is done.
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useMay } from "../api/useMay";
import { useConfirm } from "../design/Confirm";
import { ErrorNote } from "../design/ErrorNote";
import { Facts } from "../design/Section";
import { useToast } from "../design/Toasts";
import { useFormat, useWords } from "../i18n/words";
import type { Erased } from "./queries";

interface EraseButtonProps {
  project: string;
  title: string;
  /** What else goes with it. */
  about: string;
  /** Erases, or only tells how much it would be. */
  erase: (dryRun: boolean) => Promise<Erased>;
  /** It is gone: the page of it has nothing to show any more. */
  erased: () => void;
}

export function EraseButton({ project, title, about, erase, erased }: EraseButtonProps) {
  const words = useWords().filed.erase;
  const amounts = useWords().erasures;
  const format = useFormat();
  const may = useMay(project, "admin");
  const confirm = useConfirm();
  const toast = useToast();
  const client = useQueryClient();
  const tellOf = (error: Error) => toast({ text: <ErrorNote error={error} />, bad: true });
  const erasing = useMutation({
    mutationFn: () => erase(false),
    onSuccess: ({ being_sent }) => {
      // Nothing of it stays in the store of answers.
      client.removeQueries({ type: "inactive" });
      if (being_sent > 0) {
        toast({ text: words.beingSent, bad: true });
        return;
      }
      toast({ text: words.done });
      erased();
    },
    onError: tellOf,
  });
  const looking = useMutation({
    mutationFn: () => erase(true),
    onError: tellOf,
    onSuccess: async (found) => {
      const question = {
        title,
        text: (
          <>
            <p>{about}</p>
            <Facts
              facts={[
                [amounts.messages, format.number(found.messages)],
                [amounts.deliveries, format.number(found.deliveries)],
                [amounts.attempts, format.number(found.attempts)],
                [amounts.cancelled, format.number(found.cancelled)],
              ]}
            />
          </>
        ),
        action: words.now,
        loses: true,
      };
      if (found.messages === 0) {
        toast({ text: words.nothing });
      } else if (await confirm(question)) {
        erasing.mutate();
      }
    },
  });
  return (
    may && (
      <Button
        variant="default"
        loading={looking.isPending || erasing.isPending}
        onClick={() => looking.mutate()}
      >
        {words.action}
      </Button>
    )
  );
}
