// Finding things by id, name or text.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "./client";

/** Less text than this finds too much to be of use. */
const FEWEST_CHARACTERS = 2;

/** Whether there is enough text to ask the hub. */
export const isSearched = (text: string): boolean => text.length >= FEWEST_CHARACTERS;

export const searchQuery = (text: string, project: string | null) =>
  queryOptions({
    queryKey: ["search", project, text],
    enabled: isSearched(text),
    queryFn: async ({ signal }) => {
      const query = { q: text, project: project ?? undefined };
      return (await answered(api.GET("/api/v1/search", { params: { query }, signal }))).items;
    },
  });
