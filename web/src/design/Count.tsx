// A number of things: grouped as the reader writes it, in figures of one width.
import { useFormat } from "../i18n/words";

export function Count({ value }: { value: number }) {
  return <span className="numbers">{useFormat().number(value)}</span>;
}
