import { counted } from "../plural";
import type { Words } from "../words";

export const erasures: Words["erasures"] = {
  title: "Effacer une personne",
  about:
    "Efface immédiatement et définitivement tout ce que le serveur garde sur quelqu’un : les messages avec toutes leurs versions et répétitions, les livraisons et les tentatives. Ce qui reste compte encore, mais ne parle plus de personne.",
  by: "Connue par",
  criteria: {
    identity: "l’identité d’un message",
    key: "l’identifiant d’un dossier ou formulaire",
    message: "l’identifiant d’un message",
  },
  criteriaAbout: {
    identity: "Le nom que l’expéditeur donne à l’envoi, par exemple uuid:6bb1eb0e-…",
    key: "Ce dont parlent les livraisons.",
    message:
      "Pour quelqu’un qui n’est mentionné qu’à l’intérieur d’un message : le message en question.",
  },
  value: "Nom ou identifiant",
  preview: "Voir ce qui serait effacé",
  previewTitle: "Ce qui serait effacé",
  nothing: "Rien n’est gardé sous ce nom. Est-il écrit exactement ?",
  messages: "Messages",
  deliveries: "Livraisons",
  attempts: "Tentatives",
  cancelled: "Livraisons en attente, annulées d’abord",
  beingSent: (count: number) =>
    counted("fr", count, {
      one: "# livraison est en cours d’envoi. Son message est encore là : effacez à nouveau dans un moment.",
      other:
        "# livraisons sont en cours d’envoi. Leurs messages sont encore là : effacez à nouveau dans un moment.",
    }),
  typeToErase: (value: string) => `Saisissez ${value} pour effacer définitivement`,
  erase: "Effacer définitivement",
  erased:
    "C’est effacé. L’entrée du registre ci-dessous montre que cela a été fait, et ne garde de la personne qu’une empreinte.",
  book: "Ce qui a été effacé",
  bookEmpty: "Personne n’a encore été effacé.",
  at: "Quand",
  startedBy: "Par",
  digest: "Empreinte du nom (SHA-256)",
};
