// What a project settles for all that it holds, and pausing it as a whole.
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMay } from "../../api/useMay";
import { PauseNote } from "../../definitions/PauseNote";
import { useProjectPause } from "../../definitions/projectPause";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { Section } from "../../design/Section";
import { StateMark } from "../../design/StateMark";
import { useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import { projectQuery, settingsQuery } from "./queries";
import { ReportNow } from "./ReportNow";
import { SettingsForm } from "./SettingsForm";
import styles from "./settings.module.css";

const route = getRouteApi("/inside/projects/$project/settings");

export function SettingsPage() {
  const words = useWords();
  const { project } = route.useParams();
  const mayChange = useMay(project, "admin");
  const { data, error, refetch, dataUpdatedAt } = useQuery(settingsQuery(project));
  return (
    <>
      <PageHead
        title={words.settings.title}
        about={mayChange ? undefined : words.settings.readOnly}
        actions={
          <Button
            variant="default"
            renderRoot={(props) => (
              <Link {...props} to="/projects/$project/erasures" params={{ project }} />
            )}
          >
            {words.erasures.title}
          </Button>
        }
      />
      <Pausing project={project} />
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null && <ListSkeleton label={words.common.loading} />}
      {data !== undefined && (
        <SettingsForm
          key={`${project} ${dataUpdatedAt}`}
          project={project}
          saved={data}
          mayChange={mayChange}
        />
      )}
      {mayChange && <ReportNow project={project} />}
    </>
  );
}

function Pausing({ project }: { project: string }) {
  const words = useWords().settings;
  const mayPause = useMay(project, "editor");
  const { data } = useQuery(projectQuery(project));
  const { pause, resume, isTurning } = useProjectPause(project);
  if (data === undefined) {
    return null;
  }
  return (
    <Section
      title={words.pause}
      actions={
        <StateMark tone={data.paused ? "waiting" : "well"}>
          {data.paused ? words.paused : words.running}
        </StateMark>
      }
    >
      <PauseNote pause={data.pause} ofProject />
      <p className={styles.about}>{data.paused ? words.pausedAbout : words.runningAbout}</p>
      {mayPause && (
        <Button
          mt="sm"
          variant={data.paused ? "filled" : "default"}
          loading={isTurning}
          onClick={data.paused ? resume : pause}
        >
          {data.paused ? words.resumeAction : words.pauseAction}
        </Button>
      )}
    </Section>
  );
}
