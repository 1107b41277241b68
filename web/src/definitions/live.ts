// Keeps what the pages of definitions show up to date: events say that something happened, and how
// things stand is asked again, not more often than people look.
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useEvents } from "../api/events";
import { definitionsKey } from "./queries";

const PAUSE_MILLISECONDS = 2000;

export function useLiveDefinitions(project: string): void {
  const client = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  useEvents(() => {
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      void client.invalidateQueries({ queryKey: definitionsKey(project) });
    }, PAUSE_MILLISECONDS);
  });
}
