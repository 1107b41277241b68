// The route, small: one line of postmarks for a row of a list.
import { useFormat, useWords } from "../i18n/words";
import styles from "./RouteLine.module.css";
import type { BranchTone, StationTone, Way } from "./stations";
import { wayInWords } from "./tell";

/** A row draws so many deliveries; the rest are a number. */
const MOST_BRANCHES = 4;
const STEP = 18;
const MIDDLE = 8;

type MarkTone = StationTone | BranchTone;

export function RouteLine({ way }: { way: Way }) {
  const words = useWords();
  const format = useFormat();
  const marks: MarkTone[] = [
    ...way.trunk.map((station) => station.tone),
    ...way.branches.slice(0, MOST_BRANCHES).map((branch) => branch.tone),
  ];
  const more = way.branches.length - MOST_BRANCHES;
  const told = wayInWords(way, words, format, new Date());
  return (
    <span className={styles.line}>
      <svg width={marks.length * STEP - STEP + 12} height={16} role="img" aria-label={told}>
        <title>{told}</title>
        {marks.map((tone, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a mark is its place in the line
          <g key={index} className={styles.mark} data-tone={tone}>
            {index > 0 && (
              <path
                className={styles.rail}
                data-dashed={tone === "waiting" || undefined}
                d={`M${index * STEP - STEP + 11} ${MIDDLE}h${STEP - 10}`}
              />
            )}
            <Postmark tone={tone} x={index * STEP + 6} />
          </g>
        ))}
      </svg>
      {more > 0 && <span className={styles.more}>+{more}</span>}
    </span>
  );
}

/** One postmark; what is open has failed or waits. */
function Postmark({ tone, x }: { tone: MarkTone; x: number }) {
  switch (tone) {
    case "done":
    case "delivered":
      return <circle cx={x} cy={MIDDLE} r={4} className={styles.full} />;
    case "waiting":
      return (
        <>
          <circle cx={x} cy={MIDDLE} r={4.5} className={styles.open} />
          <path d={`M${x} ${MIDDLE - 2.5}v2.500l1.600 1.200`} className={styles.clock} />
        </>
      );
    default:
      return <circle cx={x} cy={MIDDLE} r={4} className={styles.open} />;
  }
}
