import { counted } from "../plural";
import type { Words } from "../words";

export const payload: Words["payload"] = {
  tree: "Plié",
  exact: "Exact",
  content: "Contenu",
  fold: (characters) => `Replier les ${characters} caractères`,
  search: "Y chercher",
  found: (count) => counted("fr", count, { one: "# endroit", other: "# endroits" }),
  nextPlace: "Endroit suivant",
  copyPath: "Copier le chemin",
  copyValue: "Copier la valeur",
  filterOn: "Filtrer sur cette valeur",
  actions: "De cette valeur",
  unfoldAll: "Tout déplier",
  foldAll: "Tout plier",
  items: (count) => counted("fr", count, { one: "# élément", other: "# éléments" }),
  members: (count) => counted("fr", count, { one: "# membre", other: "# membres" }),
  empty: "Il n’a pas de contenu.",
  binary: (bytes) => `Ces ${bytes} ne sont pas du texte. Ils peuvent être téléchargés.`,
  tooLong: (bytes) =>
    `Ces ${bytes} sont trop longs pour être affichés ici. Ils peuvent être téléchargés.`,
  before: "Avant",
  after: "Après",
  path: "Où",
  differences: (count, more) =>
    more
      ? `Les ${count} premières différences`
      : counted("fr", count, { one: "# différence", other: "# différences" }),
  same: "Les deux sont identiques.",
  line: "Ligne",
  beside: (before, after) => `${before} à côté de ${after}`,
  notBeside: "L’un des deux n’est pas un texte : ils ne peuvent pas être mis côte à côte.",
  others: (count) => counted("fr", count, { one: "# ligne diffère", other: "# lignes diffèrent" }),
  sameLines: (count) =>
    counted("fr", count, { one: "# ligne identique", other: "# lignes identiques" }),
  showSame: "Montrer aussi les lignes identiques",
  foldSame: "Seulement ce qui diffère",
};
