// The name of a project, made of what people call it: `Réseau de Kribi` becomes `reseau-de-kribi`.

const LONGEST = 64;
const NAME = /^[a-z0-9][a-z0-9_-]*$/;

export function nameOf(title: string): string {
  return title
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "-")
    .replace(/^[-_]+/, "")
    .slice(0, LONGEST)
    .replace(/[-_]+$/, "");
}

export function isName(text: string): boolean {
  return text.length <= LONGEST && NAME.test(text);
}
