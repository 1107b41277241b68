// Finding things by id, name or text.
import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { problemOf } from "./problem";

export interface Hit {
  kind: "message" | "delivery" | "source" | "forwarder" | "connection" | "incident";
  id: string;
  title: string;
  project: string;
  /** The address of its page. */
  url_path: string;
}

/** Less text than this finds too much to be of use. */
const FEWEST_CHARACTERS = 2;

export const searchQuery = (text: string, project: string | null) =>
  queryOptions({
    queryKey: ["search", project, text],
    enabled: text.length >= FEWEST_CHARACTERS,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const query = new URLSearchParams({ q: text, ...(project === null ? {} : { project }) });
      const response = await fetch(`/api/v1/search?${query}`, {
        credentials: "same-origin",
        signal,
      });
      const body: unknown = await response.json().catch(() => null);
      if (!response.ok) {
        throw problemOf(body, response);
      }
      return (body as { items: Hit[] }).items;
    },
  });
