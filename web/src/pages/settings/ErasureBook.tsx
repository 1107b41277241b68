// The book of erasures: when, how much, by whom ordered. Of whom it keeps a digest only.
import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { DefinitionTable, type TableColumn } from "../../definitions/DefinitionTable";
import { ErrorNote } from "../../design/ErrorNote";
import { Identifier } from "../../design/Identifier";
import { Time } from "../../design/Time";
import { useFormat, useWords } from "../../i18n/words";
import { ListSkeleton, MoreRows } from "../../lists/ListParts";
import { type Erasure, erasuresKey, fetchErasures } from "./queries";

export function ErasureBook({ project }: { project: string }) {
  const { erasures: words, common, list } = useWords();
  const query = useInfiniteQuery({
    queryKey: erasuresKey(project),
    queryFn: ({ pageParam, signal }) => fetchErasures(project)(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
  });
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  if (data === undefined) {
    return error === null ? (
      <ListSkeleton label={common.loading} />
    ) : (
      <ErrorNote error={error} retry={() => void query.refetch()} />
    );
  }
  const rows = data.pages.flatMap((page) => page.items);
  if (rows.length === 0) {
    return <p>{words.bookEmpty}</p>;
  }
  return (
    <>
      <Book rows={rows} />
      {(hasNextPage || error !== null) && (
        <MoreRows
          loading={isFetchingNextPage}
          error={error}
          ended={false}
          retry={() => void fetchNextPage()}
          searchedUntil={null}
          goOn={null}
        />
      )}
      {hasNextPage && !isFetchingNextPage && (
        <Button variant="default" size="compact-sm" onClick={() => void fetchNextPage()}>
          {list.searchOn}
        </Button>
      )}
    </>
  );
}

function Book({ rows }: { rows: Erasure[] }) {
  const words = useWords().erasures;
  const format = useFormat();
  const amount = (key: "messages" | "deliveries" | "attempts"): TableColumn<Erasure> => ({
    key,
    title: words[key],
    end: true,
    cell: (row) => format.number(row[key]),
  });
  const columns: TableColumn<Erasure>[] = [
    {
      key: "by",
      title: words.by,
      cell: (row) =>
        Object.entries(words.criteria).find(([name]) => name === row.criterion)?.[1] ??
        row.criterion,
    },
    amount("messages"),
    amount("deliveries"),
    amount("attempts"),
    { key: "who", title: words.startedBy, cell: (row) => row.started_by },
    {
      key: "digest",
      title: words.digest,
      cell: (row) => <Identifier id={row.criterion_sha256} />,
    },
  ];
  return (
    <DefinitionTable
      label={words.book}
      rows={rows}
      first={words.at}
      nameOf={(row) => row.id}
      link={(row) => <Time at={row.at} />}
      columns={columns}
    />
  );
}
