// The page on which something that is defined is changed: its title, and the form once the
// definition is there.
import { useQuery } from "@tanstack/react-query";
import { Fragment, type ReactNode, useState } from "react";
import { Loaded } from "../lists/Loaded";
import { Allowed } from "./Allowed";
import type { Meanwhile } from "./Meanwhile";
import { type Defined, definedQuery, type Noun } from "./queries";

interface ChangePageProps {
  project: string;
  noun: Noun;
  name: string;
  title: string;
  /** The form, for the definition as it is kept. */
  children: (defined: Defined, meanwhile: Meanwhile) => ReactNode;
}

export function ChangePage({ project, noun, name, title, children }: ChangePageProps) {
  return (
    <Allowed project={project} noun={noun} title={title}>
      <Change project={project} noun={noun} name={name}>
        {children}
      </Change>
    </Allowed>
  );
}

function Change({ project, noun, name, children }: Omit<ChangePageProps, "title">) {
  const query = useQuery({
    ...definedQuery(project, noun, name),
    refetchOnMount: "always",
    refetchOnWindowFocus: false,
  });
  // What a page showed before may be an old save: a form begins with the newest.
  const data = query.isFetchedAfterMount ? query.data : undefined;
  return (
    <Loaded query={{ ...query, data }}>
      {(newest) => <Begun newest={newest} look={query.refetch} show={children} />}
    </Loaded>
  );
}

interface BegunProps {
  newest: Defined;
  look: () => Promise<{ data: Defined | undefined }>;
  show: ChangePageProps["children"];
}

/** What is being changed does not change under the hands: the form keeps what it began with, until
 *  somebody wants to begin again. */
function Begun({ newest, look, show }: BegunProps) {
  const [begun, setBegun] = useState(newest);
  const [times, setTimes] = useState(0);
  const again = () =>
    void look().then(({ data }) => {
      setBegun(data ?? newest);
      setTimes(times + 1);
    });
  const newestTag = async () => (await look()).data ?? newest;
  return <Fragment key={times}>{show(begun, { again, newest: newestTag })}</Fragment>;
}
