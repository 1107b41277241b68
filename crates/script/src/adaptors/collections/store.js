// Where items are kept: in the hub, by the call `collections`, or at another endpoint that speaks as OpenFn's
// does, which the credential names.

import { host } from "fieldpost:host";
import { request } from "@openfn/language-common/http";

const hub = {
  get: (name, key) => host("collections", { get: { name, key } }),
  list: (name, { key, ...query }) => host("collections", { list: { name, pattern: key, ...query } }),
  set: (name, items) => host("collections", { set: { name, items } }),
  remove: (name, keys) => host("collections", { remove: { name, keys } }),
};

function elsewhere({ collections_endpoint: endpoint, collections_token: token, project_id: project }) {
  const ask = (method, path, options = {}) =>
    request(method, path, { baseUrl: endpoint, auth: { bearer: String(token ?? "") }, parseAs: "json", ...options });
  const root = project ? `/v2/${encodeURIComponent(project)}` : "";
  const path = (...parts) => `${root}/${parts.map(encodeURIComponent).join("/")}`;
  return {
    get: async (name, key) => (await ask("GET", path(name, key))).body,
    list: async (name, { keys_only: _, ...query }) => (await ask("GET", path(name), { query: withoutEmpty(query) })).body,
    set: async (name, items) => (await ask("POST", path(name), { body: { items }, contentType: "json" })).body,
    remove: async (name, keys) => {
      let removed = 0;
      for (const key of keys) removed += (await ask("DELETE", path(name, key))).body?.deleted ?? 0;
      return { removed };
    },
  };
}

const withoutEmpty = (query) => Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined && value !== null));

/** Where the step keeps its items. */
export const storeOf = ({ configuration }) => (configuration?.collections_endpoint ? elsewhere(configuration) : hub);
