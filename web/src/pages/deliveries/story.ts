// What became of a delivery, in a sentence. Pure: the exact error stands beside it, to copy.
import type { Delivery } from "../../api/types";
import type { Words } from "../../i18n/words";

type Told = Pick<
  Delivery,
  "state" | "connection" | "attempts" | "last_status" | "holds" | "holds_count"
>;

export function storyOf(delivery: Told, words: Words["deliveries"]["story"]): string {
  const { connection, attempts, last_status, holds, holds_count } = delivery;
  const tries = words.tries(attempts);
  const status = last_status === null ? null : String(last_status);
  const held = !holds ? "" : ` ${holds_count > 0 ? words.holds(holds_count) : words.holdsNone}`;
  switch (delivery.state) {
    case "succeeded":
      return attempts > 1
        ? words.deliveredAfter(connection, status ?? "", tries)
        : words.delivered(connection, status ?? "");
    case "rejected":
      return (
        (status === null ? words.refused(connection) : words.refusedWith(connection, status)) + held
      );
    case "broken":
      return words.givenUp(connection, tries) + held;
    case "failed":
      return status === null
        ? words.retrying(connection, tries)
        : words.retryingWith(connection, status, tries);
    case "pending":
      return words.first;
    case "cancelled":
      return words.cancelled + held;
    case "superseded":
      return words.superseded;
  }
}

/** An error for a row: the hub says first that it is the destination's, which the row says too. A
 *  row may have the status in a column of its own. */
export function shortError(error: string, statusStands = false): string {
  const short = error.replace(/^The destination (refused this payload for good: it )?/, "");
  return statusStands ? short.replace(/^answered \d{3} /, "") : short;
}
