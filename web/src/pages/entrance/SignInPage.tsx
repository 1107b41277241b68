// Signing in, and then to where somebody was going.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { Problem } from "../../api/problem";
import { sessionQuery } from "../../api/session";
import { useWords } from "../../i18n/words";
import { Entrance } from "./Entrance";
import { isServed, safeNext } from "./next";
import { SignInForm } from "./SignInForm";

const route = getRouteApi("/sign-in");

export function SignInPage() {
  const words = useWords().entrance;
  const client = useQueryClient();
  const router = useRouter();
  const { next } = route.useSearch();
  return (
    <Entrance title={words.signIn} about={useSetupNeeded() ? words.setupNeeded : undefined}>
      <SignInForm
        done={(session) => {
          client.clear();
          client.setQueryData(sessionQuery.queryKey, session);
          // Back leads to where somebody came from, not to a form that is done.
          const to = safeNext(next);
          if (isServed(to)) {
            window.location.replace(to);
          } else {
            router.history.replace(to);
          }
        }}
      />
    </Entrance>
  );
}

/** Whether the hub has no user yet; it says so to whoever is not signed in. */
function useSetupNeeded(): boolean {
  const { error } = useQuery(sessionQuery);
  return (
    error instanceof Problem &&
    "setup_needed" in error.document &&
    error.document.setup_needed === true
  );
}
