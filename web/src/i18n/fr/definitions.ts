import { counted } from "../plural";
import type { Words } from "../words";

export const definitions: Words["definitions"] = {
  name: "Nom",
  nameAbout: "Des minuscules, des chiffres, - et _. Il ne peut plus changer ensuite.",
  pause: "Mettre en pause",
  resume: "Reprendre",
  deedNamed: (deed, name) => `${deed} : ${name}`,
  noJson: (fault, place) => `Ce n’est pas du JSON : ${fault}, au caractère ${place}.`,
  jsonFaults: {
    levels: "il y a trop de niveaux",
    values: "il y a autre chose après la valeur",
    value: "il manque une valeur",
    string: "il manque un texte entre guillemets",
    colon: "il manque un deux-points",
    brace: "il manque une accolade fermante",
    bracket: "il manque un crochet fermant",
    escape: "un texte contient une séquence d’échappement incorrecte",
  },
  change: "Modifier",
  save: "Enregistrer",
  done: {
    pause: (name) => `${name} est en pause. Ce qui lui est destiné attend.`,
    resume: (name) => `${name} fonctionne à nouveau. Ce qui attendait part.`,
    "try-now": (name) =>
      `Une livraison part maintenant vers ${name}. Si elle arrive, les autres suivent.`,
  },
  saved: (name) => `${name} est enregistré.`,
  removeAction: "Supprimer",
  removeAsk: (name) => `Supprimer ${name} ?`,
  removed: (name) => `${name} est supprimé.`,
  seeFields: "Rien n’est encore enregistré : les champs en rouge disent pourquoi.",
  notSaved: "Rien n’est encore enregistré.",
  leaveAsk: "Quitter sans enregistrer ?",
  leaveAbout: "Ce que vous avez saisi ici sera perdu.",
  leave: "Quitter",
  addRow: "Ajouter",
  removeRow: (name) => (name === "" ? "Supprimer cette ligne" : `Supprimer ${name}`),
  nobody: "—",
  warnings: (count) => counted("fr", count, { one: "# avertissement", other: "# avertissements" }),
  rowDoubled: (name) => `${name} existe déjà : un nom ne peut servir qu’une fois.`,
  mayNot: {
    editor:
      "Pour modifier ceci, il faut le niveau « éditeur » dans ce projet. Un propriétaire peut vous le donner.",
    admin:
      "Pour modifier ceci, il faut le niveau « administrateur » dans ce projet. Un propriétaire peut vous le donner.",
    back: "Retour à la liste",
  },
  nameTaken: (name) => `Le nom ${name} est déjà pris.`,
  nameMissing: "Il faut un nom.",
  duration: "Un nombre entier et une unité : 50ms, 30s, 15m, 6h, 5d (d pour jours)",
  secret: {
    set: "défini",
    replace: "Remplacer",
    replaceNamed: (label) => `Remplacer : ${label}`,
    remove: "Supprimer",
    removeNamed: (label) => `Supprimer : ${label}`,
    kept: "défini ; reste tel quel",
    again: "Il partirait ailleurs qu’avant : saisissez-le à nouveau.",
  },
  copyAddress: "Copier l’adresse",
  advanced: "Plus",
};
