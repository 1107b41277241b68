// What is done to a definition as a whole: pausing and resuming, and removing it. What is in the
// way of removing is said by the hub, by name.
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useConfirm } from "../design/Confirm";
import { ErrorNote } from "../design/ErrorNote";
import { useAskWithReason } from "../design/Reason";
import { useToast } from "../design/Toasts";
import { useWords } from "../i18n/words";
import { act, type Deed, definitionsKey, type Noun, remove } from "./queries";

/** What else shows how the definitions stand, in the store of answers. */
const LOOKS = ["overview", "map", "incident"];

interface Deeds {
  /** Does it, and shows what came of it. A pause and its end are asked about first, with a reason;
   *  a pause can be taken back. */
  act: (deed: Deed) => void;
  /** Whether it is being done. */
  doing: (deed: Deed) => boolean;
}

export function useDeed(project: string, noun: Noun, name: string): Deeds {
  const words = useWords().definitions;
  const toast = useToast();
  const ask = useAskWithReason();
  const client = useQueryClient();
  const told = (deed: Deed) =>
    noun === "workflows" && deed !== "try-now"
      ? words.ofWorkflow.done[deed](name)
      : words.done[deed](name);
  const doing = useMutation({
    mutationFn: ({ deed, reason }: { deed: Deed; reason: string | null }) =>
      act(project, noun, name, deed, reason),
    onSuccess: (_, { deed }) => {
      toast({
        text: told(deed),
        undo: deed === "pause" ? () => doing.mutate({ deed: "resume", reason: null }) : undefined,
      });
    },
    onSettled: () =>
      Promise.all(
        [definitionsKey(project), ...LOOKS.map((key) => [key, project])].map((queryKey) =>
          client.invalidateQueries({ queryKey }),
        ),
      ),
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
  });
  const abouts = noun === "workflows" ? words.ofWorkflow : words;
  const questions = {
    pause: { title: words.pauseAsk(name), text: abouts.pauseAbout, action: words.pause },
    resume: { title: words.resumeAsk(name), text: abouts.resumeAbout, action: words.resume },
  };
  const asked = async (deed: keyof typeof questions) => {
    const reason = await ask(questions[deed]);
    if (reason !== false) {
      doing.mutate({ deed, reason });
    }
  };
  return {
    act: (deed) => (deed === "try-now" ? doing.mutate({ deed, reason: null }) : void asked(deed)),
    doing: (deed) => doing.isPending && doing.variables.deed === deed,
  };
}

interface OfDefinition {
  project: string;
  noun: Noun;
  name: string;
}

interface PauseButtonProps extends OfDefinition {
  paused: boolean;
  /** In a row. */
  small?: boolean;
}

export function PauseButton({ project, noun, name, paused, small = false }: PauseButtonProps) {
  const words = useWords().definitions;
  const { act: press, doing } = useDeed(project, noun, name);
  const deed = paused ? "resume" : "pause";
  return (
    <Button
      variant="default"
      size={small ? "compact-sm" : "sm"}
      aria-label={small ? words.deedNamed(words[deed], name) : undefined}
      loading={doing(deed)}
      onClick={() => press(deed)}
    >
      {words[deed]}
    </Button>
  );
}

interface RemoveButtonProps extends OfDefinition {
  /** What will happen. */
  about: ReactNode;
}

export function RemoveButton({ project, noun, name, about }: RemoveButtonProps) {
  const words = useWords().definitions;
  const confirm = useConfirm();
  const toast = useToast();
  const client = useQueryClient();
  const router = useRouter();
  const removing = useMutation({
    mutationFn: () => remove(project, noun, name),
    onSuccess: () => {
      toast({ text: words.removed(name) });
      router.history.push(`/projects/${encodeURIComponent(project)}/${noun}`);
      client.removeQueries({ queryKey: [...definitionsKey(project), noun, name] });
      return client.invalidateQueries({ queryKey: definitionsKey(project) });
    },
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
  });
  const ask = async () => {
    if (
      await confirm({
        title: words.removeAsk(name),
        text: about,
        action: words.removeAction,
        loses: true,
      })
    ) {
      removing.mutate();
    }
  };
  return (
    <Button variant="subtle" color="red" loading={removing.isPending} onClick={() => void ask()}>
      {words.removeAction}
    </Button>
  );
}
