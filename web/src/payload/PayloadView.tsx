// The viewer of payloads: a tree that folds and is searched, or the exact text. Whatever stands in
// a payload is drawn as text; none of it becomes part of the page.
import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { Search } from "lucide-react";
import { useDeferredValue, useMemo, useState } from "react";
import { Copying } from "../design/Identifier";
import { useFormat, useWords } from "../i18n/words";
import styles from "./PayloadView.module.css";
import type { Steps } from "./path";
import { foldText, type Payload } from "./read";
import { TextLines } from "./TextLines";
import { TreeView } from "./TreeView";
import { searched } from "./tree";

/** A value that was clicked on. */
export interface Leaf {
  steps: Steps;
  /** The value as JSON, exactly as it was sent. */
  json: string;
}

/** Something that can be done with a value. */
export interface LeafAction {
  label: string;
  act: (leaf: Leaf) => void;
}

export interface PayloadViewProps {
  payload: Payload;
  /** Where the exact bytes can be downloaded. */
  download?: string;
  leafActions?: LeafAction[];
  /** Paths, as filters write them, that are to be marked. */
  marked?: ReadonlySet<string>;
}

type Shown = "tree" | "exact";

export function PayloadView(props: PayloadViewProps) {
  const { payload: given, download, leafActions = [], marked } = props;
  const { payload, fold } = useFolding(given);
  const words = useWords();
  const format = useFormat();
  const [shown, setShown] = useState<Shown>("tree");
  const [text, setText] = useState("");
  const [place, setPlace] = useState(0);
  const wanted = useDeferredValue(text);
  const root = payload.kind === "tree" ? payload.root : null;
  const hits = useMemo(() => (root === null ? null : searched(root, wanted)), [root, wanted]);
  const asTree = root !== null && shown === "tree";

  if (payload.kind === "empty") {
    return <p className={styles.note}>{words.payload.empty}</p>;
  }
  const link = download !== undefined && (
    <a href={download} download className={styles.download}>
      {words.messages.download}
    </a>
  );
  if (payload.kind === "binary" || payload.kind === "too-long") {
    const bytes = format.bytes(payload.bytes);
    return (
      <p className={styles.note}>
        {payload.kind === "binary" ? words.payload.binary(bytes) : words.payload.tooLong(bytes)}{" "}
        {link}
      </p>
    );
  }
  const count = hits?.found.length ?? 0;
  const current = count === 0 ? null : (hits?.found[place % count] ?? null);
  return (
    <div className={styles.view}>
      <div className={styles.bar}>
        {root !== null && (
          <SegmentedControl
            size="xs"
            value={shown}
            onChange={(value) => setShown(value as Shown)}
            data={[
              { value: "tree", label: words.payload.tree },
              { value: "exact", label: words.payload.exact },
            ]}
          />
        )}
        {asTree && (
          <TextInput
            size="xs"
            aria-label={words.payload.search}
            placeholder={words.payload.search}
            leftSection={<Search size={12} />}
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value);
              setPlace(0);
            }}
            onKeyDown={(event) => event.key === "Enter" && setPlace(place + 1)}
          />
        )}
        {asTree && wanted !== "" && (
          <span className={styles.count} role="status">
            {words.payload.found(count)}
            {count > 1 && (
              <Button size="compact-xs" variant="subtle" onClick={() => setPlace(place + 1)}>
                {words.payload.nextPlace}
              </Button>
            )}
          </span>
        )}
        {fold !== null && (
          <Button size="compact-sm" variant="default" onClick={fold}>
            {words.payload.fold(format.number(payload.text.length))}
          </Button>
        )}
        <span className={styles.end}>
          <Copying text={payload.text} />
          {link}
        </span>
      </div>
      {asTree ? (
        <TreeView
          root={root}
          hits={hits}
          current={current}
          leafActions={leafActions}
          marked={marked}
        />
      ) : (
        <TextLines text={payload.text} />
      )}
    </div>
  );
}

/** A long text is read as a tree when the reader asks for it. */
function useFolding(given: Payload): { payload: Payload; fold: (() => void) | null } {
  const [folded, setFolded] = useState<{ of: Payload; as: Payload } | null>(null);
  const payload = folded?.of === given ? folded.as : given;
  const fold =
    payload.kind === "text" && payload.mayFold
      ? () => setFolded({ of: given, as: foldText(payload.text) })
      : null;
  return { payload, fold };
}
