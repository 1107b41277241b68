// Making a workflow, and changing one: each time it is saved there is a new version.
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import { Allowed } from "../../definitions/Allowed";
import { ChangePage } from "../../definitions/ChangePage";
import { DefinitionForm, type OfForm } from "../../definitions/DefinitionForm";
import { type Definition, Exact } from "../../definitions/definition";
import { allReadable, jsonMistake } from "../../definitions/JsonAt";
import { sourcesQuery, withoutPause } from "../../definitions/queries";
import { useFlowWords } from "../../i18n/flows";
import { parseJson, prettyJson } from "../../payload/json";
import { fieldsOf } from "./fieldPaths";
import { withJobs } from "./graph";
import type { NewWorkflowSearch } from "./routes";
import { fittingTrigger, triggerOf } from "./trigger";
import { WorkflowEditor } from "./WorkflowEditor";

/** The viewer of payloads comes with it: the fields are there before. */
const Sample = lazy(() => import("./Sample").then(({ Sample }) => ({ default: Sample })));

const newRoute = getRouteApi("/inside/projects/$project/new/workflow");
const changeRoute = getRouteApi("/inside/projects/$project/workflows/$workflow/change");

/** What an address says about the new workflow. A filter that is no JSON is shown as it is. */
function begun({ source, match }: NewWorkflowSearch): Definition {
  const filter = (text: string) =>
    new Exact(jsonMistake(text) === null ? prettyJson(parseJson(text)) : text);
  const isSetOff = source !== undefined || match !== undefined;
  return {
    ...(isSetOff
      ? {
          trigger: {
            ...(source === undefined ? {} : { source }),
            ...(match === undefined ? {} : { match: filter(match) }),
          },
        }
      : {}),
    steps: { first: { adaptor: "common", job: "fn(state => {\n  return state;\n});\n" } },
  };
}

export function NewWorkflowPage() {
  const words = useFlowWords().workflows;
  const { project } = newRoute.useParams();
  const search = newRoute.useSearch();
  const initial = useMemo(() => begun(search), [search]);
  return (
    <Allowed project={project} noun="workflows" title={words.makeTitle}>
      <WorkflowForm
        project={project}
        name={null}
        defined={null}
        initial={initial}
        message={search.message}
      />
    </Allowed>
  );
}

export function ChangeWorkflowPage() {
  const words = useFlowWords().workflows;
  const { project, workflow } = changeRoute.useParams();
  const { step } = changeRoute.useSearch();
  return (
    <ChangePage
      project={project}
      noun="workflows"
      name={workflow}
      title={words.changeTitle(workflow)}
    >
      {(defined, meanwhile) => (
        <WorkflowForm
          project={project}
          name={workflow}
          defined={defined}
          meanwhile={meanwhile}
          initial={withoutPause(defined.definition)}
          step={step}
        />
      )}
    </ChangePage>
  );
}

interface WorkflowFormProps extends OfForm {
  initial: Definition;
  /** The step that is open at first. */
  step?: string;
  /** The message that it is made for. */
  message?: string;
}

const saved = (definition: Definition) => withJobs(fittingTrigger(definition));

function WorkflowForm({ step, message, ...props }: WorkflowFormProps) {
  const words = useFlowWords().workflows;
  // They are asked for here already: the panels that need them open with a click.
  useQuery(sourcesQuery(props.project));
  return (
    <DefinitionForm
      {...props}
      noun="workflows"
      fields={fieldsOf}
      makeWord={words.make}
      written={saved}
      isReadable={(definition) => allReadable(Object.values(triggerOf(definition)))}
      wide
    >
      {(nameField) => (
        <div>
          <WorkflowEditor project={props.project} nameField={nameField} first={step} />
          {message !== undefined && (
            <Suspense fallback={null}>
              <Sample project={props.project} message={message} />
            </Suspense>
          )}
        </div>
      )}
    </DefinitionForm>
  );
}
