// What a forwarder will do, as it stands in the form.
import { type Definition, textAt } from "../../definitions/definition";
import own from "../../definitions/definitions.module.css";
import { useWords } from "../../i18n/words";
import { type Destination, sendsToDatabase } from "./SendsFields";
import { sentencesOf } from "./sentence";

interface WillHappenProps {
  definition: Definition;
  destinations: Destination[];
}

export function WillHappen({ definition, destinations }: WillHappenProps) {
  const words = useWords().forwarding.told;
  const toDatabase = sendsToDatabase(textAt(definition, "to"), destinations) === true;
  return (
    <p className={own.told} role="status">
      {sentencesOf(definition, toDatabase, words).join(" ")}
    </p>
  );
}
