// Two payloads that are asked for, side by side as soon as both are there.
import { Loaded, type LoadedProps } from "../lists/Loaded";
import type { Payload } from "./read";
import { SideBySide } from "./SideBySide";

interface AskedBesideProps {
  before: LoadedProps<Payload>["query"];
  after: LoadedProps<Payload>["query"];
  /** What the two are called. */
  beforeLabel: string;
  afterLabel: string;
}

export function AskedBeside({ before, after, beforeLabel, afterLabel }: AskedBesideProps) {
  return (
    <Loaded query={before}>
      {(left) => (
        <Loaded query={after}>
          {(right) => (
            <SideBySide
              before={left}
              after={right}
              beforeLabel={beforeLabel}
              afterLabel={afterLabel}
            />
          )}
        </Loaded>
      )}
    </Loaded>
  );
}
