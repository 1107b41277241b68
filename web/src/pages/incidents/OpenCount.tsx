// How many incidents last, beside their entry in the rail; nothing while all is well.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEvents } from "../../api/events";
import { useFormat, useWords } from "../../i18n/words";
import { openIncidentsQuery } from "../overview/queries";
import styles from "./incidents.module.css";

export function OpenCount({ project }: { project: string }) {
  const words = useWords().incidents;
  const format = useFormat();
  const client = useQueryClient();
  const query = openIncidentsQuery(project);
  const count = useQuery(query).data?.length ?? 0;
  useEvents((events) => {
    if (events.some(({ kind }) => kind === "incident" || kind === "everything")) {
      void client.invalidateQueries({ queryKey: query.queryKey });
    }
  });
  return count === 0 ? null : (
    <span className={styles.badge} role="img" aria-label={words.openCount(count)}>
      {format.number(count)}
    </span>
  );
}
