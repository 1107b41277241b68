import { counted } from "../plural";
import type { Words } from "../words";

export const map: Words["map"] = {
  title: "Carte",
  about: "Ce qui va où. Les nombres sont ceux d’aujourd’hui.",
  view: "Affichage",
  views: { picture: "Image", list: "Liste" },
  picture: "Carte du projet",
  nearer: "Plus près",
  farther: "Plus loin",
  whole: "Toute la carte",
  kinds: {
    source: "Source",
    any_source: "Sources",
    forwarder: "Transfert",
    workflow: "Workflow",
    connection: "Connexion",
  },
  allSources: "toutes les sources",
  everything: {
    message: "tous les messages",
    form: "tous les formulaires",
    submission: "toutes les soumissions",
    "form-stub": "les identifiants de tous les formulaires",
    case: "tous les dossiers",
    "case-created": "tous les nouveaux dossiers",
    "case-updated": "tous les dossiers modifiés",
    "app-schema": "toutes les applications",
    manual: "quand quelqu’un le lance",
    "delivery-ended": "les livraisons abandonnées ou refusées",
    "incident-opened": "tous les incidents",
    "incident-closed": "les incidents terminés",
  },
  some: {
    message: (filter) => filter,
    form: (filter) => `formulaires · ${filter}`,
    submission: (filter) => `soumissions · ${filter}`,
    "form-stub": (filter) => `identifiants de formulaires · ${filter}`,
    case: (filter) => `dossiers · ${filter}`,
    "case-created": (filter) => `nouveaux dossiers · ${filter}`,
    "case-updated": (filter) => `dossiers modifiés : ${filter}`,
    "app-schema": (filter) => `applications · ${filter}`,
  },
  states: {
    well: "va bien",
    silent: "muette",
    quiet: "calme",
    never: "rien encore",
    in_trouble: "en difficulté",
    failing: "les essais échouent",
    last_run_failed: "dernier échec",
    paused: "en pause",
    idle: "au repos",
  },
  today: (count) => `${count} aujourd’hui`,
  nothingWaits: "rien n’attend",
  waiting: (count, many) =>
    counted("fr", many, { one: `${count} en attente`, other: `${count} en attente` }),
  wayToday: (count, from, to) => `${count} aujourd’hui de ${from} à ${to}`,
  flow: {
    "node.a11yDescription.default": "",
    "node.a11yDescription.keyboardDisabled": "",
    "edge.a11yDescription.default": "",
  },
  ways: "Chemins",
  way: (wanted, arrived) =>
    counted("fr", wanted, {
      one: `# retenu aujourd’hui, livraisons : ${arrived}`,
      other: `# retenus aujourd’hui, livraisons : ${arrived}`,
    }),
  loose: "Ne mènent encore nulle part",
  runs: (begun, well) =>
    counted("fr", begun, {
      one: `# exécution aujourd’hui, réussies : ${well}`,
      other: `# exécutions aujourd’hui, réussies : ${well}`,
    }),
  goOn: (count, many) =>
    counted("fr", many, {
      one: `${count} en cours ou en attente`,
      other: `${count} en cours ou en attente`,
    }),
  looseSource: "Rien ne l’écoute.",
  looseConnection: "Rien ne lui est envoyé.",
  newSource: "Nouvelle source",
  newForwarder: "Nouveau transfert",
  newWorkflow: "Nouveau workflow",
  newConnection: "Nouvelle connexion",
  empty:
    "Rien n’est encore configuré. La carte se dessine dès qu’il y a une source ou une connexion.",
};
