//! What the pages say, in English and in French. What a form's author wrote is said as it was written.

use fieldpost_rules::lifecycle::template::Language;
use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

use super::answers::What;

/// All sentences of the pages. `{}` stands for what belongs there.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) language: Language,
    pub(super) code: &'static str,
    pub(super) skip: &'static str,
    pub(super) optional: &'static str,
    pub(super) required_note: &'static str,
    pub(super) choose: &'static str,
    pub(super) yes: &'static str,
    pub(super) no: &'static str,
    pub(super) latitude: &'static str,
    pub(super) longitude: &'static str,
    pub(super) position_hint: &'static str,
    pub(super) use_position: &'static str,
    pub(super) position_busy: &'static str,
    pub(super) position_failed: &'static str,
    pub(super) date_hint: &'static str,
    pub(super) lines_hint: &'static str,
    pub(super) rank_hint: &'static str,
    pub(super) rank_of: &'static str,
    pub(super) file_hint: &'static str,
    pub(super) file_there: &'static str,
    pub(super) file_remove: &'static str,
    pub(super) add_row: &'static str,
    pub(super) remove_row: &'static str,
    pub(super) row: &'static str,
    pub(super) row_cell: &'static str,
    pub(super) next: &'static str,
    pub(super) previous: &'static str,
    pub(super) check: &'static str,
    pub(super) send: &'static str,
    pub(super) save_draft: &'static str,
    pub(super) change: &'static str,
    pub(super) step: &'static str,
    pub(super) check_title: &'static str,
    pub(super) check_text: &'static str,
    pub(super) no_answer: &'static str,
    pub(super) mistakes_one: &'static str,
    pub(super) mistakes_many: &'static str,
    pub(super) mistake_mark: &'static str,
    pub(super) further: &'static str,
    pub(super) sent_title: &'static str,
    pub(super) sent_text: &'static str,
    pub(super) code_title: &'static str,
    pub(super) code_keep: &'static str,
    pub(super) code_ask: &'static str,
    pub(super) code_label: &'static str,
    pub(super) code_hint: &'static str,
    pub(super) code_follow: &'static str,
    pub(super) code_unknown: &'static str,
    pub(super) code_verify: &'static str,
    pub(super) code_wrong: &'static str,
    pub(super) too_many: &'static str,
    pub(super) number: &'static str,
    pub(super) status: &'static str,
    pub(super) draft: &'static str,
    pub(super) draft_title: &'static str,
    pub(super) draft_text: &'static str,
    pub(super) draft_go_on: &'static str,
    pub(super) received: &'static str,
    pub(super) answers: &'static str,
    pub(super) history: &'static str,
    pub(super) you: &'static str,
    pub(super) somebody: &'static str,
    pub(super) attached: &'static str,
    pub(super) actions: &'static str,
    pub(super) busy: &'static str,
    pub(super) comment: &'static str,
    pub(super) comment_send: &'static str,
    pub(super) comment_empty: &'static str,
    pub(super) attach: &'static str,
    pub(super) attach_send: &'static str,
    pub(super) attach_empty: &'static str,
    pub(super) edit: &'static str,
    pub(super) edit_save: &'static str,
    pub(super) moved: &'static str,
    pub(super) not_found_title: &'static str,
    pub(super) not_found_text: &'static str,
    pub(super) disabled_title: &'static str,
    pub(super) disabled_text: &'static str,
    pub(super) not_you_title: &'static str,
    pub(super) not_you_text: &'static str,
    pub(super) once_title: &'static str,
    pub(super) once_text: &'static str,
    pub(super) answered_title: &'static str,
    pub(super) answered_text: &'static str,
    pub(super) expired_title: &'static str,
    pub(super) expired_text: &'static str,
    pub(super) too_large_title: &'static str,
    pub(super) too_large_text: &'static str,
    pub(super) trouble_title: &'static str,
    pub(super) trouble_text: &'static str,
    pub(super) locked_title: &'static str,
    pub(super) locked_text: &'static str,
    pub(super) locked_by_code: &'static str,
    pub(super) locked_without_code: &'static str,
    pub(super) locked_sign_in: &'static str,
    pub(super) foreign_title: &'static str,
    pub(super) foreign_text: &'static str,
    pub(super) sign_in: &'static str,
    pub(super) sign_in_otherwise: &'static str,
    pub(super) category_empty: &'static str,
    pub(super) begin_again: &'static str,
    pub(super) follow_link: &'static str,
}

