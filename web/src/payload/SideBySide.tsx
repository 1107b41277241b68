// Two payloads side by side, line by line; on a phone one below the other. What differs carries a
// sign beside its colour, and long stretches of equal lines are folded until somebody wants them.
import { Button } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { useFormat, useWords } from "../i18n/words";
import { type LinePair, pairsOf, withGaps } from "./beside";
import { parseJson, prettyJson } from "./json";
import type { Payload } from "./read";
import styles from "./SideBySide.module.css";

const LINE_PIXELS = 20;

interface SideBySideProps {
  before: Payload;
  after: Payload;
  /** What the two are called. */
  beforeLabel: string;
  afterLabel: string;
}

export function SideBySide({ before, after, beforeLabel, afterLabel }: SideBySideProps) {
  const words = useWords().payload;
  const format = useFormat();
  const [isWhole, setWhole] = useState(false);
  const pairs = useMemo(() => {
    const old = linesOf(before);
    const fresh = linesOf(after);
    return old === null || fresh === null ? null : pairsOf(old, fresh);
  }, [before, after]);
  const rows = useMemo(
    () => (pairs === null || isWhole ? (pairs ?? []) : withGaps(pairs)),
    [pairs, isWhole],
  );
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PIXELS,
    overscan: 20,
  });
  if (pairs === null) {
    return <p>{words.notBeside}</p>;
  }
  const others = pairs.filter(({ same }) => !same).length;
  if (others === 0) {
    return <p role="status">{words.same}</p>;
  }
  return (
    <div className={styles.view}>
      <div className={styles.bar}>
        <span role="status">{words.others(others)}</span>
        <Button size="compact-sm" variant="default" onClick={() => setWhole(!isWhole)}>
          {isWhole ? words.foldSame : words.showSame}
        </Button>
      </div>
      <div className={styles.names}>
        <strong>{beforeLabel}</strong>
        <strong>{afterLabel}</strong>
      </div>
      <section
        ref={scroller}
        className={styles.scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        aria-label={words.beside(beforeLabel, afterLabel)}
      >
        <div className={styles.lines} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            return (
              <div
                key={item.key}
                ref={virtual.measureElement}
                data-index={item.index}
                className={styles.place}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {row === undefined ? null : "gap" in row ? (
                  <div className={styles.gap}>{words.sameLines(row.gap)}</div>
                ) : (
                  <Row pair={row} number={format.number} />
                )}
              </div>
            );
          })}
        </div>
      </section>
    </div>
  );
}

function Row({ pair, number }: { pair: LinePair; number: (value: number) => string }) {
  const { before, after, same } = pair;
  return (
    <div className={styles.row} data-same={same || undefined}>
      <Line line={before} sign={same ? " " : "−"} side="before" number={number} />
      <Line line={after} sign={same ? " " : "+"} side="after" number={number} />
    </div>
  );
}

interface LineProps {
  line: LinePair["before"];
  sign: string;
  side: "before" | "after";
  number: (value: number) => string;
}

function Line({ line, sign, side, number }: LineProps) {
  return (
    <div className={styles.line} data-side={side} data-none={line === null || undefined}>
      {line !== null && (
        <>
          <span className={styles.number} aria-hidden="true">
            {number(line.number)}
          </span>
          <span className={styles.sign}>{sign}</span>
          <span className={styles.text}>{line.text}</span>
        </>
      )}
    </div>
  );
}

/** The lines of a payload: JSON as people write it, with the digits that were sent; any other text as
 *  it is. Null for what is no text. */
function linesOf(payload: Payload): string | null {
  switch (payload.kind) {
    case "empty":
      return "";
    case "binary":
    case "too-long":
      return null;
    case "text":
      return payload.text;
    case "tree":
      return payload.syntax === "json" ? prettyJson(parseJson(payload.text)) : payload.text;
  }
}
