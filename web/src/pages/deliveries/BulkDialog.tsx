// Something is to be done with many deliveries: what will happen and what will not.
import { useQuery } from "@tanstack/react-query";
import type { Deed, DeliveryPreview } from "../../api/types";
import { StateMark } from "../../design/StateMark";
import { useWords } from "../../i18n/words";
import { ManyDialog, Will } from "../actions/ManyDialog";
import styles from "./deliveries.module.css";
import { actOnMany, type DeliveryFilters, previewQuery } from "./queries";
import { DELIVERY_STATES } from "./routes";
import { DELIVERY_TONES } from "./tones";

interface BulkDialogProps {
  project: string;
  deed: Deed;
  /** To which deliveries. */
  filters: DeliveryFilters;
  close: () => void;
}

export function BulkDialog({ project, deed, filters, close }: BulkDialogProps) {
  const words = useWords().deliveries;
  return (
    <ManyDialog
      project={project}
      title={words.bulk.title(words.deeds[deed])}
      about={words.deedAbout[deed]}
      preview={useQuery(previewQuery(project, deed, filters))}
      told={(preview) => <Told deed={deed} preview={preview} />}
      act={(reason) => actOnMany(project, deed, filters, reason)}
      actWord={(count) => (count === null ? words.deeds[deed] : words.bulk.act[deed](count))}
      ends={deed === "cancel"}
      close={close}
    />
  );
}

function Told({ deed, preview }: { deed: Deed; preview: DeliveryPreview }) {
  const all = useWords();
  const words = all.deliveries.bulk;
  const { matched, passed_over, states, copies } = preview;
  if (matched === 0) {
    return (
      <Will what={words.none}>
        {passed_over > 0 && <p className={styles.quiet}>{words.passedOver(passed_over)}</p>}
      </Will>
    );
  }
  const delivered = states.succeeded ?? 0;
  return (
    <Will what={words.touched[deed](matched)}>
      <ul className={styles.states} aria-label={words.states}>
        {DELIVERY_STATES.flatMap((state) => {
          const count = states[state] ?? 0;
          return count === 0
            ? []
            : [
                <li key={state}>
                  <StateMark tone={DELIVERY_TONES[state]}>
                    {all.common.stateCount(state, count)}
                  </StateMark>
                </li>,
              ];
        })}
      </ul>
      <ul className={styles.notes}>
        {delivered > 0 && deed !== "cancel" && <li>{words.delivered(delivered)}</li>}
        {copies > 0 && <li>{words.copies(copies)}</li>}
        {passed_over > 0 && <li>{words.passedOver(passed_over)}</li>}
        <li>{words.now}</li>
        <li>{deed === "cancel" ? words.undo : words.noUndo}</li>
      </ul>
    </Will>
  );
}
