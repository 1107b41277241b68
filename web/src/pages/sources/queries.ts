// What the pages of sources ask the hub beside their definitions.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "../../api/client";
import { definitionsKey } from "../../definitions/queries";

/** So many quarantined messages are counted. */
export const MOST_COUNTED = 100;

/** How many messages of a source could not be read; `more` where there are more than are counted. */
export const quarantinedQuery = (project: string, source: string) =>
  queryOptions({
    queryKey: [...definitionsKey(project), "quarantined", source],
    queryFn: async ({ signal }) => {
      const page = await answered(
        api.GET("/api/v1/projects/{project}/messages", {
          params: {
            path: { project },
            query: { source, state: "quarantined", limit: MOST_COUNTED },
          },
          signal,
        }),
      );
      return { count: page.items.length, more: page.next !== null };
    },
  });

const SECRET_BYTES = 24;

/** A secret for an inbox address, too long to be guessed. */
export function newInboxSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
