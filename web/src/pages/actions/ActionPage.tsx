// One action: how far it is, what it left out, and the way to stop it or to take it back.
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense } from "react";
import type { BulkAction } from "../../api/types";
import { useLiveLook } from "../../api/useLiveLook";
import { useMay } from "../../api/useMay";
import { useConfirm } from "../../design/Confirm";
import { ErrorNote } from "../../design/ErrorNote";
import { Identifier } from "../../design/Identifier";
import { PageHead } from "../../design/PageHead";
import { PlaceLink } from "../../design/PlaceLink";
import { Facts, Section } from "../../design/Section";
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import { useToast } from "../../design/Toasts";
import { useFormat, useWords } from "../../i18n/words";
import { LoadedPage } from "../../lists/Loaded";
import { filterTexts } from "../deliveries/filterTexts";
import { actOnMany, previewQuery } from "../deliveries/queries";
import { type DeliveriesSearch, deliveriesSearch } from "../deliveries/routes";
import { runsSearch } from "../runs/routes";
import styles from "./actions.module.css";
import { ACTION_TONES, progressOf } from "./progress";
import { actionQuery, stopAction } from "./queries";

const RunsTold = lazy(() =>
  import("../runs/RunsTold").then(({ RunsTold }) => ({ default: RunsTold })),
);

const route = getRouteApi("/inside/projects/$project/actions/$action");

export function ActionPage() {
  const words = useWords();
  const { project, action } = route.useParams();
  const query = useQuery(actionQuery(project, action));
  useLiveLook([{ queryKey: actionQuery(project, action).queryKey }], {
    concerns: ({ kind, id }) => kind === "everything" || id === action,
  });
  return (
    <LoadedPage query={query} title={words.actions.title} beside={<Identifier id={action} />}>
      {(data) => <Shown project={project} action={data} />}
    </LoadedPage>
  );
}

interface OfAction {
  project: string;
  action: BulkAction;
}

function Shown({ project, action }: OfAction) {
  const words = useWords().actions;
  const { id, state, last_error } = action;
  return (
    <>
      <PageHead
        title={words.kinds[action.action]}
        beside={
          <>
            <Identifier id={id} />{" "}
            <StateMark tone={ACTION_TONES[state]}>{words.states[state]}</StateMark>
          </>
        }
        actions={<Buttons project={project} action={action} />}
      />
      <p className={styles.told}>{words.told[state]}</p>
      {last_error !== null && (
        <p>
          <code>{last_error}</code>
        </p>
      )}
      <Progress action={action} />
      <WhatItIs project={project} action={action} />
    </>
  );
}

function Progress({ action }: { action: BulkAction }) {
  const words = useWords().actions;
  const { state, touched, matched, passed_over } = action;
  const done = Math.round(100 * progressOf(action));
  return (
    <div className={styles.progress}>
      <div
        className={styles.track}
        role="progressbar"
        aria-label={words.kinds[action.action]}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={done}
      >
        <div className={styles.bar} data-state={state} style={{ width: `${done}%` }} />
      </div>
      <div className={styles.numbers}>
        <strong>{words.touched[action.action](touched)}</strong>
        <span className={styles.quiet}>{words.matched(matched)}</span>
        {passed_over > 0 && <span>{words.passedOver(passed_over)}</span>}
      </div>
      {passed_over > 0 && action.action !== "replay" && !isOfRuns(action) && (
        <p className={styles.quiet}>{words.passedOverAbout}</p>
      )}
    </div>
  );
}

function Buttons({ project, action }: OfAction) {
  const may = useMay(project, "editor");
  const { state, touched } = action;
  if (!may) {
    return null;
  }
  if (state === "running") {
    return <Stop project={project} action={action} />;
  }
  return action.action === "cancel" && touched > 0 ? (
    <TakeBack project={project} action={action} />
  ) : null;
}

function Stop({ project, action }: OfAction) {
  const words = useWords().actions;
  const confirm = useConfirm();
  const toast = useToast();
  const client = useQueryClient();
  const stopping = useMutation({
    mutationFn: () => stopAction(project, action.id),
    onSuccess: () => {
      toast({ text: words.stopped });
      return client.invalidateQueries({ queryKey: actionQuery(project, action.id).queryKey });
    },
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
  });
  const ask = async () => {
    if (await confirm({ title: words.stopAsk, text: words.stopAbout, action: words.stop })) {
      stopping.mutate();
    }
  };
  return (
    <Button variant="default" loading={stopping.isPending} onClick={() => void ask()}>
      {words.stop}
    </Button>
  );
}

