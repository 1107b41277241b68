// One place that decides how questions are repeated and what an ended session means.
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { Problem } from "../api/problem";
import { SESSION_KEY } from "../api/session";
import { meansSignedOut } from "../api/sessionEnd";

/** Questions are repeated so often when there was no answer; a refusal is an answer. */
const MOST_REPEATS = 2;
const FRESH_MILLISECONDS = 10_000;

/** Makes the store of answers. `signedOut` is called when the hub says that nobody is signed in. */
export function newQueryClient(signedOut: () => void): QueryClient {
  const onError = (error: unknown, key: readonly unknown[]) => {
    // The questions of the entrance are asked by those who are not signed in.
    if (meansSignedOut(error) && key[0] !== SESSION_KEY) {
      signedOut();
    }
  };
  return new QueryClient({
    queryCache: new QueryCache({ onError: (error, query) => onError(error, query.queryKey) }),
    mutationCache: new MutationCache({
      onError: (error, _variables, _result, mutation) =>
        onError(error, mutation.options.mutationKey ?? []),
    }),
    defaultOptions: {
      queries: {
        staleTime: FRESH_MILLISECONDS,
        retry: (count, error) =>
          count < MOST_REPEATS && !(error instanceof Problem && error.status < 500),
      },
    },
  });
}
