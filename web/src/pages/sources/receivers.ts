// Receivers: the addresses that phones post to, which belong to the project and have no secret in them.
// Whoever posts there proves itself with a key of the project, unless the source takes everybody.
import type { Value } from "../../definitions/definition";
import { namesIn } from "../../definitions/names";

/** The dialects that have them. */
export const WITH_RECEIVER: readonly string[] = ["openrosa", "commcare"];

export const ANONYMOUS = "anonymous";

/** Who may post: nobody, so that there is no receiver; holders of keys; or anybody. */
export type Access = "closed" | "keys" | "anonymous";

export function accessOf(value: Value | undefined): Access {
  if (value === ANONYMOUS) {
    return "anonymous";
  }
  return Array.isArray(value) ? "keys" : "closed";
}

/** The address that a source of that dialect has once it lets somebody in; null for none. */
export function receiverOf(
  project: string,
  dialect: string,
  access: Value | undefined,
): string | null {
  const path = encodeURIComponent(project);
  const isClosed = access !== ANONYMOUS && namesIn(access).length === 0;
  if (isClosed || !WITH_RECEIVER.includes(dialect)) {
    return null;
  }
  return dialect === "commcare" ? `/a/${path}/receiver/` : `/p/${path}`;
}
