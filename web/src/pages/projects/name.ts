// The name of a project, made of what people call it: `Réseau de Kribi` becomes `reseau-de-kribi`.
import { asName } from "../../definitions/name";

const LONGEST = 64;
const NAME = /^[a-z0-9][a-z0-9_-]*$/;

export function nameOf(title: string): string {
  return asName(title)
    .replace(/-{2,}/g, "-")
    .replace(/^[-_]+|[-_]+$/g, "");
}

export function isName(text: string): boolean {
  return text.length <= LONGEST && NAME.test(text);
}
