// A list whose order counts: each row opens below itself, and is moved by dragging its grip, by its buttons,
// or by Alt with an arrow key. The focus goes with what was moved, and those who do not see it are told.
import { ActionIcon } from "@mantine/core";
import { ArrowDown, ArrowUp, ChevronDown, ChevronRight, GripVertical, X } from "lucide-react";
import {
  type DragEvent,
  type KeyboardEvent,
  type ReactNode,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { mistakeText } from "../../../definitions/fields";
import { useDefinitionForm } from "../../../definitions/form";
import { StateMark } from "../../../design/StateMark";
import { useToast } from "../../../design/Toasts";
import { useOwnFormWords } from "../../../i18n/ownForms";
import { useFormat } from "../../../i18n/words";
import styles from "./editor.module.css";
import { isWithin } from "./paths";
import { withMoved, withoutPlace } from "./shape";

export interface Row {
  title: string;
  about?: ReactNode;
  /** Where the row's own mistakes stand. */
  path: string;
  /** Whether it has to be there. */
  stays?: boolean;
}

interface SortedRowsProps {
  label: string;
  /** Where the list, or the object of the rows, stands in the definition. */
  path: string;
  rows: readonly Row[];
  empty: ReactNode;
  /** Which row is open, where something else opens them too. */
  opened?: OpenRow;
  panel: (index: number) => ReactNode;
  /** What adds a row. */
  add?: ReactNode;
}

export type OpenRow = [number | null, (index: number | null) => void];

type Place = "title" | "up" | "down";

export function SortedRows(props: SortedRowsProps) {
  const { label, path, rows, empty, panel, add } = props;
  const words = useOwnFormWords().formEditor.rows;
  const format = useFormat();
  const form = useDefinitionForm();
  const toast = useToast();
  const list = useRef<HTMLOListElement>(null);
  const focus = useRef<{ index: number; place: Place } | null>(null);
  const own = useOpenRow(rows);
  const [open, setOpen] = props.opened ?? own;
  const [dragged, setDragged] = useState<number | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const [told, setTold] = useState("");
  // What stands in an open row keeps what is half typed: it begins anew when other rows come to its place.
  const [times, setTimes] = useState(0);
  useLayoutEffect(() => {
    const wanted = focus.current;
    focus.current = null;
    if (wanted !== null) {
      const row = list.current?.children[wanted.index];
      const find = (place: Place) =>
        row?.querySelector<HTMLElement>(`[data-place="${place}"]:not(:disabled)`);
      (find(wanted.place) ?? find("title"))?.focus();
    }
  });
  const move = (from: number, to: number, place: Place) => {
    if (to < 0 || to >= rows.length || from === to) {
      return;
    }
    form.change((before) => withMoved(before, path, from, to));
    setTold(
      words.moved(rows[from]?.title ?? "", format.number(to + 1), format.number(rows.length)),
    );
    if (open !== null) {
      setOpen(placeAfter(open, from, to));
    }
    setTimes(times + 1);
    focus.current = { index: to, place };
  };
  const remove = (index: number) => {
    const before = form.definition;
    const title = rows[index]?.title ?? "";
    form.change((now) => withoutPlace(now, path, index));
    setOpen(open === null || open === index ? null : open > index ? open - 1 : open);
    setTimes(times + 1);
    focus.current = { index: Math.max(0, Math.min(index, rows.length - 2)), place: "title" };
    toast({ text: words.removed(title), undo: () => form.change(() => before) });
  };
  const drop = (event: DragEvent, index: number) => {
    if (dragged !== null) {
      event.preventDefault();
      event.stopPropagation();
      move(dragged, index, "title");
      setDragged(null);
      setOver(null);
    }
  };
  return (
    <div className={styles.list}>
      {rows.length === 0 && <p className={styles.quiet}>{empty}</p>}
      {rows.length > 0 && (
        <ol ref={list} className={styles.rows} aria-label={label}>
          {rows.map((row, index) => (
            <li
              key={row.path}
              className={styles.item}
              data-over={(over === index && dragged !== null && dragged !== index) || undefined}
              onDragOver={(event) => {
                if (dragged !== null) {
                  event.preventDefault();
                  setOver(index);
                }
              }}
              onDrop={(event) => drop(event, index)}
            >
              <RowHead
                row={row}
                index={index}
                last={rows.length - 1}
                isOpen={open === index}
                toggle={() => setOpen(open === index ? null : index)}
                move={(to, place) => move(index, to, place)}
                remove={() => remove(index)}
                grip={{
                  begin: () => setDragged(index),
                  end: () => {
                    setDragged(null);
                    setOver(null);
                  },
                }}
              >
                <div key={times} className={styles.panel}>
                  <RowMistakes path={row.path} />
                  {panel(index)}
                </div>
              </RowHead>
            </li>
          ))}
        </ol>
      )}
      <output className={styles.told}>{told}</output>
      {(add !== undefined || rows.length > 1) && (
        <div className={styles.foot}>
          {add}
          {rows.length > 1 && <span className={styles.hint}>{words.hint}</span>}
        </div>
      )}
    </div>
  );
}

/** Where a row is after one was moved. */
const placeAfter = (open: number, from: number, to: number): number => {
  if (open === from) {
    return to;
  }
  const without = open > from ? open - 1 : open;
  return without >= to ? without + 1 : without;
};

/** Which row is open. One that was added is, and one in which the hub finds something wrong; the latter
 *  once, so that it can be closed again. */
export function useOpenRow(rows: readonly Row[]): OpenRow {
  const { wrong } = useDefinitionForm();
  const [open, setOpen] = useState<number | null>(null);
  const [count, setCount] = useState(rows.length);
  const [seen, setSeen] = useState("");
  const isWrong = (row: Row | undefined) =>
    row !== undefined && wrong.some((path) => isWithin(row.path, path));
  const all = wrong.filter((path) => rows.some((row) => isWithin(row.path, path))).join(" ");
  if (rows.length !== count) {
    setCount(rows.length);
    if (rows.length === count + 1) {
      setOpen(count);
    }
  }
  if (all !== seen) {
    setSeen(all);
    // What is mended is wrong no more: that is no reason to open another one under the hands.
    if (all.length > seen.length && !isWrong(rows[open ?? -1])) {
      setOpen(rows.findIndex(isWrong));
    }
  }
  return [open, setOpen];
}

/** What is wrong with a row, and with none of its fields. */
export function RowMistakes({ path }: { path: string }) {
  const mistakes = useDefinitionForm().mistakes(path);
  return mistakes.length === 0 ? null : (
    <p role="alert" className={styles.mistakes}>
      {mistakeText(mistakes)}
    </p>
  );
}

interface RowHeadProps {
  row: Row;
  index: number;
  last: number;
  isOpen: boolean;
  toggle: () => void;
  move: (to: number, place: Place) => void;
  remove: () => void;
  grip: { begin: () => void; end: () => void };
  children: ReactNode;
}

function RowHead(props: RowHeadProps) {
  const { row, index, last, isOpen, toggle, move, remove, grip, children } = props;
  const words = useOwnFormWords().formEditor.rows;
  const { wrong } = useDefinitionForm();
  const panel = useId();
  const keys = (event: KeyboardEvent) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (event.altKey && step !== undefined) {
      event.preventDefault();
      move(index + step, "title");
    }
  };
  const Chevron = isOpen ? ChevronDown : ChevronRight;
  return (
    <>
      <div className={styles.row}>
        <span
          className={styles.grip}
          draggable
          aria-hidden="true"
          onDragStart={(event) => {
            event.stopPropagation();
            event.dataTransfer.effectAllowed = "move";
            event.dataTransfer.setData("text/plain", row.title);
            grip.begin();
          }}
          onDragEnd={grip.end}
        >
          <GripVertical size={14} />
        </span>
        <button
          type="button"
          data-place="title"
          className={styles.title}
          aria-expanded={isOpen}
          aria-controls={isOpen ? panel : undefined}
          onClick={toggle}
          onKeyDown={keys}
        >
          <Chevron size={14} aria-hidden="true" />
          <span className={styles.name}>{row.title}</span>
          <span className={styles.about}>{row.about}</span>
        </button>
        {wrong.some((path) => isWithin(row.path, path)) && (
          <StateMark tone="bad">{words.wrong}</StateMark>
        )}
        <span className={styles.deeds}>
          <RowDeed
            place="up"
            word={words.up(row.title)}
            disabled={index === 0}
            press={() => move(index - 1, "up")}
          />
          <RowDeed
            place="down"
            word={words.down(row.title)}
            disabled={index === last}
            press={() => move(index + 1, "down")}
          />
          <RowDeed
            place="remove"
            word={words.remove(row.title)}
            disabled={row.stays === true}
            press={remove}
          />
        </span>
      </div>
      {isOpen && <div id={panel}>{children}</div>}
    </>
  );
}

const ICONS = { up: ArrowUp, down: ArrowDown, remove: X };

interface RowDeedProps {
  place: keyof typeof ICONS;
  word: string;
  disabled: boolean;
  press: () => void;
}

function RowDeed({ place, word, disabled, press }: RowDeedProps) {
  const Icon = ICONS[place];
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      data-place={place}
      aria-label={word}
      title={word}
      disabled={disabled}
      onClick={press}
    >
      <Icon size={16} aria-hidden="true" />
    </ActionIcon>
  );
}
