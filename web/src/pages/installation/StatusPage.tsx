// What the hub says about itself.
import { useQuery } from "@tanstack/react-query";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { Facts, Section } from "../../design/Section";
import { useFormat, useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import { statusQuery } from "./queries";

export function StatusPage() {
  const { installation, common } = useWords();
  const words = installation.status;
  const format = useFormat();
  const { data, error, refetch } = useQuery(statusQuery);
  const engine = Object.entries(words.engines).find(([name]) => name === data?.engine)?.[1];
  return (
    <>
      <PageHead title={words.title} about={words.about} />
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <ListSkeleton label={common.loading} />}
      {data !== undefined && (
        <Facts
          facts={[
            [words.version, data.version],
            [words.engine, engine ?? data.engine],
            [words.waiting, format.number(data.waiting)],
            [words.defaultProject, data.default_project ?? words.none],
            [words.networks, data.settings.allow_networks || words.noNetworks],
            [words.mailRelay, data.settings.mail_relay ?? words.noMail],
            [words.publicUrl, data.settings.public_url ?? words.noPublicUrl],
          ]}
        />
      )}
      {data !== undefined && data.unreadable_projects.length > 0 && (
        <Section title={words.unreadable}>
          <p>{words.unreadableAbout}</p>
          <Facts facts={data.unreadable_projects.map(({ project, reason }) => [project, reason])} />
        </Section>
      )}
    </>
  );
}
