// Doing something again and again as it is asked for, but never twice at one time, and not more
// often than people look: what is asked meanwhile is done once, after the pause.

export interface Throttled {
  /** Does it at once where nothing is under way, else once more later. */
  ask: () => void;
  /** Nothing is done any more. */
  stop: () => void;
}

/** The pause begins when what was done is done: a slow line is not asked faster than it answers. */
export function throttled(deed: () => Promise<unknown>, pauseMilliseconds: number): Throttled {
  let isBusy = false;
  let isAskedAgain = false;
  let isStopped = false;
  let pause: ReturnType<typeof setTimeout> | undefined;

  const begin = () => {
    isBusy = true;
    isAskedAgain = false;
    deed().then(rest, rest);
  };
  const rest = () => {
    if (isStopped) {
      return;
    }
    pause = setTimeout(() => {
      isBusy = false;
      if (isAskedAgain) {
        begin();
      }
    }, pauseMilliseconds);
  };
  return {
    ask: () => {
      if (isBusy) {
        isAskedAgain = true;
      } else if (!isStopped) {
        begin();
      }
    },
    stop: () => {
      isStopped = true;
      clearTimeout(pause);
    },
  };
}
