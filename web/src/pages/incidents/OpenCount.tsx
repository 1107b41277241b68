// How many incidents last, beside their entry in the rail; nothing while all is well.
import { useQuery } from "@tanstack/react-query";
import { tellsOf } from "../../api/events";
import { useLiveLook } from "../../api/useLiveLook";
import { useFormat, useWords } from "../../i18n/words";
import { openIncidentsQuery } from "../overview/queries";
import styles from "./incidents.module.css";

const concerns = tellsOf("incident");

export function OpenCount({ project }: { project: string }) {
  const words = useWords().incidents;
  const format = useFormat();
  const query = openIncidentsQuery(project);
  const count = useQuery(query).data?.length ?? 0;
  useLiveLook([{ queryKey: query.queryKey }], { concerns });
  return count === 0 ? null : (
    <span className={styles.badge} role="img" aria-label={words.openCount(count)}>
      {format.number(count)}
    </span>
  );
}
