// The runs that a message set off; nothing where none was.
import { useQuery } from "@tanstack/react-query";
import { useLiveLook } from "../../api/useLiveLook";
import { Section } from "../../design/Section";
import { useFlowWords } from "../../i18n/flows";
import { newestRunsQuery } from "./queries";
import { RunTable } from "./RunTable";

const SHOWN = 20;

export function RunsOfMessage({ project, message }: { project: string; message: string }) {
  const words = useFlowWords().runs;
  const runs = useQuery(newestRunsQuery(project, { message }, SHOWN)).data ?? [];
  useLiveLook([{ queryKey: ["runs", project] }], { concerns: ({ kind }) => kind === "run" });
  return runs.length === 0 ? null : (
    <Section title={words.ofMessage}>
      <RunTable project={project} runs={runs} mixed />
    </Section>
  );
}
