// A text as it is, line by line, drawn only where the reader looks.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import styles from "./PayloadView.module.css";

const LINE_PIXELS = 20;
/** A line is broken after so many characters: some payloads are one line of megabytes. */
const LINE_CHARACTERS = 4000;

export function TextLines({ text }: { text: string }) {
  const scroller = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => brokenLines(text), [text]);
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => LINE_PIXELS,
    overscan: 20,
  });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section ref={scroller} className={styles.scroller} tabIndex={0}>
      <div className={styles.lines} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => (
          <div
            key={item.key}
            ref={virtual.measureElement}
            data-index={item.index}
            className={styles.textLine}
            style={{ transform: `translateY(${item.start}px)` }}
          >
            {lines[item.index]}
          </div>
        ))}
      </div>
    </section>
  );
}

function brokenLines(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    if (line.length <= LINE_CHARACTERS) {
      return [line];
    }
    const parts: string[] = [];
    for (let at = 0; at < line.length; at += LINE_CHARACTERS) {
      parts.push(line.slice(at, at + LINE_CHARACTERS));
    }
    return parts;
  });
}
