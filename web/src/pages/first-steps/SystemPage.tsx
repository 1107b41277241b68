// One system, step by step: the way in, the clicks over there, the first submission, what becomes
// of it. Where the reader is stands in the address, so that a reload goes on from there.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { wholeLink } from "../../api/links";
import { useMay } from "../../api/useMay";
import { urlsQuery } from "../../definitions/queries";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { NotFound } from "../NotFound";
import { CopyAddress } from "../sources/Addresses";
import { FirstSubmission } from "./FirstSubmission";
import styles from "./firstSteps.module.css";
import { MakeSource } from "./MakeSource";
import { StepText } from "./StepText";
import { isSystem, type System } from "./systems";

const route = getRouteApi("/inside/projects/$project/first-steps/$system");

export function SystemPage() {
  const { system } = route.useParams();
  return isSystem(system) ? <Steps system={system} /> : <NotFound />;
}

function Steps({ system }: { system: System }) {
  const words = useWords().firstSteps;
  const all = useWords().definitions;
  const { project } = route.useParams();
  const { source } = route.useSearch();
  const may = useMay(project, "editor");
  const { data, error, refetch } = useQuery({
    ...urlsQuery(project, source ?? ""),
    enabled: source !== undefined && may,
  });
  const address = data?.inbox ?? null;
  const without = may ? words.addressToCome : words.addressHidden;
  return (
    <>
      <PageHead
        title={words.titleFor(words.systems[system])}
        about={words.abouts[system]}
        actions={
          <Link to="/projects/$project/first-steps" params={{ project }}>
            {words.another}
          </Link>
        }
      />
      {source === undefined ? (
        <MakeSource project={project} system={system} />
      ) : (
        <Section title={words.made}>
          {error === null ? (
            address !== null && <CopyAddress address={address} label={all.copyAddress} />
          ) : (
            <ErrorNote error={error} retry={() => void refetch()} />
          )}
          {address !== null && isLocal(wholeLink(address)) && (
            <p className={styles.local}>{words.localhost}</p>
          )}
        </Section>
      )}
      <Section title={words.clicks}>
        <ol className={styles.steps}>
          {words.steps[system].map((step) => (
            <li key={step}>
              <StepText text={step} address={address} without={without} />
            </li>
          ))}
        </ol>
        <h3 className={styles.subtitle}>{words.limits}</h3>
        <ul className={styles.notes}>
          {words.notes[system].map((note) => (
            <li key={note}>
              <StepText text={note} address={address} without={without} />
            </li>
          ))}
        </ul>
      </Section>
      {source !== undefined && <FirstSubmission project={project} source={source} />}
    </>
  );
}

/** Whether an address is one that only this machine can reach. */
function isLocal(address: string): boolean {
  const { hostname } = new URL(address);
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
