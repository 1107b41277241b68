// What was done to many deliveries or messages at once, newest first.
import { Button } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { BulkAction } from "../../api/types";
import { EmptyState } from "../../design/EmptyState";
import { Identifier, shortened } from "../../design/Identifier";
import { PageHead } from "../../design/PageHead";
import { StateMark } from "../../design/StateMark";
import { Time } from "../../design/Time";
import type { Formats } from "../../i18n/formats";
import { useFormat, useWords, type Words } from "../../i18n/words";
import type { Column } from "../../lists/columns";
import { List } from "../../lists/List";
import { RowCard } from "../../lists/RowCard";
import { ACTION_TONES } from "./progress";
import { fetchActions } from "./queries";

const route = getRouteApi("/inside/projects/$project/actions");

const idOf = (action: BulkAction) => action.id;

export function ActionsPage() {
  const words = useWords();
  const format = useFormat();
  const { project } = route.useParams();
  const { columns: chosenColumns } = route.useSearch();
  const columns = useMemo(() => columnsOf(words, format), [words, format]);
  const source = useMemo(
    () => ({
      queryKey: ["actions", project],
      fetchPage: fetchActions(project),
      idOf,
      live: "action" as const,
    }),
    [project],
  );
  return (
    <>
      <PageHead title={words.actions.title} about={words.actions.about} />
      <List
        label={words.actions.title}
        source={source}
        columns={columns}
        chosenColumns={chosenColumns}
        nameOf={({ id }) => shortened(id)}
        link={({ id }, content, className) => (
          <Link
            to="/projects/$project/actions/$action"
            params={{ project, action: id }}
            className={className}
          >
            {content}
          </Link>
        )}
        card={(action) => <ActionCard action={action} />}
        empty={<NoActions project={project} />}
      />
    </>
  );
}

function columnsOf(words: Words, format: Formats): Column<BulkAction>[] {
  const titles = words.actions.columns;
  return [
    {
      key: "began",
      title: titles.began,
      width: "112px",
      cell: ({ created_at }) => <Time at={created_at} />,
    },
    {
      key: "action",
      title: titles.action,
      width: "minmax(120px, 1fr)",
      cell: ({ action }) => words.actions.kinds[action],
    },
    {
      key: "state",
      title: titles.state,
      width: "112px",
      cell: ({ state }) => (
        <StateMark tone={ACTION_TONES[state]}>{words.actions.states[state]}</StateMark>
      ),
    },
    {
      key: "progress",
      title: titles.progress,
      width: "144px",
      end: true,
      cell: ({ touched, matched }) =>
        words.actions.progress(format.number(touched), format.number(matched)),
    },
    {
      key: "passed",
      title: titles.passedOver,
      width: "80px",
      end: true,
      cell: ({ passed_over }) => format.number(passed_over),
    },
    {
      key: "by",
      title: titles.by,
      width: "minmax(120px, 1fr)",
      cell: ({ started_by }) => started_by,
    },
    {
      key: "id",
      title: titles.id,
      width: "144px",
      cell: ({ id }) => <Identifier id={id} />,
    },
  ];
}

function ActionCard({ action }: { action: BulkAction }) {
  const words = useWords().actions;
  const format = useFormat();
  const { created_at, state, touched, matched } = action;
  return (
    <RowCard
      title={words.kinds[action.action]}
      beside={<Time at={created_at} />}
      text={words.progress(format.number(touched), format.number(matched))}
      mark={<StateMark tone={ACTION_TONES[state]}>{words.states[state]}</StateMark>}
    />
  );
}

function NoActions({ project }: { project: string }) {
  const words = useWords().actions;
  return (
    <EmptyState
      action={
        <Button
          variant="default"
          renderRoot={(props) => (
            <Link {...props} to="/projects/$project/deliveries" params={{ project }} />
          )}
        >
          {words.toDeliveries}
        </Button>
      }
    >
      {words.empty}
    </EmptyState>
  );
}
