import { counted } from "../plural";
import type { Words } from "../words";

const orList = (names: readonly string[]) =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} ou ${names.at(-1)}`;

export const forwarding: Words["forwarding"] = {
  events: {
    message: "un message arrive",
    form: "un formulaire est soumis",
    submission: "un formulaire est soumis, en données typées",
    "form-stub": "un formulaire est soumis, identifiants seuls",
    case: "un formulaire touche un dossier",
    "case-created": "un formulaire ouvre un dossier",
    "case-updated": "un formulaire touche un dossier existant",
    "app-schema": "une application est enregistrée ou publiée",
  },
  eventsShort: {
    message: "messages",
    form: "formulaires",
    submission: "soumissions",
    "form-stub": "identifiants de formulaires",
    case: "dossiers",
    "case-created": "nouveaux dossiers",
    "case-updated": "dossiers modifiés",
    "app-schema": "applications",
  },
  formats: {
    "as-received": "les octets tels quels",
    json: "du JSON, quoi qu’il arrive",
    form_xml: "le XML du formulaire, tel quel",
    form_json: "le JSON de l’API Form de CommCare",
    case_xml: "le XML du dossier, comme CommCare l’envoie",
    case_json: "le JSON du dossier, comme CommCare l’envoie",
    stub: "les identifiants seuls",
    wcs: "le JSON de w.c.s.",
    kobo: "le JSON de KoboToolbox",
    geojson: "un point sur une carte (GeoJSON)",
    normalised: "du JSON typé",
    template: "un texte à moi (modèle)",
    schema_id: "l’identifiant, comme CommCare l’envoie",
    schema_json: "du JSON avec les questions",
    table: "des lignes d’une table",
  },
  formatAbouts: {
    form_xml:
      "Octet pour octet. Ce qui est venu en JSON, ou dont des champs sont retenus, est écrit en XML.",
    form_json: "Ce que lisent les programmes faits pour l’API Form de CommCare.",
    normalised: "Un nombre est un nombre, une date une date, une répétition toujours une liste.",
    kobo: "À plat, avec des clés groupe/nom, comme l’envoient les services REST de Kobo.",
    wcs: "Ce qu’envoie un workflow w.c.s., avec ses champs et ses métadonnées.",
    geojson: "Pour les cartes : la position, et le reste comme propriétés.",
    stub: "Les identifiants du formulaire et des dossiers qu’il a touchés ; le destinataire demande le reste.",
    table:
      "Une ligne pour chacun, mise à jour par son identifiant. Les colonnes suivent le formulaire.",
    schema_json: "Les formulaires de l’application, avec ce qu’ils demandent.",
  },
  told: {
    sent: {
      message: "Chaque message reçu est envoyé",
      form: "Chaque formulaire soumis est envoyé",
      submission: "Chaque formulaire soumis est envoyé",
      "form-stub": "Chaque formulaire soumis est annoncé",
      case: "Chaque dossier touché par un formulaire est envoyé",
      "case-created": "Chaque dossier ouvert par un formulaire est envoyé",
      "case-updated": "Chaque dossier existant touché par un formulaire est envoyé",
      "app-schema": "Chaque application enregistrée ou publiée est annoncée",
    },
    as: {
      "as-received": "octet pour octet",
      json: "en JSON",
      form_xml: "sous la forme de son XML",
      form_json: "dans le JSON de l’API Form de CommCare",
      case_xml: "en XML, comme le fait CommCare",
      case_json: "en JSON, comme le fait CommCare",
      stub: "par son identifiant et ceux de ses dossiers",
      wcs: "dans le JSON de w.c.s.",
      kobo: "dans le JSON de KoboToolbox",
      geojson: "comme un point sur une carte",
      normalised: "en JSON typé",
      template: "sous la forme du texte que produit le modèle",
      schema_id: "par son identifiant",
      schema_json: "en JSON, avec ses questions",
      table: "",
    },
    whole: (sent, to, as, method) => {
      const how = method === null ? "" : `, avec ${method}`;
      return `${sent} à ${to} ${as}${how}.`;
    },
    rows: (isCase, table, to) => {
      const each = isCase ? "Chaque dossier touché par un formulaire" : "Chaque formulaire soumis";
      const own = isCase
        ? "d’une table nommée comme son type"
        : "d’une table nommée comme le formulaire";
      const where = table === null ? own : `de la table ${table}`;
      return `${each} est une ligne ${where} dans ${to}.`;
    },
    somewhere: "une connexion encore à choisir",
    only: (conditions) => `Seulement ce qui est ${conditions}.`,
    conditions: {
      from: (source) => `de la source ${source}`,
      forms: (names) => `du formulaire ${orList(names)}`,
      case_types: (names) => `du type ${orList(names)}`,
      applications: (names) => `de l’application ${orList(names)}`,
      users: (names) => `soumis par ${orList(names)}`,
      without_users: (names) => `soumis par d’autres que ${orList(names)}`,
      asked: "conforme aux conditions",
    },
    and: (parts) => parts.join(", et "),
    withheld: (count) =>
      counted("fr", count, {
        one: "# champ est retenu, ou envoyé moins précisément.",
        other: "# champs sont retenus, ou envoyés moins précisément.",
      }),
    noTable: (to) =>
      `${to} est une base de données : elle prend des formulaires et des dossiers, en lignes d’une table.`,
  },
  willHappen: "Ce qui va se passer",
  database: (name) => `${name} (base de données)`,
  form: {
    forms: "Formulaires",
    formsAbout: "Par nom, identifiant ou espace de noms. Vide : tous.",
    caseTypes: "Types de dossiers",
    caseTypesAbout: "Vide : tous.",
    applications: "Applications",
    applicationsAbout: "Par identifiant. Vide : toutes.",
    users: "Soumis par",
    usersAbout: "Par nom ou identifiant.",
    withoutUsers: "Non soumis par",
    withoutUsersAbout: "Des testeurs, par exemple.",
    add: "Tapez un nom, puis Entrée",
    content: "Ce qu’il doit contenir, et ne doit pas",
    contentAbout: "réponses et propriétés, en JSON",
    matchAbout:
      'En JSON. { "values": { "village": "Kibera" } } veut les formulaires dont la réponse à village est Kibera.',
    matchCaseAbout:
      'En JSON. { "properties": { "village": "Kibera" } } veut les dossiers dont village vaut Kibera.',
    unlessAbout: "En JSON. Ce qui contient tout cela est laissé de côté.",
    caseXmlVersion: "Version du XML",
    caseXmlVersions: {
      "2.0": "2.0, celle en usage",
      "1.0": "1.0, pour d’anciens destinataires",
    },
    closedCases: "Un dossier fermé est envoyé",
    closedCasesChoices: {
      full: "en entier, comme le fait CommCare",
      close_only: "comme fermé, sans rien de plus",
    },
    template: "Modèle",
    templateAbout:
      "Jinja. {{ values.name }} est une réponse, {{ properties.name }} une propriété d’un dossier.",
    contentType: "Il produit",
    position: "Champ qui a la position",
    positionAbout: "Vide : la première position trouvée.",
    table: "Nom de la table",
    tableAbout: "Vide : celui du formulaire ou du type.",
    appId: "Mettre l’identifiant de l’application dans l’adresse (app_id)",
  },
  preview: {
    title: "Ce qui serait envoyé",
    of: "À partir de",
    newest: {
      message: "le dernier message qu’il veut",
      submission: "la dernière soumission qu’il veut",
      case: "le dernier dossier qu’il veut",
      application: "le formulaire modifié en dernier",
    },
    incomplete: "Cela s’affiche dès que la connexion est choisie.",
    nothing: {
      message: "Aucun message n’est encore arrivé qui puisse être montré.",
      submission: "Aucun formulaire n’a encore été soumis qui puisse être montré.",
      case: "Il n’y a pas encore de dossier qui puisse être montré.",
      application: "Il n’y a pas encore de formulaire qui puisse être montré.",
    },
    unfinished: "Cela ne peut pas encore être montré :",
    wanted: "Il enverrait",
    wants: "Il veut",
    unwanted: "Il n’en veut pas, et enverrait sinon",
    source: {
      message: "ce message",
      submission: "cette soumission",
      case: "ce dossier",
    },
    broken: "Rien ne pourrait être envoyé :",
    noText: "Le corps n’est pas un texte.",
    cut: "La suite n’est pas montrée : voici le début.",
  },
  withhold: {
    title: "Champs retenus",
    about:
      "Ce que le destinataire ne doit pas voir, ou pas aussi précisément. L’original reste ici.",
    path: "Champ",
    pathAbout: "nom, ou groupe/nom",
    how: (path) => (path === "" ? "Ce qui est envoyé" : `Ce qui est envoyé de ${path}`),
    ways: {
      drop: "rien",
      hash: "une empreinte",
      step: "par pas de",
      month: "le mois",
      year: "l’année",
    },
    step: (path) => (path === "" ? "Pas" : `Pas de ${path}`),
    faults: {
      doubled: "Ce champ est déjà plus haut.",
      "no-step": "Un nombre au-dessus de 0 : 0.1 (degrés), 10 (années).",
    },
    add: "Retenir un champ",
    remove: (path) => (path === "" ? "Retirer cette ligne" : `Envoyer ${path} tel quel`),
    told: {
      drop: "n’est pas envoyé",
      hash: "est envoyé comme empreinte, égale pour des valeurs égales",
      step: (step) => `est envoyé par pas de ${step}`,
      month: "est envoyé au mois près",
      year: "est envoyé à l’année près",
    },
  },
};