static ENGLISH: Words = Words {
    language: Language::English,
    code: "en",
    skip: "Skip to the form",
    optional: "optional",
    required_note: "Everything is asked for, unless it says that it is optional.",
    choose: "Choose…",
    yes: "Yes",
    no: "No",
    latitude: "Latitude",
    longitude: "Longitude",
    position_hint: "In degrees, such as 48.8566 and 2.3522.",
    use_position: "Use my position",
    position_busy: "Looking for your position…",
    position_failed: "Your position could not be found. Write the two numbers instead.",
    date_hint: "Such as 2026-11-23 or 23/11/2026.",
    lines_hint: "One on each line.",
    rank_hint: "Give each one that counts a rank, 1 for the first.",
    rank_of: "Rank of {}",
    file_hint: "Up to {}.",
    file_there: "Given: {}",
    file_remove: "Take the file away",
    add_row: "Add another",
    remove_row: "Remove {}",
    row: "No. {}",
    row_cell: "{}, line {}",
    next: "Continue",
    previous: "Back",
    check: "Check the answers",
    send: "Send",
    save_draft: "Save and go on later",
    change: "Change",
    step: "Step {} of {}",
    check_title: "Check your answers",
    check_text: "Nothing has been sent yet.",
    no_answer: "No answer",
    mistakes_one: "One answer needs another look",
    mistakes_many: "{} answers need another look",
    mistake_mark: "Error: ",
    further: "Your answers lead to further questions on this page.",
    sent_title: "It has been sent",
    sent_text: "Thank you. Your answers have been received.",
    code_title: "Follow what you sent",
    code_keep: "With this tracking code you can come back and see how it goes on. Write it down, or keep this page.",
    code_ask: "Enter the tracking code that you were given.",
    code_label: "Tracking code",
    code_hint: "Eight letters.",
    code_follow: "Follow",
    code_unknown: "Nothing was sent under this code. Look at it again: it has eight letters, and none of them is a vowel.",
    code_verify: "To see that it is you, answer this as you did in the form.",
    code_wrong: "This is not what was answered in the form.",
    too_many: "Too many wrong codes came in. Try again in {} minutes.",
    number: "Number",
    status: "Status",
    draft: "Not sent yet",
    draft_title: "This is kept for you",
    draft_text: "It has not been sent. Come back with the tracking code to go on; it is kept for {} days.",
    draft_go_on: "Go on with the form",
    received: "Received",
    answers: "Your answers",
    history: "What has happened",
    you: "You",
    somebody: "The office",
    attached: "Attached: {}",
    actions: "What you can do",
    busy: "Something is under way just now. Look again in a while.",
    comment: "Say something",
    comment_send: "Send",
    comment_empty: "Write something first.",
    attach: "Add a file",
    attach_send: "Add",
    attach_empty: "Choose a file first.",
    edit: "Change the answers",
    edit_save: "Save the changes",
    moved: "This is not possible any more: something has changed meanwhile. Look at the page again.",
    not_found_title: "There is nothing here",
    not_found_text: "The address may be cut off, or the form is gone.",
    disabled_title: "This form is closed",
    disabled_text: "It does not take answers at present.",
    not_you_title: "This form is not open to everybody",
    not_you_text: "Only certain people can fill it in, and this page cannot tell who you are. Ask whoever sent you here.",
    once_title: "Everybody can answer once",
    answered_title: "You have answered already",
    answered_text: "This form takes one answer of each person, and yours has been received.",
    once_text: "This form takes one answer of each person, and this page cannot tell who you are. Ask whoever sent you here.",
    expired_title: "This page has grown too old",
    expired_text: "It was opened too long ago to be sent, or comes from somewhere else. Begin again, please.",
    too_large_title: "That is too much",
    too_large_text: "{} Go back, make it smaller, and try again.",
    trouble_title: "This does not work at present",
    trouble_text: "Nothing was kept of the last step. Wait a moment, then send the page again.",
    locked_title: "This page is private",
    locked_text: "What is sent in with this form is shown to whoever sent it, and to those who handle it.",
    locked_by_code: "If you sent it, open it with the tracking code that you were given.",
    locked_without_code: "If you sent it, you can look at it for a while in the browser that you sent it with.",
    locked_sign_in: "If you handle what is sent in here, sign in.",
    foreign_title: "Your account has no access to this project",
    foreign_text: "You are signed in, but your account does not belong to this project. Sign in with one that does, or ask whoever runs the project to let you in.",
    sign_in: "Sign in",
    sign_in_otherwise: "Sign in with another account",
    category_empty: "There is no form here for you at present.",
    begin_again: "Begin again",
    follow_link: "Follow what you sent by its tracking code",
};

