// The chart itself: two hues and grey, each line named at its end. It is loaded when the page
// already stands.
import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import { LOCALES } from "../../i18n/formats";
import { useFormat, useLanguage, useWords } from "../../i18n/words";
import type { Clock } from "./clocks";
import { apart, LINES, type LineKind, type Plot } from "./series";
import styles from "./TrafficChart.module.css";

const HEIGHT_PIXELS = 200;
/** Room at the right for the names of the lines. */
const NAMES_PIXELS = 92;
/** The room for the names of moments above the chart. */
const MARK_PIXELS = 20;
const NAME_HEIGHT_PIXELS = 16;
const AXIS_PIXELS = 44;
const DAY_SECONDS = 24 * 60 * 60;
const NO_MARKS: readonly Mark[] = [];

/** A moment that is marked in the chart, in milliseconds. */
export interface Mark {
  at: number;
  name: string;
}

interface TrafficChartProps {
  plot: Plot;
  clock: Clock;
  /** The lines that are drawn; failures only where there are some. */
  lines?: readonly LineKind[];
  marks?: readonly Mark[];
  /** What it shows, in a sentence. */
  label: string;
}

export default function TrafficChart(props: TrafficChartProps) {
  const { plot, clock, lines = LINES, marks = NO_MARKS, label } = props;
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
  const latestMarks = useRef(marks);
  latestMarks.current = marks;
  const hasFailures = plot.totals.failed > 0;
  const shown = useMemo(
    () => lines.filter((kind) => kind !== "failed" || hasFailures),
    [lines, hasFailures],
  );

  // biome-ignore lint/correctness/useExhaustiveDependencies: the scheme changes what the variables of colour hold
  useEffect(() => {
    const element = place.current;
    if (element === null) {
      return;
    }
    const made = new uPlot(
      options({
        element,
        clock,
        locale: LOCALES[language],
        names: words.lines,
        number: format.number,
        shown,
        marks: () => latestMarks.current,
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
  }, [clock, language, scheme, shown, words, format]);

  useEffect(() => {
    chart.current?.setData(data);
  }, [data]);

  const at = pointed === null ? undefined : plot.times[pointed];
  return (
    <div className={styles.frame}>
      <div ref={place} role="img" aria-label={label} className={styles.place} />
      {at !== undefined && pointed !== null && (
        <div className={styles.pointed} aria-hidden="true">
          {new Intl.DateTimeFormat(LOCALES[language], clock.points).format(at)}
          {" · "}
          {shown
            .map((kind) => `${words.lines[kind]} ${format.number(plot.values[kind][pointed] ?? 0)}`)
            .join(" · ")}
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
  clock: Clock;
  locale: string;
  names: Record<LineKind, string>;
  number: (value: number) => string;
  shown: readonly LineKind[];
  marks: () => readonly Mark[];
  pointed: (index: number | null) => void;
}

const VARIABLES: Record<LineKind, string> = {
  received: "--chart-in",
  delivered: "--chart-out",
  failed: "--chart-failed",
};

function options(drawing: Drawing): uPlot.Options {
  const { element, clock, locale, number, shown, pointed } = drawing;
  const colour = (variable: string) => getComputedStyle(element).getPropertyValue(variable).trim();
  const tick = new Intl.DateTimeFormat(locale, clock.ticks);
  const axis = {
    stroke: colour("--quiet"),
    font: "12px Inter, system-ui, sans-serif",
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT_PIXELS,
    padding: [drawing.marks().length > 0 ? MARK_PIXELS : 8, NAMES_PIXELS, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    scales: {
      // A day is drawn whole, so that its shape can be told from that of other days.
      x: {
        time: true,
        range: (_chart, least, most) =>
          clock.isDay ? [least, least + DAY_SECONDS] : [least, most],
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
      draw: [
        (made) => drawMarks(made, drawing, colour("--quiet")),
        (made) => drawNames(made, drawing),
      ],
      setCursor: [(made) => pointed(made.cursor.idx ?? null)],
    },
  };
}

/** A hairline with its name above it at each moment that is marked. */
function drawMarks(chart: uPlot, { marks }: Drawing, colour: string) {
  const scale = uPlot.pxRatio;
  const { ctx: context, bbox } = chart;
  context.save();
  context.strokeStyle = colour;
  context.fillStyle = colour;
  context.lineWidth = scale;
  context.setLineDash([3 * scale, 3 * scale]);
  context.font = `${12 * scale}px Inter, system-ui, sans-serif`;
  context.textBaseline = "bottom";
  for (const [index, { at, name }] of marks().entries()) {
    // What lies within the last point lies behind its beginning, where the chart ends.
    const wanted = chart.valToPos(at / 1000, "x", true);
    const x = Math.min(Math.max(wanted, bbox.left), bbox.left + bbox.width);
    context.beginPath();
    context.moveTo(x, bbox.top);
    context.lineTo(x, bbox.top + bbox.height);
    context.stroke();
    // The first ends at its line and the others begin at theirs: two that are near stay apart.
    const isBefore = index === 0 && x - context.measureText(name).width > bbox.left;
    context.textAlign = isBefore ? "right" : "left";
    context.fillText(name, x, bbox.top - 4 * scale);
  }
  context.restore();
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
