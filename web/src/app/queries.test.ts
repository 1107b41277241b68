import { expect, test, vi } from "vitest";
import { Problem } from "../api/problem";
import { newQueryClient } from "./queries";

const refusal = (code: string, status = 401) =>
  new Problem({ type: "about:blank", title: "", status, detail: "", code, hint: null });

test.each([
  ["unauthorized", ["message"], 1],
  ["wrong-credentials", ["message"], 0],
  ["code-needed", ["message"], 0],
  ["unauthorized", ["session"], 0],
])("the code %s at %j ends the session so often: %i", async (code, key, times) => {
  const signedOut = vi.fn<() => void>();
  const client = newQueryClient(signedOut);
  const refuse = () => Promise.reject(refusal(code));
  await client.fetchQuery({ queryKey: key, queryFn: refuse }).catch(() => null);
  expect(signedOut).toHaveBeenCalledTimes(times);
  await client
    .getMutationCache()
    .build(client, { mutationKey: key, mutationFn: refuse })
    .execute(undefined)
    .catch(() => null);
  expect(signedOut).toHaveBeenCalledTimes(2 * times);
});
