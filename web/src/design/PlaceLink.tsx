// A link to a list of a project, or to one thing in it, by what it is and its name: for pages that
// draw many kinds of things side by side.
import { Link } from "@tanstack/react-router";
import type { ComponentProps } from "react";

export type Place =
  | "messages"
  | "deliveries"
  | "incidents"
  | "connections"
  | "sources"
  | "forwarders"
  | "workflows"
  | "runs"
  | "forms"
  | "form-definitions"
  | "roles"
  | "people"
  | "submissions"
  | "cases"
  | "first-steps";

/** The address of a list of a project, or of one thing in it. */
export function placeOf(project: string, place: Place, name?: string): string {
  const list = `/projects/${encodeURIComponent(project)}/${place}`;
  return name === undefined ? list : `${list}/${encodeURIComponent(name)}`;
}

interface PlaceLinkProps extends Omit<ComponentProps<"a">, "name" | "href"> {
  project: string;
  place: Place;
  /** Which one; the list of all, where it is left out. */
  name?: string;
  /** The filters of a list. */
  filters?: Record<string, string>;
}

/** Whatever else it is given is the link's, so that a button can be one. */
export function PlaceLink({ project, place, name, filters, ...anchor }: PlaceLinkProps) {
  const address: string = placeOf(project, place, name);
  return <Link {...anchor} to={address} search={filters ?? {}} />;
}
