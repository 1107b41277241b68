import { counted } from "../plural";
import type { Words } from "../words";

export const projects: Words["projects"] = {
  title: "Projets",
  empty:
    "Un projet réunit les sources, connexions et transferts d’une intégration. Il n’y en a encore aucun que vous puissiez voir.",
  paused: "en pause",
  well: "tout va bien",
  inTrouble: (name) => `${name} est en difficulté`,
  troubles: (count) =>
    counted("fr", count, {
      one: "# point demande votre attention",
      other: "# points demandent votre attention",
    }),
  nothingSetUp: "rien n’est configuré",
  nothingYet: "rien n’est encore arrivé",
  today: (received, delivered) => `aujourd’hui, entrées ${received}, sorties ${delivered}`,
  waiting: (count) => counted("fr", count, { one: "# en attente", other: "# en attente" }),
  create: "Créer un projet",
  createAbout: "Un projet par intégration : avec ses propres sources, destinations et membres.",
  titleLabel: "Titre",
  titleHint: "Le nom que tout le monde lui donne.",
  nameLabel: "Nom",
  nameHint: "Sa clé dans les adresses et les fichiers. Elle ne peut pas être changée ensuite.",
  nameWrong:
    "Uniquement des minuscules, des chiffres, - et _, 64 au plus, en commençant par une lettre ou un chiffre.",
  created: (title) => `Le projet ${title} a été créé.`,
};
