import { counted } from "../plural";
import type { Words } from "../words";

export const forwarders: Words["forwarders"] = {
  title: "Transferts",
  about: "Des ordres permanents : quels messages vont à quelle connexion.",
  empty:
    "Un transfert envoie ce qui arrive vers une connexion. Il n’y en a pas encore : les messages sont conservés et ne vont nulle part.",
  make: "Nouveau transfert",
  changeTitle: (name) => `Modifier ${name}`,
  columns: {
    name: "Transfert",
    on: "Envoie",
    from: "De",
    to: "Vers",
    state: "État",
    deliveries: "Pas encore arrivé",
    actions: "Actions",
  },
  filterFromThis: "En faire le filtre d’un transfert",
  allSources: "toutes les sources",
  states: {
    well: "fonctionne",
    with_failures: "fonctionne, avec des échecs",
    failing: "fonctionne, mais rien n’arrive",
    paused: "en pause",
  },
  allArrived: "Tout est arrivé.",
  removeAbout: (waiting) =>
    waiting === 0
      ? "Il n’enverra plus les nouveaux messages. Ce qui a été livré reste consigné."
      : counted("fr", waiting, {
          one: "# livraison l’attend et sera annulée. Ce qui a été livré reste consigné.",
          other: "# livraisons l’attendent et seront annulées. Ce qui a été livré reste consigné.",
        }),
  sections: {
    deliveries: "Ce qui n’est pas arrivé",
    wants: "Ce qu’il veut",
    sends: "Ce qu’il envoie",
    order: "Ordre",
    retry: "Quand une livraison échoue",
  },
  orders: {
    none: "aucun ordre : au plus vite",
    case: "dans l’ordre pour chaque dossier",
    form: "dans l’ordre pour chaque formulaire",
    connection: "tout ce qui va à la connexion, dans l’ordre",
  },
  rejections: {
    continue: "ce qui suit est envoyé",
    hold: "ce qui suit attend une personne",
  },
  payloads: {
    snapshot: "tel qu’il était à l’arrivée",
    latest: "tel qu’il est à l’envoi",
  },
  form: {
    on: "Quand",
    from: "De",
    match: "Il doit contenir",
    matchAbout:
      'En JSON. { "form": "births" } veut les messages dont form vaut births. Vide : tous.',
    unless: "Il ne doit pas contenir",
    unlessAbout: "En JSON. Un message qui contient tout cela est laissé de côté.",
    request: "En-têtes et paramètres qu’il doit avoir eus",
    requestAbout: "rarement nécessaire",
    matchHeaders: "En-têtes de la requête",
    matchQuery: "Paramètres de son adresse",
    headerName: "En-tête",
    parameterName: "Paramètre",
    value: "Valeur",
    to: "Vers la connexion",
    toChoose: "Choisissez-en une",
    format: "Format",
    method: "Méthode",
    additions: "En-têtes et paramètres à ajouter",
    additionsAbout: "à chaque requête",
    headers: "En-têtes",
    query: "Paramètres",
    orderBy: "Ce qui reste dans l’ordre",
    onRejected: "Si l’un d’eux est refusé pour de bon",
    payload: "Quel état est envoyé",
    first: "Pause après le premier échec",
    factor: "Facteur de chaque pause",
    max: "Pause la plus longue",
    giveUpAfter: "Abandonner après",
    minimumTries: "Au moins tant d’essais",
    codes: "Réessayer aussi sur",
    codesAbout: "404, 4xx",
  },
  retry: {
    atOnce: "aussitôt",
    told: (times, more) =>
      times === ""
        ? "Essayé aussitôt."
        : `Essayé aussitôt, puis après ${times}${more ? " …" : "."}`,
    ends: (count, time) =>
      counted("fr", count, {
        one: "Abandonné après # essai.",
        other: `Abandonné après # essais en ${time}.`,
      }),
    goesOn: (count) =>
      counted("fr", count, { one: "Plus de # essai.", other: "Plus de # essais." }),
  },
  trial: {
    on: "L’essayer sur",
    newest: "les messages les plus récents",
    aboutOne:
      "Regarde ce message et ce qu’il a apporté. Rien n’est enregistré et rien n’est envoyé.",
    title: "L’essayer sur ce qui est arrivé",
    abouts: {
      message: "Regarde les 1 000 derniers messages. Rien n’est enregistré ni envoyé.",
      submission: "Regarde les 1 000 derniers formulaires soumis. Rien n’est enregistré ni envoyé.",
      case: "Regarde les dossiers touchés par les 1 000 derniers messages. Rien n’est enregistré ni envoyé.",
      application: "",
    },
    run: "Essayer sur les 1 000 derniers",
    runOne: "Essayer sur ce message",
    changed: "Le filtre a changé depuis.",
    nothingYet: "Rien n’est encore arrivé sur quoi l’essayer.",
    matched: (matched, all) => `${matched} sur ${all} correspondent`,
    unreadable: (count) => `${count} n’ont pas pu être lus`,
    examples: "Parmi eux",
    near: "Proches, mais non",
  },
};
