// Pausing a whole project and resuming it, wherever that is offered: asked about with a reason,
// done, told.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createElement } from "react";
import { answered, api } from "../api/client";
import { projectsQuery } from "../api/projects";
import { ErrorNote } from "../design/ErrorNote";
import { useAskWithReason } from "../design/Reason";
import { useToast } from "../design/Toasts";
import { useWords } from "../i18n/words";
import { definitionsKey } from "./queries";

interface Turn {
  paused: boolean;
  reason: string | null;
}

export function useProjectPause(project: string) {
  const words = useWords().settings;
  const ask = useAskWithReason();
  const toast = useToast();
  const client = useQueryClient();
  const turning = useMutation({
    mutationFn: ({ paused, reason }: Turn) =>
      answered(
        api.POST(`/api/v1/projects/{project}/${paused ? "pause" : "resume"}`, {
          params: { path: { project } },
          body: { reason },
        }),
      ),
    onSuccess: (now) => toast({ text: now.paused ? words.nowPaused : words.nowRunning }),
    onError: (error) => toast({ text: createElement(ErrorNote, { error }), bad: true }),
    onSettled: () =>
      Promise.all(
        [
          projectsQuery.queryKey,
          definitionsKey(project),
          ["project", project],
          ["overview", project],
        ].map((queryKey) => client.invalidateQueries({ queryKey })),
      ),
  });
  const turn = async (paused: boolean) => {
    const reason = await ask({
      title: paused ? words.pauseAsk : words.resumeAsk,
      text: paused ? words.runningAbout : words.resumeAbout,
      action: paused ? words.pauseAction : words.resumeAction,
    });
    if (reason !== false) {
      turning.mutate({ paused, reason });
    }
  };
  return {
    pause: () => void turn(true),
    resume: () => void turn(false),
    isTurning: turning.isPending,
  };
}
