// Who goes to another page hears where they are: the focus goes to its heading, which is read out,
// and from which the next Tab goes on into the page. Without this the focus would stay on a link of
// the page before, or nowhere.
import { useRouter } from "@tanstack/react-router";
import { useEffect } from "react";

export function useArrival(): void {
  const router = useRouter();
  useEffect(() => {
    let stop = () => {};
    const end = router.subscribe("onRendered", ({ fromLocation, pathChanged }) => {
      stop();
      // The first page is the browser's own to announce.
      if (fromLocation !== undefined && pathChanged) {
        stop = arrive();
      }
    });
    return () => {
      stop();
      end();
    };
  }, [router]);
}

/** Gives the focus to the heading of the page, and again whenever it gets lost before the reader does
 *  something: a heading may come with the code and the data of its page, it may be drawn anew when
 *  these are there, and a dialog that led here may take the focus along when it is gone at last. */
function arrive(): () => void {
  let hasArrived = false;
  let hasActed = false;
  const look = () => {
    const heading = document.querySelector<HTMLElement>("main h1");
    if (heading === null || !(isNowhere() || (!hasActed && !hasArrived && isElsewhere()))) {
      return;
    }
    heading.focus({ preventScroll: true });
    hasArrived = true;
    if (hasActed) {
      stop();
    }
  };
  const act = () => {
    hasActed = true;
    if (hasArrived) {
      stop();
    }
  };
  const observer = new MutationObserver(look);
  const stop = () => {
    observer.disconnect();
    for (const kind of ACTS) {
      document.removeEventListener(kind, act, true);
    }
  };
  for (const kind of ACTS) {
    document.addEventListener(kind, act, true);
  }
  observer.observe(document.body, { childList: true, subtree: true });
  look();
  return stop;
}

/** By these somebody goes on by themselves. */
const ACTS = ["keydown", "pointerdown"] as const;

/** What had the focus is gone. */
function isNowhere(): boolean {
  return document.activeElement === null || document.activeElement === document.body;
}

/** On what stands around pages. One that put the focus into a field of its own keeps it; so does a
 *  dialog, as long as it is there. */
function isElsewhere(): boolean {
  return document.activeElement?.closest("main, [role=dialog]") === null;
}
