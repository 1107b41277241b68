// What came in and went out over time: a chart for the eye, its sums in a sentence, and a table
// for everybody else.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import { ErrorNote } from "../../design/ErrorNote";
import { Section } from "../../design/Section";
import type { Formats } from "../../i18n/formats";
import { LOCALES } from "../../i18n/formats";
import { useFormat, useLanguage, useWords, type Words } from "../../i18n/words";
import { SPAN_CLOCKS } from "./clocks";
import { stretchOf } from "./days";
import { trafficQuery } from "./queries";
import { SPANS, type Span } from "./routes";
import { type Plot, plotOf, tableOf } from "./series";
import styles from "./TrafficSection.module.css";

const TrafficChart = lazy(() => import("./TrafficChart"));
const route = getRouteApi("/inside/projects/$project/");

export function TrafficSection({ project }: { project: string }) {
  const words = useWords().overview.traffic;
  const format = useFormat();
  const { span = "today" } = route.useSearch();
  const { data, error, refetch } = useQuery(trafficQuery(project, span));
  // The span that the numbers are of: while another one is on its way, the old one stays.
  const shown = data?.span ?? span;
  const plot = useMemo(
    () =>
      data === undefined
        ? null
        : plotOf(data.traffic, stretchOf(data.span, new Date(data.traffic.to)).joined),
    [data],
  );
  return (
    <Section title={words.title} actions={<Spans span={span} />}>
      {error !== null && <ErrorNote error={error} retry={() => void refetch()} />}
      <p className={styles.summary}>
        {plot === null ? "\u00a0" : summary(plot, words, format)}{" "}
        <span className={styles.step}>{words.perStep(words.steps[STEPS[shown]])}</span>
      </p>
      <div className={styles.chart}>
        {plot !== null && (
          <Suspense fallback={null}>
            <TrafficChart
              plot={plot}
              clock={SPAN_CLOCKS[shown]}
              label={summary(plot, words, format)}
            />
          </Suspense>
        )}
      </div>
      {plot !== null && <AsTable plot={plot} span={shown} />}
    </Section>
  );
}

const STEPS: Record<Span, keyof Words["overview"]["traffic"]["steps"]> = {
  today: "15m",
  "7d": "1h",
  "30d": "1d",
  "1y": "1d",
};

function summary({ totals }: Plot, words: Words["overview"]["traffic"], format: Formats): string {
  return words.summary(
    format.number(totals.received),
    format.number(totals.delivered),
    format.number(totals.failed),
  );
}

function Spans({ span }: { span: Span }) {
  const words = useWords().overview.traffic;
  return (
    <nav className={styles.spans} aria-label={words.span}>
      {SPANS.map((each) => (
        <Link
          key={each}
          from="/projects/$project/"
          to="."
          search={(before) => ({ ...before, span: each === "today" ? undefined : each })}
          replace
          resetScroll={false}
          className={styles.span}
          aria-current={each === span ? "true" : undefined}
        >
          {words.spans[each]}
        </Link>
      ))}
    </nav>
  );
}

const ROW_TIMES: Record<Span, Intl.DateTimeFormatOptions> = {
  today: { hour: "2-digit", minute: "2-digit" },
  "7d": { weekday: "short", day: "numeric", month: "short" },
  "30d": { weekday: "short", day: "numeric", month: "short" },
  "1y": { month: "long", year: "numeric" },
};

function AsTable({ plot, span }: { plot: Plot; span: Span }) {
  const words = useWords().overview.traffic;
  const format = useFormat();
  const { language } = useLanguage();
  const time = new Intl.DateTimeFormat(LOCALES[language], ROW_TIMES[span]);
  return (
    <details className={styles.details}>
      <summary>{words.asTable}</summary>
      <table className={styles.table}>
        <thead>
          <tr>
            <th>{words.time}</th>
            <th className={styles.number}>{words.received}</th>
            <th className={styles.number}>{words.delivered}</th>
            <th className={styles.number}>{words.failed}</th>
          </tr>
        </thead>
        <tbody>
          {tableOf(plot, span).map((row) => (
            <tr key={row.at.getTime()}>
              <th scope="row">{time.format(row.at)}</th>
              <td className={styles.number}>{format.number(row.counts.received)}</td>
              <td className={styles.number}>{format.number(row.counts.delivered)}</td>
              <td className={styles.number}>{format.number(row.counts.failed)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </details>
  );
}
