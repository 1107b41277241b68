import { expect, test } from "vitest";
import { receiversIn } from "./receivers";

const source = (name: string, dialect: string, definition: unknown, enabled = true) => ({
  name,
  dialect,
  enabled,
  definition,
});

test("phones post to sources that say who may", () => {
  const found = receiversIn([
    source("kobo", "kobo", { dialect: "kobo" }),
    source("closed", "openrosa", { dialect: "openrosa" }),
    source("off", "openrosa", { access: "anonymous" }, false),
    source("collect", "openrosa", { access: ["phones", "tablets"] }),
    source("second", "openrosa", { access: "anonymous" }),
    source("hq", "commcare", { access: "anonymous" }),
  ]);
  expect(found).toEqual([
    { name: "collect", dialect: "openrosa", keys: ["phones", "tablets"] },
    { name: "hq", dialect: "commcare", keys: [] },
  ]);
});
