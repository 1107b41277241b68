// What a project settles for all that it holds, and pausing it as a whole.
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { projectsQuery } from "../../api/projects";
import { useMay } from "../../api/useMay";
import { ErrorNote } from "../../design/ErrorNote";
import { PageHead } from "../../design/PageHead";
import { useAskWithReason } from "../../design/Reason";
import { Section } from "../../design/Section";
import { StateMark } from "../../design/StateMark";
import { useToast } from "../../design/Toasts";
import { useWords } from "../../i18n/words";
import { ListSkeleton } from "../../lists/ListParts";
import { pauseProject, projectQuery, settingsQuery } from "./queries";
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
  const client = useQueryClient();
  const ask = useAskWithReason();
  const toast = useToast();
  const turning = useMutation({
    mutationFn: ({ paused, reason }: { paused: boolean; reason: string | null }) =>
      pauseProject(project, paused, reason),
    onSuccess: async (now) => {
      client.setQueryData(projectQuery(project).queryKey, now);
      toast({ text: now.paused ? words.nowPaused : words.nowRunning });
      await client.invalidateQueries(projectsQuery);
    },
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
  });
  if (data === undefined) {
    return null;
  }
  const pause = async () => {
    const question = { title: words.pauseAsk, text: words.runningAbout };
    const reason = await ask({ ...question, action: words.pauseAction });
    if (reason !== false) {
      turning.mutate({ paused: true, reason });
    }
  };
  return (
    <Section
      title={words.pause}
      actions={
        <StateMark tone={data.paused ? "waiting" : "well"}>
          {data.paused ? words.paused : words.running}
        </StateMark>
      }
    >
      <p className={styles.about}>{data.paused ? words.pausedAbout : words.runningAbout}</p>
      {mayPause && (
        <Button
          mt="sm"
          variant={data.paused ? "filled" : "default"}
          loading={turning.isPending}
          onClick={() =>
            data.paused ? turning.mutate({ paused: false, reason: null }) : void pause()
          }
        >
          {data.paused ? words.resumeAction : words.pauseAction}
        </Button>
      )}
    </Section>
  );
}
