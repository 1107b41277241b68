// What the first steps ask the hub: the newest message of a source, and what it holds.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "../../api/client";
import type { Message } from "../../api/types";

export const newestQuery = (project: string, source: string) =>
  queryOptions({
    queryKey: ["first-steps", project, source, "newest"],
    queryFn: async ({ signal }): Promise<Message | null> =>
      (
        await answered(
          api.GET("/api/v1/projects/{project}/messages", {
            params: { path: { project }, query: { source, limit: 1 } },
            signal,
          }),
        )
      ).items[0] ?? null,
  });
