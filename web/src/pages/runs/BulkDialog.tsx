// Something is to be done with many runs: what will happen.
import { useQuery } from "@tanstack/react-query";
import { useFlowWords } from "../../i18n/flows";
import { ManyDialog, Will } from "../actions/ManyDialog";
import { actOnRuns, type ManyFilters, previewQuery, type RunDeed } from "./queries";
import styles from "./runs.module.css";

interface BulkDialogProps {
  project: string;
  deed: RunDeed;
  /** To which runs. */
  filters: ManyFilters;
  close: () => void;
}

export function BulkDialog({ project, deed, filters, close }: BulkDialogProps) {
  const { deeds, bulk: words } = useFlowWords().runs;
  return (
    <ManyDialog
      project={project}
      title={words.title(deeds[deed])}
      about={words.about[deed]}
      preview={useQuery(previewQuery(project, deed, filters))}
      told={({ matched, passed_over }) => (
        <Will what={matched === 0 ? words.none : words.touched[deed](matched)}>
          {passed_over > 0 && <p className={styles.quiet}>{words.passedOver(passed_over)}</p>}
        </Will>
      )}
      act={(reason) => actOnRuns(project, deed, filters, reason)}
      actWord={(count) => (count === null ? deeds[deed] : words.act[deed](count))}
      ends={deed === "cancel"}
      close={close}
    />
  );
}
