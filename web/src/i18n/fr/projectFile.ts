import { counted } from "../plural";
import type { Words } from "../words";

export const projectFile: Words["projectFile"] = {
  title: "Fichier du projet",
  about:
    "Tout ce qu’est ce projet, en un seul fichier : à lire, à garder avec vos autres fichiers, à modifier d’un bloc. Les secrets y figurent comme des points ; là où les points restent, le secret enregistré reste.",
  download: "Télécharger",
  change: "Modifier",
  stopChanging: "Laisser tel quel",
  editor: "Fichier du projet",
  prune: "Supprimer aussi ce qui manque dans le fichier",
  pruneAbout:
    "Sinon, les sources, connexions et transferts que le fichier ne nomme pas restent tels quels.",
  look: "Voir ce qui changerait",
  apply: "Appliquer",
  applied: (count: number) =>
    counted("fr", count, {
      one: "# modification est appliquée.",
      other: "# modifications sont appliquées.",
    }),
  nothing: "Rien ne changerait.",
  plan: "Ce qui changerait",
  stale: "Le texte a été modifié depuis. Regardez à nouveau avant de l’appliquer.",
  added: "ajout",
  changed: "modification",
  removed: "suppression",
  kinds: {
    project: "projet",
    connection: "connexion",
    source: "source",
    forwarder: "transfert",
  },
  before: "avant",
  after: "après",
  none: "rien",
  warnings: "Permis, mais sans doute à regretter",
  waiting: (forwarder: string, count: number) =>
    counted("fr", count, {
      one: `# livraison attend le transfert ${forwarder}. Elle sera annulée quand il sera supprimé.`,
      other: `# livraisons attendent le transfert ${forwarder}. Elles seront annulées quand il sera supprimé.`,
    }),
  loses: "Quelque chose sera perdu",
  askTitle: "Appliquer, malgré ces pertes ?",
  removes: (count: number) =>
    counted("fr", count, { one: "# élément est supprimé.", other: "# éléments sont supprimés." }),
  line: (line: number) => `Ligne ${line}`,
  mistakes: "Rien n’est appliqué. Corrigez d’abord ceci :",
};