static FRENCH: Words = Words {
    language: Language::French,
    code: "fr",
    skip: "Aller au formulaire",
    optional: "facultatif",
    required_note: "Toutes les réponses sont demandées, sauf mention « facultatif ».",
    choose: "Choisir…",
    yes: "Oui",
    no: "Non",
    latitude: "Latitude",
    longitude: "Longitude",
    position_hint: "En degrés, par exemple 48,8566 et 2,3522.",
    use_position: "Utiliser ma position",
    position_busy: "Recherche de votre position…",
    position_failed: "Votre position n’a pas été trouvée. Écrivez les deux nombres.",
    date_hint: "Par exemple 23/11/2026 ou 2026-11-23.",
    lines_hint: "Un par ligne.",
    rank_hint: "Donnez un rang à chaque choix qui compte, 1 pour le premier.",
    rank_of: "Rang de {}",
    file_hint: "Jusqu’à {}.",
    file_there: "Fourni : {}",
    file_remove: "Retirer le fichier",
    add_row: "Ajouter",
    remove_row: "Retirer {}",
    row: "N° {}",
    row_cell: "{}, ligne {}",
    next: "Continuer",
    previous: "Retour",
    check: "Vérifier les réponses",
    send: "Envoyer",
    save_draft: "Enregistrer et continuer plus tard",
    change: "Modifier",
    step: "Étape {} sur {}",
    check_title: "Vérifiez vos réponses",
    check_text: "Rien n’a encore été envoyé.",
    no_answer: "Sans réponse",
    mistakes_one: "Une réponse est à revoir",
    mistakes_many: "{} réponses sont à revoir",
    mistake_mark: "Erreur : ",
    further: "Vos réponses amènent d’autres questions sur cette page.",
    sent_title: "C’est envoyé",
    sent_text: "Merci. Vos réponses ont bien été reçues.",
    code_title: "Suivre votre envoi",
    code_keep: "Ce code de suivi vous permet de revenir voir où en est votre envoi. Notez-le, ou gardez cette page.",
    code_ask: "Saisissez le code de suivi qui vous a été donné.",
    code_label: "Code de suivi",
    code_hint: "Huit lettres.",
    code_follow: "Suivre",
    code_unknown: "Rien n’a été envoyé sous ce code. Vérifiez-le : il a huit lettres, sans voyelle.",
    code_verify: "Pour vérifier que c’est vous, répondez comme dans le formulaire.",
    code_wrong: "Ce n’est pas la réponse donnée dans le formulaire.",
    too_many: "Trop de codes erronés ont été saisis. Réessayez dans {} minutes.",
    number: "Numéro",
    status: "Statut",
    draft: "Pas encore envoyé",
    draft_title: "C’est gardé pour vous",
    draft_text: "Rien n’a été envoyé. Revenez avec le code de suivi pour continuer ; c’est gardé {} jours.",
    draft_go_on: "Continuer le formulaire",
    received: "Reçu",
    answers: "Vos réponses",
    history: "Ce qui s’est passé",
    you: "Vous",
    somebody: "Le service",
    attached: "Joint : {}",
    actions: "Ce que vous pouvez faire",
    busy: "Un traitement est en cours. Revenez dans un moment.",
    comment: "Laisser un message",
    comment_send: "Envoyer",
    comment_empty: "Écrivez d’abord quelque chose.",
    attach: "Joindre un fichier",
    attach_send: "Joindre",
    attach_empty: "Choisissez d’abord un fichier.",
    edit: "Modifier les réponses",
    edit_save: "Enregistrer les modifications",
    moved: "Ce n’est plus possible : quelque chose a changé entre-temps. Regardez de nouveau la page.",
    not_found_title: "Il n’y a rien ici",
    not_found_text: "L’adresse est peut-être incomplète, ou le formulaire n’existe plus.",
    disabled_title: "Ce formulaire est fermé",
    disabled_text: "Il n’accepte pas de réponses pour le moment.",
    not_you_title: "Ce formulaire n’est pas ouvert à tous",
    not_you_text: "Seules certaines personnes peuvent le remplir, et cette page ne sait pas qui vous êtes. Demandez à qui vous a donné l’adresse.",
    once_title: "Chacun répond une seule fois",
    answered_title: "Vous avez déjà répondu",
    answered_text: "Ce formulaire accepte une réponse par personne, et la vôtre a bien été reçue.",
    once_text: "Ce formulaire accepte une réponse par personne, et cette page ne sait pas qui vous êtes. Demandez à qui vous a donné l’adresse.",
    expired_title: "Cette page est trop ancienne",
    expired_text: "Elle a été ouverte il y a trop longtemps pour être envoyée, ou vient d’ailleurs. Merci de recommencer.",
    too_large_title: "C’est trop",
    too_large_text: "{} Revenez en arrière, réduisez, et réessayez.",
    trouble_title: "Cela ne fonctionne pas pour le moment",
    trouble_text: "Rien n’a été gardé de la dernière étape. Attendez un instant, puis renvoyez la page.",
    locked_title: "Cette page est privée",
    locked_text: "Ce qui est envoyé avec ce formulaire n’est montré qu’à la personne qui l’a envoyé et à celles qui le traitent.",
    locked_by_code: "Si c’est votre envoi, ouvrez-le avec le code de suivi qui vous a été donné.",
    locked_without_code: "Si c’est votre envoi, vous pouvez le consulter pendant un certain temps, dans le navigateur qui l’a envoyé.",
    locked_sign_in: "Si vous traitez les envois, connectez-vous.",
    foreign_title: "Votre compte n’a pas accès à ce projet",
    foreign_text: "Votre session est ouverte, mais votre compte ne fait pas partie de ce projet. Connectez-vous avec un compte qui en fait partie, ou demandez l’accès à la personne qui gère le projet.",
    sign_in: "Se connecter",
    sign_in_otherwise: "Se connecter avec un autre compte",
    category_empty: "Aucun formulaire ne vous est ouvert ici pour le moment.",
    begin_again: "Recommencer",
    follow_link: "Suivre votre envoi avec son code de suivi",
};

