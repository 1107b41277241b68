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
  same: "Les deux sont identiques.",
  line: "Ligne",
};
