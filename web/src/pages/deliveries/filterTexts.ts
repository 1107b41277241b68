// Each filter of deliveries in force, as words.
import { shortened } from "../../design/Identifier";
import type { Formats } from "../../i18n/formats";
import { useFormat, useWords, type Words } from "../../i18n/words";
import { filterWords } from "../../lists/filterWords";
import type { FilterWord } from "../../lists/ListBar";
import type { DeliveryFilters } from "./queries";
import { type DeliveriesSearch, statesIn } from "./routes";

type Change = (changed: Partial<DeliveriesSearch>) => void;

export function filterTexts(filters: DeliveryFilters, words: Words, format: Formats) {
  const told = words.deliveries.filters;
  const time = (value: string) => format.clock(new Date(value), new Date());
  const texts: { [Name in keyof Required<DeliveryFilters>]: string | undefined } = {
    state: filters.state && words.common.states[filters.state],
    states:
      filters.states && told.oneOf(statesIn(filters).map((state) => words.common.states[state])),
    status: filters.status && told.answered(filters.status),
    error_kind: filters.error_kind && words.deliveries.kinds[filters.error_kind],
    connection: filters.connection && told.toConnection(filters.connection),
    forwarder: filters.forwarder && told.ofForwarder(filters.forwarder),
    source: filters.source && told.fromSource(filters.source),
    origin: filters.origin && told.madeBy(words.deliveries.origins[filters.origin]),
    payload_id: filters.payload_id && told.ofMessage(shortened(filters.payload_id)),
    key: filters.key && told.withKey(filters.key),
    cancelled_by: filters.cancelled_by && told.cancelledBy(shortened(filters.cancelled_by)),
    ids: filters.ids && told.named(filters.ids.split(",").length),
    holds: filters.holds && told.holding,
    last: filters.last && words.list.last[filters.last],
    since: filters.since && told.sinceTime(time(filters.since)),
    until: filters.until && told.untilTime(time(filters.until)),
    text: filters.text && told.withText(filters.text),
  };
  return texts;
}

export function useDeliveryFilterWords(filters: DeliveryFilters, change: Change): FilterWord[] {
  const words = useWords();
  const format = useFormat();
  return filterWords(filterTexts(filters, words, format), change);
}
