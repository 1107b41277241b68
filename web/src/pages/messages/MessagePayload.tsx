// What came in: the exact bytes, the parsed view, and the request around them.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import type { MessageRequest } from "../../api/types";
import { useMay } from "../../api/useMay";
import { Facts, Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
import { matchOf } from "../../payload/filter";
import { type LeafAction, PayloadView } from "../../payload/PayloadView";
import { pathOf } from "../../payload/path";
import { bodyPath, bodyQuery, requestQuery, viewQuery } from "./queries";

interface OfMessage {
  project: string;
  message: string;
}

export function Received({ project, message }: OfMessage) {
  return (
    <Loaded query={useQuery(bodyQuery(project, message))}>
      {(payload) => <PayloadView payload={payload} download={bodyPath(project, message)} />}
    </Loaded>
  );
}

export function Parsed({ project, message, source }: OfMessage & { source: string }) {
  const words = useWords();
  const navigate = useNavigate();
  const mayForward = useMay(project, "editor");
  const mayDefine = useMay(project, "admin");
  const filterOn: LeafAction = {
    label: words.payload.filterOn,
    act: ({ steps, json }) =>
      void navigate({
        to: "/projects/$project/messages",
        params: { project },
        search: { value: [`${pathOf(steps)}=${json}`] },
      }),
  };
  const makeFilter: LeafAction = {
    label: words.forwarders.filterFromThis,
    act: ({ steps, json }) =>
      void navigate({
        to: "/projects/$project/new/forwarder",
        params: { project },
        search: { from: source, match: matchOf(steps, json) },
      }),
  };
  const makeWorkflow: LeafAction = {
    label: words.messages.workflowFilter,
    act: ({ steps, json }) =>
      void navigate({
        to: "/projects/$project/new/workflow",
        params: { project },
        search: { source, message, match: matchOf(steps, json) },
      }),
  };
  const actions = [
    filterOn,
    ...(mayForward ? [makeFilter] : []),
    ...(mayDefine ? [makeWorkflow] : []),
  ];
  return (
    <Loaded query={useQuery(viewQuery(project, message))}>
      {(payload) => <PayloadView payload={payload} leafActions={actions} />}
    </Loaded>
  );
}

export function Headers({ project, message }: OfMessage) {
  return (
    <Loaded query={useQuery(requestQuery(project, message))}>
      {(request) => <RequestFacts request={request} />}
    </Loaded>
  );
}

function RequestFacts({ request }: { request: MessageRequest }) {
  const words = useWords();
  const parameters = request.query.map(([name = "", value = ""]): [string, string] => [
    name,
    value,
  ]);
  return (
    <>
      <p>
        <code>
          {request.method} {request.path}
        </code>
      </p>
      <Section title={words.messages.tabs.headers}>
        <Facts facts={Object.entries(request.headers)} />
      </Section>
      {parameters.length > 0 && (
        <Section title={words.messages.parameters}>
          <Facts facts={parameters} />
        </Section>
      )}
    </>
  );
}
