// The adaptor `kobotoolbox`. Names, arguments and results are those of @openfn/language-kobotoolbox.

import { expandReferences } from "@openfn/language-common/util";
import { nextState } from "@openfn/language-common/service";
import { request } from "@openfn/language-kobotoolbox/client";

export * from "@openfn/language-common";
export { execute } from "@openfn/language-common/service";
export * as http from "@openfn/language-kobotoolbox/http";

/** How many submissions are fetched at most, unless the job says how many it wants. */
const usualLimit = 30_000;

/** How many submissions the servers give at most for one request. */
const usualPage = 1_000;

const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// Lists come in pages; those after the first begin where the ones before ended. Submissions are asked
// for by `start`, all other lists by `offset`.
async function pages(state, path, { query, from, first = 0, limit, pageSize }) {
  const results = [];
  let begin = Number(first);
  let before = [];
  for (;;) {
    const asked = { ...query, [from]: begin, limit: Math.min(pageSize, limit - results.length) };
    const answer = await request(state, "GET", path, { query: asked });
    const page = answer.body?.results ?? [];
    // A server that does not know `from` gives its first page again, and would do so without end.
    const isAgain = page.length > 0 && before.length > 0 && isSame(page[0], before[0]);
    if (isAgain) console.warn(`The server gives the same page again: there may be more than ${results.length}`);
    else results.push(...page);
    begin += page.length;
    before = page;
    const isMore = Boolean(answer.body?.next) && page.length > 0 && !isAgain;
    if (!isMore || results.length >= limit) return { answer, results: results.slice(0, limit), isMore };
  }
}

/**
 * Asks for all forms that the user may see.
 * @example getForms()
 */
export function getForms() {
  return async (state) => {
    const { answer, results } = await pages(state, "assets", {
      query: { asset_type: "survey" },
      from: "offset",
      limit: Number.POSITIVE_INFINITY,
      pageSize: usualPage,
    });
    console.log(results.length, "forms fetched");
    return nextState(state, { ...answer, body: { ...answer.body, next: null, results } });
  };
}

const asText = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/**
 * Asks for the submissions of a form, page by page: 30,000 of them, unless `limit` says how many. The
 * options are `query`, `sort`, `start`, `limit` (Infinity for all) and `pageSize`.
 * @example getSubmissions("aXecHjmbATuF6iGFmvBLBX", { query: { _submission_time: { $gte: $.cursor } } })
 */
export function getSubmissions(formId, options = {}) {
  return async (state) => {
    const [form, given] = expandReferences(state, formId, options);
    const { limit = usualLimit, pageSize = usualPage, query, sort = { _id: 1 }, start } = given ?? {};
    const { answer, results, isMore } = await pages(state, `assets/${form}/data`, {
      query: { sort: asText(sort), ...(query && { query: asText(query) }) },
      from: "start",
      first: start ?? 0,
      limit: Number(limit),
      pageSize: Number(pageSize),
    });
    if (isMore && given?.limit === undefined) {
      console.warn(
        `There are more than ${limit} submissions; the others begin at start: ${Number(start ?? 0) + limit}, or say how many with limit`,
      );
    }
    console.log(results.length, "submissions fetched");
    return nextState(state, { ...answer, body: results });
  };
}

/**
 * Asks how and where a form is deployed.
 * @example getDeploymentInfo("aXecHjmbATuF6iGFmvBLBX")
 */
export function getDeploymentInfo(formId) {
  return async (state) => {
    const [form] = expandReferences(state, formId);
    return nextState(state, await request(state, "GET", `assets/${form}/deployment`));
  };
}
