// The chart of an incident: what went to its destination, or came in by its source, from a while
// before it was noticed to a while after it was over.
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo } from "react";
import type { Incident, Traffic } from "../../api/types";
import { Section } from "../../design/Section";
import { useWords } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
import { STEP_CLOCKS } from "../overview/clocks";
import { type LineKind, plotOf } from "../overview/series";
import chartStyles from "../overview/TrafficSection.module.css";
import { incidentTrafficQuery } from "./queries";

const TrafficChart = lazy(() => import("../overview/TrafficChart"));

const LINES: Record<Incident["kind"], readonly LineKind[]> = {
  connection: ["delivered", "failed"],
  silence: ["received"],
  // Those of the connection that the calls go by.
  call: ["delivered", "failed"],
};

interface IncidentChartProps {
  project: string;
  incident: Incident;
}

export function IncidentChart({ project, incident }: IncidentChartProps) {
  const words = useWords().incidents.chart;
  return (
    <Section title={words.title}>
      <Loaded query={useQuery(incidentTrafficQuery(project, incident.id))}>
        {(traffic) => <Chart incident={incident} traffic={traffic} />}
      </Loaded>
    </Section>
  );
}

function Chart({ incident, traffic }: { incident: Incident; traffic: Traffic }) {
  const all = useWords();
  const words = all.incidents.chart;
  const { kind, opened_at, recovered_at } = incident;
  const plot = useMemo(() => plotOf(traffic, 1), [traffic]);
  const marks = useMemo(
    () => [
      { at: Date.parse(opened_at), name: words.noticed },
      ...(recovered_at === null ? [] : [{ at: Date.parse(recovered_at), name: words.over }]),
    ],
    [opened_at, recovered_at, words],
  );
  const told =
    kind === "silence"
      ? words.silence(plot.totals.received)
      : words.connection(plot.totals.delivered, plot.totals.failed);
  return (
    <>
      <p className={chartStyles.summary}>
        {told}{" "}
        <span className={chartStyles.step}>
          {all.overview.traffic.perStep(words.steps[traffic.step])}
        </span>
      </p>
      <div className={chartStyles.chart}>
        <Suspense fallback={null}>
          <TrafficChart
            plot={plot}
            clock={STEP_CLOCKS[traffic.step]}
            lines={LINES[kind]}
            marks={marks}
            label={told}
          />
        </Suspense>
      </div>
    </>
  );
}
