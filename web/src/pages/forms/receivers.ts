// The sources that phones post to, and the keys by which they prove themselves.
import { queryOptions } from "@tanstack/react-query";
import { answered, api } from "../../api/client";
import { definitionsKey } from "../../definitions/queries";

export interface Receiver {
  name: string;
  dialect: "openrosa" | "commcare";
  /** The names of the keys that it takes; none where anybody may post. */
  keys: string[];
}

interface Listed {
  name: string;
  dialect: string;
  enabled: boolean;
  definition: unknown;
}

/** Of all sources those that take what phones post, one of each dialect. */
export function receiversIn(sources: readonly Listed[]): Receiver[] {
  const found = sources.flatMap(({ name, dialect, enabled, definition }): Receiver[] => {
    const access = accessOf(definition);
    return enabled && (dialect === "openrosa" || dialect === "commcare") && access !== null
      ? [{ name, dialect, keys: access }]
      : [];
  });
  return found.filter(
    ({ dialect }, index) => found.findIndex((other) => other.dialect === dialect) === index,
  );
}

/** Null where a source has no receiver at all. */
function accessOf(definition: unknown): string[] | null {
  const access =
    typeof definition === "object" && definition !== null && "access" in definition
      ? definition.access
      : null;
  if (access === "anonymous") {
    return [];
  }
  const names = Array.isArray(access) ? access : [access];
  const keys = names.filter((name): name is string => typeof name === "string" && name !== "");
  return keys.length > 0 ? keys : null;
}

export const receiversQuery = (project: string) =>
  queryOptions({
    queryKey: [...definitionsKey(project), "receivers"],
    queryFn: async ({ signal }) => {
      const { items } = await answered(
        api.GET("/api/v1/projects/{project}/sources", { params: { path: { project } }, signal }),
      );
      return receiversIn(items);
    },
  });
