import type { Words } from "../words";

export const tokens: Words["tokens"] = {
  title: "Jetons",
  about:
    "Les programmes se présentent avec un jeton au lieu d’un mot de passe. Il ouvre ce projet à son niveau, et rien d’autre.",
  aboutAll:
    "Ces jetons ouvrent tous les projets à leur niveau, y compris ceux qui seront créés plus tard. Ils ne permettent pas d’administrer l’installation.",
  make: "Créer un jeton",
  name: "Nom",
  nameAbout: "À quoi il sert : le programme, ou la personne qui s’en occupe.",
  level: "Niveau",
  expiry: "Valable",
  expiries: { "30d": "30 jours", "90d": "90 jours", "365d": "un an", never: "sans limite" },
  made: "Créé",
  madeBy: (name: string) => `par ${name}`,
  lastUse: "Dernière utilisation",
  never: "jamais",
  ends: "Fin",
  endsNever: "sans fin",
  ended: "expiré",
  opensNothing: "n’ouvre rien",
  opensNothingAbout: "La personne qui l’a créé est partie, n’a plus accès, ou peut moins que lui.",
  shownOnce:
    "Copiez ce jeton maintenant : il ne sera plus affiché. Quiconque le possède peut faire ce que permet son niveau.",
  token: "Jeton",
  example: "Pour l’essayer",
  curl: "Exemple avec curl",
  done: "Terminé",
  revoke: "Révoquer",
  revokeNamed: (name: string) => `Révoquer ${name}`,
  revokeAsk: (name: string) => `Révoquer le jeton ${name} ?`,
  revokeAbout:
    "Les programmes qui l’utilisent seront refusés dès leur prochaine requête. Il ne peut pas être rétabli ; créez-en un autre.",
  revoked: (name: string) => `Le jeton ${name} n’ouvre plus rien.`,
  empty: "Il n’y a encore aucun jeton. Un programme qui lit ce projet ou y agit en a besoin d’un.",
  emptyAll:
    "Il n’y a aucun jeton pour tous les projets. Préférez le jeton d’un seul projet là où il suffit.",
};
