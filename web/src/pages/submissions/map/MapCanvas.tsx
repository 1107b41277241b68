// The picture of the map: moved by mouse, finger and keys; a place that is pressed is opened, and where
// several lie upon each other, the map goes nearer.
import { useComputedColorScheme } from "@mantine/core";
import { Maximize, Minus, Plus } from "lucide-react";
import { type KeyboardEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useFormat, useWords } from "../../../i18n/words";
import { draw } from "./draw";
import { useGestures } from "./gestures";
import styles from "./map.module.css";
import { fitted, moved, type Size, scaleBar, type View, zoomed } from "./mercator";
import { clusterAt, clustersOf, type Placed } from "./thinning";

/** How far a key moves the map, and how much nearer it takes it. */
const STEP_PIXELS = 80;
const STEP_FACTOR = 1.6;
const BAR_PIXELS = 120;

interface MapCanvasProps<Place extends Placed> {
  places: Place[];
  open: (id: string) => void;
  /** Tells which places are in sight. It stays the same from one drawing to the next. */
  seen: (places: Place[]) => void;
}

export function MapCanvas<Place extends Placed>({ places, open, seen }: MapCanvasProps<Place>) {
  const words = useWords().submissions.map;
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(canvas);
  // Until somebody moves it, the map has all in it, also what comes in meanwhile.
  const [chosen, setChosen] = useState<View | null>(null);
  const fit = useMemo(
    () =>
      size === null
        ? null
        : fitted(
            places.map(({ spot }) => spot),
            size,
          ),
    [places, size],
  );
  const view = chosen ?? fit;
  const clusters = useMemo(
    () => (view === null || size === null ? [] : clustersOf(places, view, size)),
    [places, view, size],
  );
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  // biome-ignore lint/correctness/useExhaustiveDependencies: by night the colours are others
  useLayoutEffect(() => {
    if (canvas.current !== null && view !== null && size !== null) {
      draw(canvas.current, view, size, clusters);
    }
  }, [view, size, clusters, scheme]);
  useEffect(() => seen(clusters.flatMap((cluster) => cluster.places)), [clusters, seen]);

  const change = (next: (view: View, size: Size) => View) =>
    setChosen((before) => {
      const now = before ?? fit;
      return now === null || size === null ? before : next(now, size);
    });
  const middle = { x: (size?.width ?? 0) / 2, y: (size?.height ?? 0) / 2 };
  const nearer = (factor: number, pixel = middle) =>
    change((now, size) => zoomed(now, factor, pixel, size));
  useGestures(canvas, {
    move: (pixels) => change((now, size) => moved(now, pixels, size)),
    zoom: nearer,
    press: (pixel) => {
      const found = clusterAt(clusters, pixel);
      const [first, ...others] = found?.places ?? [];
      if (first !== undefined && others.length === 0) {
        open(first.id);
      } else if (found !== null) {
        nearer(STEP_FACTOR ** 2, found);
      }
    },
    isOver: (pixel) => clusterAt(clusters, pixel) !== null,
  });
  const deeds: Record<string, () => void> = {
    ArrowLeft: () => change((now, size) => moved(now, { x: STEP_PIXELS, y: 0 }, size)),
    ArrowRight: () => change((now, size) => moved(now, { x: -STEP_PIXELS, y: 0 }, size)),
    ArrowUp: () => change((now, size) => moved(now, { x: 0, y: STEP_PIXELS }, size)),
    ArrowDown: () => change((now, size) => moved(now, { x: 0, y: -STEP_PIXELS }, size)),
    "+": () => nearer(STEP_FACTOR),
    "=": () => nearer(STEP_FACTOR),
    "-": () => nearer(1 / STEP_FACTOR),
    "0": () => setChosen(null),
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const deed = event.ctrlKey || event.metaKey || event.altKey ? undefined : deeds[event.key];
    if (deed !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      deed();
    }
  };
  const buttons = [
    { word: words.zoomIn, icon: <Plus size={16} />, act: () => nearer(STEP_FACTOR) },
    { word: words.zoomOut, icon: <Minus size={16} />, act: () => nearer(1 / STEP_FACTOR) },
    { word: words.all, icon: <Maximize size={16} />, act: () => setChosen(null) },
  ];
  return (
    <div className={styles.frame}>
      <div
        className={styles.map}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the map is moved by keys
        tabIndex={0}
        role="application"
        aria-label={words.label(places.length)}
        onKeyDown={onKeyDown}
      >
        <canvas ref={canvas} className={styles.canvas} />
      </div>
      <div className={styles.buttons}>
        {buttons.map(({ word, icon, act }) => (
          <button key={word} type="button" aria-label={word} title={word} onClick={act}>
            {icon}
          </button>
        ))}
      </div>
      {view !== null && <ScaleBar view={view} />}
    </div>
  );
}

function ScaleBar({ view }: { view: View }) {
  const words = useWords().submissions.map;
  const format = useFormat();
  const { metres, pixels } = scaleBar(view, BAR_PIXELS);
  return (
    <div className={styles.bar} style={{ width: pixels }}>
      {metres >= 1000
        ? words.kilometres(format.number(metres / 1000))
        : words.metres(format.number(metres))}
    </div>
  );
}

/** How large the picture is; null before that is known. */
function useSize(canvas: React.RefObject<HTMLCanvasElement | null>): Size | null {
  const [size, setSize] = useState<Size | null>(null);
  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null) {
      return;
    }
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = element;
      setSize((before) =>
        before?.width === width && before.height === height ? before : { width, height },
      );
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [canvas]);
  return size;
}