/// The words of a language.
pub(super) fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &ENGLISH,
        Language::French => &FRENCH,
    }
}

/// The words that a browser's reader wants most.
pub(super) fn wanted(headers: &HeaderMap) -> &'static Words {
    words(language_wanted(headers))
}

/// The language that a browser's reader wants most.
pub(crate) fn language_wanted(headers: &HeaderMap) -> Language {
    let accepted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    language(accepted.unwrap_or_default())
}

/// The first of our languages in the order of a reader's wishes; English where there is none.
fn language(accepted: &str) -> Language {
    let mut best: Option<(f32, Language)> = None;
    for wish in accepted.split(',').take(20) {
        let mut parts = wish.split(';');
        let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let known = match tag.split('-').next() {
            Some("fr") => Language::French,
            Some("en") => Language::English,
            _ => continue,
        };
        let weight = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse().ok());
        let weight: f32 = weight.unwrap_or(1.0);
        if weight > 0.0 && best.is_none_or(|(most, _)| weight > most) {
            best = Some((weight, known));
        }
    }
    best.map_or(Language::English, |(_, language)| language)
}

/// A sentence with what belongs in the place of each `{}`.
pub(super) fn filled(sentence: &str, parts: &[&str]) -> String {
    let mut text = String::with_capacity(sentence.len());
    let mut parts = parts.iter();
    let mut pieces = sentence.split("{}");
    text.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        text.push_str(parts.next().copied().unwrap_or_default());
        text.push_str(piece);
    }
    text
}

