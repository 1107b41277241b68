// The chart itself: two hues and grey, each line named at its end. It is loaded when the page
// already stands.
import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import { LOCALES } from "../../i18n/formats";
import { useFormat, useLanguage, useWords } from "../../i18n/words";
import type { Span } from "./routes";
import { apart, LINES, type LineKind, type Plot } from "./series";
import styles from "./TrafficChart.module.css";

const HEIGHT_PIXELS = 200;
/** Room at the right for the names of the lines. */
const NAMES_PIXELS = 92;
const NAME_HEIGHT_PIXELS = 16;
const AXIS_PIXELS = 44;
const DAY_SECONDS = 24 * 60 * 60;

const TICKS: Record<Span, Intl.DateTimeFormatOptions> = {
  today: { hour: "2-digit", minute: "2-digit" },
  "7d": { weekday: "short", day: "numeric" },
  "30d": { day: "numeric", month: "short" },
  "1y": { month: "short" },
};
const POINTS: Record<Span, Intl.DateTimeFormatOptions> = {
  today: { hour: "2-digit", minute: "2-digit" },
  "7d": { weekday: "short", day: "numeric", hour: "2-digit", minute: "2-digit" },
  "30d": { weekday: "short", day: "numeric", month: "short" },
  "1y": { weekday: "short", day: "numeric", month: "short" },
};

interface TrafficChartProps {
  plot: Plot;
  span: Span;
  /** What it shows, in a sentence. */
  label: string;
}

export default function TrafficChart({ plot, span, label }: TrafficChartProps) {
  const words = useWords().overview.traffic;
  const format = useFormat();
  const { language } = useLanguage();
  const scheme = useComputedColorScheme("light");
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(null);
  const [pointed, setPointed] = useState<number | null>(null);
  const data = useMemo(() => dataOf(plot), [plot]);
  const latest = useRef(data);
  latest.current = data;
  const hasFailures = plot.totals.failed > 0;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the scheme changes what the variables of colour hold
  useEffect(() => {
    const element = place.current;
    if (element === null) {
      return;
    }
    const made = new uPlot(
      options({
        element,
        span,
        locale: LOCALES[language],
        names: words.lines,
        number: format.number,
        shown: LINES.filter((kind) => kind !== "failed" || hasFailures),
        pointed: setPointed,
      }),
      latest.current,
      element,
    );
    chart.current = made;
    const observer = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: HEIGHT_PIXELS }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      chart.current = null;
    };
  }, [span, language, scheme, hasFailures, words, format]);

  useEffect(() => {
    chart.current?.setData(data);
  }, [data]);

  const at = pointed === null ? undefined : plot.times[pointed];
  return (
    <div className={styles.frame}>
      <div ref={place} role="img" aria-label={label} className={styles.place} />
      {at !== undefined && pointed !== null && (
        <div className={styles.pointed} aria-hidden="true">
          {words.at(
            new Intl.DateTimeFormat(LOCALES[language], POINTS[span]).format(at),
            format.number(plot.values.received[pointed] ?? 0),
            format.number(plot.values.delivered[pointed] ?? 0),
            hasFailures ? format.number(plot.values.failed[pointed] ?? 0) : "",
          )}
        </div>
      )}
    </div>
  );
}

function dataOf(plot: Plot): uPlot.AlignedData {
  return [
    plot.times.map((time) => time / 1000),
    ...LINES.map((kind) => plot.values[kind]),
  ] as uPlot.AlignedData;
}

interface Drawing {
  element: HTMLElement;
  span: Span;
  locale: string;
  names: Record<LineKind, string>;
  number: (value: number) => string;
  shown: readonly LineKind[];
  pointed: (index: number | null) => void;
}

const VARIABLES: Record<LineKind, string> = {
  received: "--chart-in",
  delivered: "--chart-out",
  failed: "--chart-failed",
};

function options(drawing: Drawing): uPlot.Options {
  const { element, span, locale, number, shown, pointed } = drawing;
  const colour = (variable: string) => getComputedStyle(element).getPropertyValue(variable).trim();
  const tick = new Intl.DateTimeFormat(locale, TICKS[span]);
  const axis = {
    stroke: colour("--quiet"),
    font: "12px Inter, system-ui, sans-serif",
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT_PIXELS,
    padding: [8, NAMES_PIXELS, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      // A day is drawn whole, so that its shape can be told from that of other days.
      x: {
        time: true,
        range: (_chart, least, most) =>
          span === "today" ? [least, least + DAY_SECONDS] : [least, most],
      },
      y: { range: (_chart, _least, most) => [0, Math.max(4, most * 1.08)] },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        space: 64,
        size: 28,
        values: (_chart, ticks) => ticks.map((at) => tick.format(at * 1000)),
      },
      {
        ...axis,
        size: AXIS_PIXELS,
        space: 40,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 1e4, 2e4, 5e4, 1e5, 1e6],
        values: (_chart, ticks) => ticks.map(number),
      },
    ],
    series: [
      {},
      ...LINES.map((kind) => ({
        show: shown.includes(kind),
        stroke: colour(VARIABLES[kind]) || colour("--accent"),
        width: kind === "failed" ? 1 : 1.75,
        dash: kind === "failed" ? [4, 3] : undefined,
        points: { show: false },
      })),
    ],
    hooks: {
      draw: [(made) => drawNames(made, drawing)],
      setCursor: [(made) => pointed(made.cursor.idx ?? null)],
    },
  };
}

/** Each line's name at its end, in its colour. */
function drawNames(chart: uPlot, { names, shown }: Drawing) {
  const scale = uPlot.pxRatio;
  const { ctx: context, bbox } = chart;
  const last = (chart.data[0]?.length ?? 0) - 1;
  const time = chart.data[0]?.[last];
  if (time === undefined) {
    return;
  }
  const ends = shown.map((kind) => {
    const value = chart.data[LINES.indexOf(kind) + 1]?.[last] ?? 0;
    return chart.valToPos(value, "y", true);
  });
  const lowest = bbox.top + bbox.height - (NAME_HEIGHT_PIXELS / 3) * scale;
  const places = apart(ends, NAME_HEIGHT_PIXELS * scale, lowest);
  const left = Math.min(chart.valToPos(time, "x", true), bbox.left + bbox.width) + 8 * scale;
  context.save();
  context.font = `600 ${12 * scale}px Inter, system-ui, sans-serif`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  shown.forEach((kind, index) => {
    const { stroke } = chart.series[LINES.indexOf(kind) + 1] ?? {};
    context.fillStyle = typeof stroke === "function" ? String(stroke(chart, index)) : "";
    context.fillText(names[kind], left, places[index] ?? 0);
  });
  context.restore();
}
