import { expect, test } from "vitest";
import type { Access, Session } from "../../api/session";
import { levelsToGive } from "./queries";

function session(access: Access | null, installation_admin = false): Session {
  return {
    installation_admin,
    principal: { kind: "user", name: "Amina" },
    projects: access === null ? [] : [{ project: "clinic", access }],
    second_factor: false,
    setup_needed: false,
    user: null,
  };
}

test.each([
  [undefined, []],
  [session(null), []],
  [session("viewer"), []],
  [session("editor"), []],
  [session("admin"), ["viewer", "editor", "admin"]],
  [session("owner"), ["viewer", "editor", "admin", "owner"]],
  [session(null, true), ["viewer", "editor", "admin", "owner"]],
])("nobody gives more than they have (%#)", (who, expected) => {
  expect(levelsToGive(who, "clinic")).toEqual(expected);
});
