// Doing something with one delivery: the question before it where something is lost, the words
// after it, and the way back where there is one.
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useRef, useState } from "react";
import type { Deed, Delivery } from "../../api/types";
import { ErrorNote } from "../../design/ErrorNote";
import { useAskWithReason } from "../../design/Reason";
import { useToast } from "../../design/Toasts";
import { useWords, type Words } from "../../i18n/words";
import { type Doubt, doubtOf } from "./deeds";
import { actOnOne, deliveryQuery } from "./queries";

type Acted = Pick<Delivery, "id" | "state" | "holds" | "connection"> & { followers?: number };

interface Deeds {
  /** `await act("retry", delivery)`; what fails is told. While something is done with a delivery,
   *  nothing else is: a second press would send it twice. */
  act: (deed: Deed, delivery: Acted) => Promise<void>;
  /** What is being done with a delivery, if anything. */
  doing: (id: string) => Deed | undefined;
}

export function useDeed(project: string): Deeds {
  const words = useWords().deliveries;
  const ask = useAskWithReason();
  const toast = useToast();
  const client = useQueryClient();
  const navigate = useNavigate();
  const busy = useRef(new Set<string>());
  const [doing, setDoing] = useState<ReadonlyMap<string, Deed>>(new Map());
  const act = useCallback(
    async (deed: Deed, delivery: Acted) => {
      const doubt = doubtOf(deed, delivery);
      const reason = doubt === null ? null : await ask(questionOf(doubt, deed, delivery, words));
      if (reason === false) {
        return;
      }
      const look = (id: string) =>
        client.invalidateQueries({ queryKey: deliveryQuery(project, id).queryKey });
      const open = (id: string) =>
        void navigate({
          to: "/projects/$project/deliveries/$delivery",
          params: { project, delivery: id },
        });
      const failed = (error: unknown) => toast({ text: <ErrorNote error={error} />, bad: true });
      const undo = () =>
        void actOnOne(project, "requeue", delivery.id, null).then(() => {
          toast({ text: words.undone });
          return look(delivery.id);
        }, failed);
      setDoing((before) => new Map(before).set(delivery.id, deed));
      try {
        const after = await actOnOne(project, deed, delivery.id, reason);
        // A cancellation that lets others pass is asked about; any other can be taken back.
        toast({
          text: words.done[deed],
          undo: deed === "cancel" && doubt === null ? undo : undefined,
          show: deed === "resend" ? { label: words.showNew, act: () => open(after.id) } : undefined,
        });
        await look(delivery.id);
      } catch (error) {
        failed(error);
      } finally {
        setDoing((before) => new Map([...before].filter(([id]) => id !== delivery.id)));
      }
    },
    [project, words, ask, toast, client, navigate],
  );
  const once = useCallback(
    async (deed: Deed, delivery: Acted) => {
      if (busy.current.has(delivery.id)) {
        return;
      }
      busy.current.add(delivery.id);
      await act(deed, delivery).finally(() => busy.current.delete(delivery.id));
    },
    [act],
  );
  return { act: once, doing: (id) => doing.get(id) };
}

function questionOf(doubt: Doubt, deed: Deed, delivery: Acted, words: Words["deliveries"]) {
  const { ask, deeds, story } = words;
  const { connection, followers = 0 } = delivery;
  switch (doubt) {
    case "resend":
      return { title: ask.resendTitle, text: ask.resend(connection), action: deeds[deed] };
    case "resend-waiting":
      return { title: ask.resendTitle, text: ask.resendWaiting(connection), action: deeds[deed] };
    case "arrives-again":
      return {
        title: ask.requeueTitle,
        text: ask.requeueDelivered(connection),
        action: deeds[deed],
      };
    case "undoes-newer":
      return {
        title: ask.requeueTitle,
        text: ask.requeueSuperseded,
        action: deeds[deed],
        loses: true,
      };
    case "lets-pass":
      return {
        title: ask.cancelTitle,
        text: followers > 0 ? ask.cancelFollowers(followers) : story.holdsNone,
        action: deeds[deed],
        loses: true,
      };
  }
}