/** What a cancellation ended is requeued, by an action of its own. */
function TakeBack({ project, action }: OfAction) {
  const words = useWords().actions;
  const confirm = useConfirm();
  const toast = useToast();
  const client = useQueryClient();
  const navigate = route.useNavigate();
  const filters = { cancelled_by: action.id };
  const undoing = useMutation({
    mutationFn: async () => {
      const { matched } = await client.fetchQuery(previewQuery(project, "requeue", filters));
      if (matched === 0) {
        toast({ text: words.undoNone });
        return null;
      }
      const question = {
        title: words.undoAsk,
        text: words.undoAbout(matched),
        action: words.undo,
      };
      return (await confirm(question)) ? await actOnMany(project, "requeue", filters, null) : null;
    },
    onSuccess: (began) =>
      began === null
        ? undefined
        : navigate({
            to: "/projects/$project/actions/$action",
            params: { project, action: began.id },
          }),
    onError: (error) => toast({ text: <ErrorNote error={error} />, bad: true }),
  });
  return (
    <Button loading={undoing.isPending} onClick={() => undoing.mutate()}>
      {words.undo}
    </Button>
  );
}

/** So many ids are an address that every browser and proxy takes. */
const MOST_IDS_IN_ADDRESS = 50;

const isAddress = ({ ids }: Pick<DeliveriesSearch, "ids">): boolean =>
  ids === undefined || ids.split(",").length <= MOST_IDS_IN_ADDRESS;

/** Whether it was done to runs: their filters are others than those of deliveries. */
const isOfRuns = ({ action }: Pick<BulkAction, "action">): boolean =>
  action === "retry-runs" || action === "cancel-runs";

function WhatItIs({ project, action }: OfAction) {
  const all = useWords();
  const words = all.actions;
  const { facts } = words;
  const format = useFormat();
  const filters = deliveriesSearch(isOfRuns(action) ? {} : action.filter);
  // A replay may have asked for values in the content as well.
  const { value } = action.filter as { value?: unknown };
  const texts = [
    ...Object.values(filterTexts(filters, all, format)).filter((text) => text !== undefined),
    ...(Array.isArray(value) ? value.map(String) : []),
  ];
  const isReplay = action.action === "replay";
  const entries: [string, ReactNode][] = [
    [
      facts.filter,
      <span key="filter" className={styles.words}>
        <span>
          {isOfRuns(action) ? (
            <Suspense fallback={null}>
              <RunsTold filter={action.filter} none={facts.all} />
            </Suspense>
          ) : texts.length === 0 ? (
            facts.all
          ) : (
            texts.join(" · ")
          )}
        </span>
        {isOfRuns(action) && isAddress(runsSearch(action.filter)) && (
          <Link
            to="/projects/$project/runs"
            params={{ project }}
            search={runsSearch(action.filter)}
          >
            {words.showRuns}
          </Link>
        )}
        {!isReplay && !isOfRuns(action) && isAddress(filters) && (
          <Link to="/projects/$project/deliveries" params={{ project }} search={filters}>
            {words.show}
          </Link>
        )}
        {action.action === "cancel" && action.touched > 0 && (
          <Link
            to="/projects/$project/deliveries"
            params={{ project }}
            search={{ cancelled_by: action.id }}
          >
            {words.showCancelled}
          </Link>
        )}
      </span>,
    ],
    [
      facts.forwarder,
      action.forwarder === null ? null : (
        <PlaceLink key="forwarder" project={project} place="forwarders" name={action.forwarder}>
          {action.forwarder}
        </PlaceLink>
      ),
    ],
    [facts.rate, action.rate === null ? null : facts.perSecond(format.number(action.rate))],
    [facts.reason, action.reason],
    [facts.by, action.started_by],
    [facts.began, <Time key="began" at={action.created_at} shown="clock" />],
    [
      facts.ended,
      action.finished_at === null ? null : (
        <Time key="ended" at={action.finished_at} shown="clock" />
      ),
    ],
  ];
  return (
    <Section title={facts.title}>
      <Facts facts={entries.filter(([, value]) => value !== null)} />
    </Section>
  );
}
