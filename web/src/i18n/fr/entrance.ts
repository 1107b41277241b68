import type { Words } from "../words";

export const entrance: Words["entrance"] = {
  signIn: "Se connecter",
  motto: "Le bureau de poste des données de terrain",
  email: "E-mail",
  password: "Mot de passe",
  code: "Code",
  codeAbout:
    "Les six chiffres que votre application affiche maintenant, ou l’un de vos codes de secours.",
  withToken: "Utiliser le jeton de l’administrateur",
  withPassword: "Utiliser e-mail et mot de passe",
  token: "Jeton de l’administrateur",
  tokenAbout:
    "Il a été affiché au premier démarrage du serveur, et se trouve dans son dossier de données.",
  setupNeeded:
    "Ce serveur n’a pas encore de propriétaire. Ouvrez le lien affiché à son démarrage, ou connectez-vous avec le jeton de l’administrateur.",
  welcome: "Bienvenue dans Fieldpost",
  welcomeBack: "Un nouveau mot de passe",
  firstOwner:
    "Vous serez propriétaire de ce serveur : vous pourrez tout y faire, et inviter d’autres personnes.",
  invited: "Choisissez un mot de passe, et vous y êtes.",
  reset: "Choisissez un nouveau mot de passe. Toutes les autres sessions prennent fin.",
  name: "Votre nom",
  newPassword: "Nouveau mot de passe",
  passwordAbout: "Au moins 10 caractères ; une phrase convient bien.",
  passwordTooShort: "C’est moins de 10 caractères.",
  passwordIsEmail: "C’est l’adresse e-mail.",
  begin: "Commencer",
  noSecret: "Ce lien n’est pas entier. Ouvrez-le exactement comme vous l’avez reçu.",
  toSignIn: "Vers la connexion",
};
