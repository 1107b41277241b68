// A state: a word, a shape and a colour, so that none of them has to carry it alone.
import styles from "./StateMark.module.css";

/** well: done, delivered. waiting: on its way, retrying. bad: refused, given up. ended: done long
 *  ago, or called off. quiet: nothing to tell yet. */
export type Tone = "well" | "waiting" | "bad" | "ended" | "quiet";

const SHAPES: Record<Tone, React.ReactNode> = {
  well: <circle cx="6" cy="6" r="4.5" fill="currentColor" stroke="none" />,
  waiting: (
    <>
      <circle cx="6" cy="6" r="4.5" fill="none" />
      <path d="M6 3.600V6l1.700 1.200" fill="none" />
    </>
  ),
  bad: (
    <>
      <circle cx="6" cy="6" r="4.5" fill="none" />
      <path d="M4.300 4.300l3.400 3.400M7.700 4.300l-3.400 3.400" />
    </>
  ),
  ended: <path d="M2 6h8" />,
  quiet: <circle cx="6" cy="6" r="4.5" fill="none" strokeDasharray="2 1.6" />,
};

interface StateMarkProps {
  tone: Tone;
  children: React.ReactNode;
}

export function StateMark({ tone, children }: StateMarkProps) {
  return (
    <span className={styles.mark} data-tone={tone}>
      <Shape tone={tone} />
      <span>{children}</span>
    </span>
  );
}

/** The shape alone, for where its word stands beside it anyway. */
export function Shape({ tone, size = 12 }: { tone: Tone; size?: number }) {
  return (
    <svg
      className={styles.shape}
      data-tone={tone}
      width={size}
      height={size}
      viewBox="0 0 12 12"
      aria-hidden="true"
    >
      {SHAPES[tone]}
    </svg>
  );
}
