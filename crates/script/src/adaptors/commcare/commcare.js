// The adaptor `commcare`. Names, arguments and results are those of @openfn/language-commcare.

import { encodeFormBody, logResponse, request as sendAnywhere } from "@openfn/language-common/http";
import { expandReferences } from "@openfn/language-common/util";
import { failure } from "@openfn/language-common/service";
import { apiPath, next, request as send } from "@openfn/language-commcare/client";
import { workbook } from "@openfn/language-commcare/workbook";
import { toXml } from "@openfn/language-commcare/xml";

export * from "@openfn/language-common";
export { execute } from "@openfn/language-common/service";
export * as http from "@openfn/language-commcare/http";

/**
 * Asks for a resource of the project. Lists are asked for page by page, unless an `offset` is given;
 * the callback is called with each page.
 * @example get("case", { type: "patient", limit: 100 })
 */
export function get(path, params = {}, callback) {
  return async (state) => {
    const [way, asked] = expandReferences(state, path, params);
    const onePage = Number.isFinite(Number.parseInt(asked.offset, 10));
    const all = [];
    let current = state;
    let query = asked;
    for (;;) {
      const answer = await send(state, "GET", apiPath(state.configuration, way), { params: query }).catch((error) => {
        if (error?.statusCode === 404) error.body = { error: `Resource ${way} not found` };
        throw error;
      });
      current = await next(current, answer, callback);
      const { meta } = answer.body ?? {};
      if (onePage || !meta?.next) break;
      all.push(...[current.data].flat());
      query = { ...asked, offset: meta.offset + meta.limit, limit: meta.limit };
    }
    return all.length ? { ...current, data: [...all, ...[current.data].flat()] } : current;
  };
}

/**
 * Posts data to a resource of the project.
 * @example post("user", { username: "amina", password: $.data.password })
 */
export function post(path, data, params = {}, callback) {
  return async (state) => {
    const [way, body, asked] = expandReferences(state, path, data, params);
    const answer = await send(state, "POST", apiPath(state.configuration, way), { data: body, params: asked });
    return next(state, answer, callback);
  };
}

/**
 * Makes any request to the server.
 * @example request("GET", "/a/my-project/api/case/v2", null, { limit: 100 })
 */
export function request(method, path, body, params = {}) {
  return async (state) => {
    const [verb, way, data, asked] = expandReferences(state, method, path, body, params);
    return next(state, await send(state, verb.toUpperCase(), way, { data, params: asked }));
  };
}

function upload(state, path, fileField, sheets, fields) {
  const form = encodeFormBody(fields);
  form.parts.unshift({
    name: fileField,
    filename: "data.xlsx",
    content_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    base64: workbook(sheets),
  });
  return send(state, "POST", path, { data: form, contentType: null });
}

const importer = ({ domain }) => `/a/${domain}/importer/excel/bulk_upload_api/`;

/**
 * Imports cases from rows, which are sent as a spreadsheet.
 * @example submitXls([{ name: "Mamadou" }], { case_type: "student", search_field: "external_id", create_new_cases: "on" })
 */
export function submitXls(data, params) {
  return async (state) => {
    const [rows, fields] = expandReferences(state, data, params);
    const sheets = { Sheet1: [rows].flat() };
    return next(state, await upload(state, importer(state.configuration), "file", sheets, fields));
  };
}

function uploadOf(kind, { domain }, data) {
  switch (String(kind).toLowerCase()) {
    case "case-data":
      return { path: importer({ domain }), field: "file", sheets: { Sheet1: [data].flat() } };
    case "lookup-table":
      return { path: `/a/${domain}/fixtures/fixapi/`, field: "file-to-upload", sheets: data };
    default:
      throw failure("Unrecognized type", {
        description: `The type key was not recognized: ${kind}`,
        fix: "Set type to case-data or lookup-table",
      });
  }
}

/**
 * Imports cases from rows, or the sheets of lookup tables.
 * @example bulk("lookup-table", { types: [{ table_id: "fruit", "field 1": "name" }], fruit: [{ "field: name": "Orange" }] }, { replace: false })
 */
export function bulk(type, data, params) {
  return async (state) => {
    const [kind, rows, fields] = expandReferences(state, type, data, params);
    const { path, field, sheets } = uploadOf(kind, state.configuration, rows);
    const answer = await upload(state, path, field, sheets, fields);
    const { message, code } = answer.body ?? {};
    const body = { message: String(message ?? "").replace(/\n/g, ""), code };
    // The server answers 200 and says in the answer that it refused the file.
    if (code >= 400) throw failure(`CommCare refused the upload: ${body.message}`, { code, body });
    return next(state, { ...answer, body });
  };
}

/**
 * Submits a form, told as JSON: `@` has the attributes of an element, lists repeat it.
 * @example submit({ "@": { xmlns: "http://openrosa.org/formdesigner/visit" }, weight: $.data.weight })
 */
export function submit(data) {
  return async (state) => {
    const [form] = expandReferences(state, data);
    const { domain, appId } = state.configuration;
    const answer = await send(state, "POST", `/a/${domain}/receiver/${appId}/`, {
      data: toXml("data", form),
      contentType: "text/xml",
      parseAs: "text",
    });
    const nature = /nature="([^"]*)"/.exec(answer.body)?.[1];
    // A form that could not be worked on is answered with 201 as well.
    if (nature && nature !== "submit_success") {
      const message = /<message[^>]*>([^<]*)</.exec(answer.body)?.[1].trim();
      throw failure(`CommCare kept the form and could not work on it: ${message || nature}`, {
        code: nature,
        statusCode: answer.statusCode,
        body: answer.body,
      });
    }
    return next(state, answer);
  };
}

/**
 * Asks for a report and posts what came to another address, without the credential.
 * @example fetchReportData("abcde", { limit: 10 }, "https://www.example.org/reports")
 */
export function fetchReportData(reportId, params = {}, postUrl) {
  return async (state) => {
    const [report, asked, target] = expandReferences(state, reportId, params, postUrl);
    const path = `${apiPath(state.configuration, "configurablereportdata")}/${report}/`;
    const { body } = await send(state, "GET", path, { params: asked });
    logResponse(
      await sendAnywhere("POST", target, {
        headers: { "Content-Type": "application/json" },
        body,
        maxRedirections: 1,
      }),
    );
    return state;
  };
}
