// What is done to a definition as a whole: pausing and resuming, and removing it. What is in the
// way of removing is said by the hub, by name.
import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useConfirm } from "../design/Confirm";
import { ErrorNote } from "../design/ErrorNote";
import { useToast } from "../design/Toasts";
import { useWords } from "../i18n/words";
import { act, type Deed, definitionsKey, type Noun, remove } from "./queries";

/** What else shows how the definitions stand, in the store of answers. */
const LOOKS = ["overview", "map", "incident"];

/** Does something and shows what came of it. A pause can be taken back at once. */
export function useDeed(project: string, noun: Noun, name: string) {
  const words = useWords().definitions;
  const toast = useToast();
  const client = useQueryClient();
  const doing = useMutation({
    mutationFn: (deed: Deed) => act(project, noun, name, deed),
    onSuccess: (_, deed) => {
      toast({
        text: words.done[deed](name),
        undo: deed === "pause" ? () => doing.mutate("resume") : undefined,
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
  return doing;
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
  const deed = useDeed(project, noun, name);
  return (
    <Button
      variant="default"
      size={small ? "compact-sm" : "sm"}
      aria-label={small ? words.deedNamed(paused ? words.resume : words.pause, name) : undefined}
      loading={deed.isPending}
      onClick={() => deed.mutate(paused ? "resume" : "pause")}
    >
      {paused ? words.resume : words.pause}
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
