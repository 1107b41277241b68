// How a case became what it is: form by form, with what each of them changed.
import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { EmptyState } from "../../design/EmptyState";
import { Identifier } from "../../design/Identifier";
import { Time } from "../../design/Time";
import filed from "../../filed/filed.module.css";
import { useWords } from "../../i18n/words";
import { Loaded } from "../../lists/Loaded";
import styles from "./cases.module.css";
import { type CaseStep, stepsQuery } from "./queries";
import { storyOf, type Tie, type ToldStep } from "./story";

export function TimeLine({ project, id }: { project: string; id: string }) {
  const words = useWords().cases;
  const query = useInfiniteQuery(stepsQuery(project, id));
  const story = useMemo(
    () => storyOf(query.data?.pages.flatMap(({ items }) => items) ?? []),
    [query.data],
  );
  return (
    <Loaded query={query}>
      {() =>
        story.length === 0 ? (
          <EmptyState>{words.noSteps}</EmptyState>
        ) : (
          <>
            <ol className={styles.line}>
              {story.map((told) => (
                <li key={told.step.position} className={styles.step}>
                  <Step project={project} told={told} />
                </li>
              ))}
            </ol>
            {query.hasNextPage && (
              <Button
                variant="default"
                loading={query.isFetchingNextPage}
                onClick={() => void query.fetchNextPage()}
              >
                {words.later}
              </Button>
            )}
          </>
        )
      }
    </Loaded>
  );
}

function Step({ project, told }: { project: string; told: ToldStep }) {
  const words = useWords().cases;
  const { step } = told;
  const did = step.kinds.map((kind) => words.kinds[kind]).join(", ") || words.touched;
  return (
    <>
      <div className={styles.head}>
        <strong>{did}</strong>
        <Brought project={project} step={step} />
        <span className={filed.quiet}>
          <Time at={step.at} shown="clock" />
          {step.user_id !== "" && ` · ${step.user_id}`}
        </span>
      </div>
      {told.changes.length > 0 && (
        <dl className={styles.changes}>
          {told.changes.map(({ name, before, after }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a form may set a property twice
            <div key={`${name} ${index}`}>
              <dt>{name}</dt>
              <dd>
                {before !== null && (
                  <>
                    <del>{before || words.nothing}</del>
                    <span aria-hidden="true"> → </span>
                  </>
                )}
                <ins>{after || words.nothing}</ins>
              </dd>
            </div>
          ))}
        </dl>
      )}
      {told.same > 0 && <p className={filed.quiet}>{words.same(told.same)}</p>}
      {told.ties.map((tie) => (
        <p key={`${tie.name} ${tie.caseId}`}>
          <TieTold project={project} tie={tie} />
        </p>
      ))}
      {told.files.length > 0 && <p>{words.filesBrought(told.files.join(", "))}</p>}
      {told.filesRemoved.length > 0 && <p>{words.filesRemoved(told.filesRemoved.join(", "))}</p>}
    </>
  );
}

/** The form that did it, or the message that told of the case as a whole. */
function Brought({ project, step }: { project: string; step: CaseStep }) {
  const words = useWords().cases;
  if (step.submission !== null) {
    return (
      <Link
        to="/projects/$project/submissions/$submission"
        params={{ project, submission: step.submission }}
      >
        {words.byForm} <Identifier id={step.form_id} plain />
      </Link>
    );
  }
  return step.message === null ? null : (
    <Link to="/projects/$project/messages/$message" params={{ project, message: step.message }}>
      {words.byMessage} <Identifier id={step.message} plain />
    </Link>
  );
}

function TieTold({ project, tie }: { project: string; tie: Tie }) {
  const words = useWords().cases;
  if (tie.caseId === null || tie.caseId === "") {
    return words.untied(tie.name);
  }
  return (
    <>
      {words.tied(tie.name)}{" "}
      <Link to="/projects/$project/cases/$case" params={{ project, case: tie.caseId }}>
        <Identifier id={tie.caseId} plain />
      </Link>
    </>
  );
}