impl Words {
    /// What is wrong with an answer.
    pub(super) fn mistake(&self, what: What) -> &'static str {
        let is_english = self.language == Language::English;
        let (english, french) = match what {
            What::Required => ("Answer this.", "Répondez à cette question."),
            What::Untrue => ("Tick this to go on.", "Cochez cette case pour continuer."),
            What::Email => (
                "Enter a mail address such as name@example.org.",
                "Saisissez une adresse électronique telle que nom@example.org.",
            ),
            What::Phone => (
                "Enter a telephone number such as +33 1 23 45 67 89.",
                "Saisissez un numéro de téléphone tel que 01 23 45 67 89.",
            ),
            What::Number => ("Enter a number.", "Saisissez un nombre."),
            What::Date => {
                ("Enter a day such as 2026-11-23.", "Saisissez une date telle que 23/11/2026.")
            }
            What::Position => (
                "Enter both numbers: a latitude from -90 to 90, and a longitude from -180 to 180.",
                "Saisissez les deux nombres : une latitude de -90 à 90, et une longitude de -180 à 180.",
            ),
            What::Item => ("Choose one of the list.", "Choisissez dans la liste."),
            What::Rank => (
                "Give each one another rank, 1 for the first.",
                "Donnez à chacun un rang différent, 1 pour le premier.",
            ),
            What::TooLong => ("This is too long.", "C’est trop long."),
        };
        if is_english { english } else { french }
    }

    /// How many answers are wrong.
    pub(super) fn mistakes(&self, count: usize) -> String {
        match count {
            1 => self.mistakes_one.to_owned(),
            _ => filled(self.mistakes_many, &[&count.to_string()]),
        }
    }

    /// So many bytes, as people say it.
    pub(super) fn size(&self, bytes: usize) -> String {
        let (whole, unit) = match bytes {
            1_000_000.. => (bytes / 1_000_000, if self.code == "fr" { "Mo" } else { "MB" }),
            1_000.. => (bytes / 1_000, if self.code == "fr" { "ko" } else { "kB" }),
            _ => (bytes, if self.code == "fr" { "o" } else { "B" }),
        };
        format!("{whole} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reader_chooses_the_language() {
        for (accepted, expected) in [
            ("", Language::English),
            ("fr", Language::French),
            ("fr-CA,en;q=0.8", Language::French),
            ("de,en;q=0.5,fr;q=0.6", Language::French),
            ("fr;q=0,en;q=0.1", Language::English),
            ("en-GB, fr", Language::English),
            ("es", Language::English),
        ] {
            assert_eq!(language(accepted), expected, "{accepted}");
        }
    }

    #[test]
    fn sentences_are_filled() {
        assert_eq!(filled("Step {} of {}", &["1", "3"]), "Step 1 of 3");
        assert_eq!(filled("{}!", &["{}"]), "{}!");
        assert_eq!(words(Language::French).mistakes(2), "2 réponses sont à revoir");
        assert_eq!(words(Language::English).size(100_000_000), "100 MB");
    }
}
