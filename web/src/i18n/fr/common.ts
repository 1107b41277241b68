import { counted, type PluralForms } from "../plural";
import type { Words } from "../words";

/** How so many in a state are said. */
const stateForms: Record<keyof Words["common"]["states"], PluralForms> = {
  kept: { one: "# conservé", other: "# conservés" },
  quarantined: { one: "# en quarantaine", other: "# en quarantaine" },
  duplicate: { one: "# doublon", other: "# doublons" },
  pending: { one: "# en attente", other: "# en attente" },
  failed: { one: "# à réessayer", other: "# à réessayer" },
  succeeded: { one: "# livrée", other: "# livrées" },
  cancelled: { one: "# annulée", other: "# annulées" },
  rejected: { one: "# refusée", other: "# refusées" },
  broken: { one: "# abandonnée", other: "# abandonnées" },
  superseded: { one: "# remplacée", other: "# remplacées" },
};

export const common: Words["common"] = {
  cancel: "Annuler",
  close: "Fermer",
  copy: "Copier",
  copied: "Copié",
  notCopied: "Copie impossible : sélectionnez le texte et copiez-le",
  undo: "Annuler l’action",
  tryAgain: "Réessayer",
  retryAfter: (seconds) =>
    counted("fr", seconds, {
      one: "Nouvel essai possible dans # seconde",
      other: "Nouvel essai possible dans # secondes",
    }),
  hubIsAway: "Le serveur ne répond pas. Est-il en marche, et êtes-vous en ligne ?",
  loading: "Chargement…",
  mayBeOld: "Ce qui figure ci-dessous n’a pas pu être mis à jour.",
  reserved: (level) =>
    `Il faut ici le niveau « ${level} » dans ce projet. La liste des membres montre qui peut vous le donner : un propriétaire.`,
  reservedForInstallation:
    "Ces pages sont réservées aux personnes qui exploitent l’installation. Adressez-vous à elles si quelque chose doit y changer.",
  problems: {
    erased:
      "Ceci a été effacé définitivement, par la conservation ou parce que quelqu’un l’a demandé.",
    "not-found": "Rien ne porte plus ce nom ou cet identifiant, ou vous ne pouvez pas le voir.",
    "access-too-low": "Votre accès ne le permet pas. Un propriétaire du projet peut le changer.",
  },
  states: {
    kept: "conservé",
    quarantined: "en quarantaine",
    duplicate: "doublon",
    pending: "en attente",
    failed: "nouvel essai",
    succeeded: "livrée",
    cancelled: "annulée",
    rejected: "refusée",
    broken: "abandonnée",
    superseded: "remplacée",
  },
  stateCount: (state, count) => counted("fr", count, stateForms[state]),
  labelled: (label, value) => `${label} : ${value}`,
  reason: "Pourquoi, si vous voulez le dire",
  reasonAbout: "C’est noté dans le journal d’audit.",
};
