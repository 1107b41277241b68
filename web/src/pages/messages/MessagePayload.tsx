// What came in: the exact bytes, the parsed view, and the request around them.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMay } from "../../api/useMay";
import { ErrorNote } from "../../design/ErrorNote";
import { Facts, Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import { matchOf } from "../../payload/filter";
import { type LeafAction, PayloadView } from "../../payload/PayloadView";
import { pathOf } from "../../payload/path";
import { bodyPath, bodyQuery, requestQuery, viewQuery } from "./queries";

interface OfMessage {
  project: string;
  message: string;
}

export function Received({ project, message }: OfMessage) {
  const words = useWords();
  const { data, error, refetch } = useQuery(bodyQuery(project, message));
  if (error !== null) {
    return <ErrorNote error={error} retry={() => void refetch()} />;
  }
  if (data === undefined) {
    return <ListSkeleton label={words.common.loading} />;
  }
  return <PayloadView payload={data} download={bodyPath(project, message)} />;
}

export function Parsed({ project, message, source }: OfMessage & { source: string }) {
  const words = useWords();
  const navigate = useNavigate();
  const mayForward = useMay(project, "editor");
  const { data, error, refetch } = useQuery(viewQuery(project, message));
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
  if (error !== null) {
    return <ErrorNote error={error} retry={() => void refetch()} />;
  }
  return data === undefined ? (
    <ListSkeleton label={words.common.loading} />
  ) : (
    <PayloadView payload={data} leafActions={mayForward ? [filterOn, makeFilter] : [filterOn]} />
  );
}

export function Headers({ project, message }: OfMessage) {
  const words = useWords();
  const { data, error, refetch } = useQuery(requestQuery(project, message));
  if (error !== null) {
    return <ErrorNote error={error} retry={() => void refetch()} />;
  }
  if (data === undefined) {
    return <ListSkeleton label={words.common.loading} />;
  }
  const parameters = data.query.map(([name = "", value = ""]): [string, string] => [name, value]);
  return (
    <>
      <p>
        <code>
          {data.method} {data.path}
        </code>
      </p>
      <Section title={words.messages.tabs.headers}>
        <Facts facts={Object.entries(data.headers)} />
      </Section>
      {parameters.length > 0 && (
        <Section title={words.messages.parameters}>
          <Facts facts={parameters} />
        </Section>
      )}
    </>
  );
}
