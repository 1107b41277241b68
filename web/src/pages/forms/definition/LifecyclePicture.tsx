// The lifecycle as a picture, or as a list on a phone: the one that workflows are drawn with, to look at and to
// choose a status in.
import { useMemo } from "react";
import type { Definition } from "../../../definitions/definition";
import { useFlowWords } from "../../../i18n/flows";
import { useOwnFormWords } from "../../../i18n/ownForms";
import { GraphView } from "../../workflows/GraphView";
import { lifecycleFlow } from "./picture";

export interface LifecyclePictureProps {
  definition: Definition;
  selected: string | null;
  select: (status: string) => void;
  mistaken?: ReadonlySet<string>;
}

export default function LifecyclePicture(props: LifecyclePictureProps) {
  const { definition, selected, select, mistaken } = props;
  const { workflows } = useFlowWords();
  const { formEditor } = useOwnFormWords();
  const { picture } = formEditor;
  const words = useMemo(
    () => ({ ...workflows.graph, ...picture, addFirst: picture.trigger, ends: formEditor.end }),
    [workflows, picture, formEditor.end],
  );
  const flow = useMemo(() => lifecycleFlow(definition, formEditor), [definition, formEditor]);
  return (
    <GraphView
      flow={flow}
      words={words}
      listLabel={picture.list}
      trigger={picture.sent}
      selected={selected}
      select={select}
      {...(mistaken === undefined ? {} : { mistaken })}
    />
  );
}
