// Who goes to another page hears where they are: the focus goes to its heading, which is read out,
// and from which the next Tab goes on into the page. Without this the focus would stay on a link of
// the page before, or nowhere.
import { useRouter } from "@tanstack/react-router";
import { useEffect } from "react";

/** The page's heading may come with its code and its data: it is waited for so long. */
const PATIENCE_MILLISECONDS = 3000;

export function useArrival(): void {
  const router = useRouter();
  useEffect(() => {
    let stop = () => {};
    const end = router.subscribe("onRendered", ({ fromLocation, pathChanged }) => {
      stop();
      // The first page is the browser's own to announce.
      if (fromLocation !== undefined && pathChanged) {
        stop = onceThereIs("main h1", arriveAt);
      }
    });
    return () => {
      stop();
      end();
    };
  }, [router]);
}

/** A page that put the focus into a field of its own keeps it; so does an open dialog. */
function arriveAt(heading: HTMLElement): void {
  const focused = document.activeElement;
  if (focused === null || focused.closest("main, [role=dialog]") === null) {
    heading.focus({ preventScroll: true });
  }
}

function onceThereIs(selector: string, found: (element: HTMLElement) => void): () => void {
  const look = () => {
    const element = document.querySelector<HTMLElement>(selector);
    if (element !== null) {
      stop();
      found(element);
    }
  };
  const observer = new MutationObserver(look);
  const patience = setTimeout(() => observer.disconnect(), PATIENCE_MILLISECONDS);
  const stop = () => {
    observer.disconnect();
    clearTimeout(patience);
  };
  observer.observe(document.body, { childList: true, subtree: true });
  look();
  return stop;
}
