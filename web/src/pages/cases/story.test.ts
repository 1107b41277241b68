import { expect, test } from "vitest";
import type { CaseStep } from "./queries";
import { storyOf } from "./story";

const step = (actions: CaseStep["actions"], message: string | null = null): CaseStep => ({
  position: 1,
  form_id: "f",
  submission: message === null ? "s" : null,
  message,
  user_id: "u",
  at: "2026-11-22T08:00:00Z",
  received_at: "2026-11-22T08:00:00Z",
  kinds: [],
  actions,
});

test("a form tells what it changed, and what was so before", () => {
  const story = storyOf([
    step([
      { kind: "create", properties: { case_name: "Amina" } },
      { kind: "update", properties: { weight: "3.1", village: "Kibera" } },
    ]),
    step([{ kind: "update", properties: { weight: "4.2", village: "Kibera" } }]),
    step([{ kind: "close" }]),
  ]);
  expect(story.map(({ changes, same }) => [changes, same])).toEqual([
    [
      [
        { name: "case_name", before: null, after: "Amina" },
        { name: "weight", before: null, after: "3.1" },
        { name: "village", before: null, after: "Kibera" },
      ],
      0,
    ],
    [[{ name: "weight", before: "3.1", after: "4.2" }], 1],
    [[], 0],
  ]);
});

test("a property that is set twice in a form is told twice", () => {
  const [told] = storyOf([
    step([
      { kind: "update", properties: { weight: "3" } },
      { kind: "update", properties: { weight: "4" } },
    ]),
  ]);
  expect(told?.changes.map(({ before, after }) => [before, after])).toEqual([
    [null, "3"],
    ["3", "4"],
  ]);
});

test("ties and files come and go", () => {
  const index = { case_id: "h1", case_type: "household", relationship: "child" as const };
  const [told] = storyOf([
    step([
      { kind: "index", indices: { parent: index }, removed: ["old"] },
      {
        kind: "attachment",
        attachments: { photo: { origin: "local", source: "p.jpg", content_type: null } },
        removed: ["scan"],
      },
    ]),
  ]);
  expect(told?.ties).toEqual([
    { name: "parent", caseId: "h1" },
    { name: "old", caseId: null },
  ]);
  expect([told?.files, told?.filesRemoved]).toEqual([["photo"], ["scan"]]);
});

test("after a state of the whole case only what it names counts", () => {
  const story = storyOf([
    step([{ kind: "update", properties: { weight: "3", village: "Kibera" } }]),
    step([{ kind: "update", properties: { weight: "3" } }], "message"),
    step([{ kind: "update", properties: { village: "Kibera" } }]),
  ]);
  expect(story[2]?.changes).toEqual([{ name: "village", before: null, after: "Kibera" }]);
});
