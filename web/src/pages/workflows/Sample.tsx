// The message that a workflow is made for, as a job will see it: a click on a value takes its path.
import { useQuery } from "@tanstack/react-query";
import { copyText } from "../../design/copy";
import { Section } from "../../design/Section";
import { useToast } from "../../design/Toasts";
import { useFlowWords } from "../../i18n/flows";
import { Loaded } from "../../lists/Loaded";
import { PayloadView } from "../../payload/PayloadView";
import type { Steps } from "../../payload/path";
import { viewQuery } from "../messages/queries";
import styles from "./workflows.module.css";

/** The path of a value as a job writes it: `$.data.children[0]["first name"]`. */
export function jobPath(steps: Steps): string {
  const parts = steps.map((step) =>
    typeof step === "number"
      ? `[${step}]`
      : /^[A-Za-z_$][\w$]*$/.test(step)
        ? `.${step}`
        : `[${JSON.stringify(step)}]`,
  );
  return `$.data${parts.join("")}`;
}

export function Sample({ project, message }: { project: string; message: string }) {
  const words = useFlowWords().workflows.editor;
  const all = useFlowWords().common;
  const toast = useToast();
  const take = {
    label: words.takePath,
    act: ({ steps }: { steps: Steps }) => {
      const path = jobPath(steps);
      void copyText(path).then(
        () => toast({ text: words.taken(path) }),
        () => toast({ text: all.notCopied, bad: true }),
      );
    },
  };
  return (
    <Section title={words.sample}>
      <p className={styles.quiet}>{words.sampleAbout}</p>
      <div className={styles.sample}>
        <Loaded query={useQuery(viewQuery(project, message))}>
          {(payload) => <PayloadView payload={payload} leafActions={[take]} />}
        </Loaded>
      </div>
    </Section>
  );
}
