//! Cards: what w.c.s. keeps as reference, with the addresses of forms below `/api/cards/`.
//!
//! A form of the project can be used as a kind of cards: its submissions are the cards.

use super::Asked;

/// The kinds of cards that there are, by name, each with its title.
pub(super) fn kinds(asked: &Asked) -> Vec<(String, String)> {
    let definitions = asked.admitted.routing.form_definitions().iter();
    definitions.map(|it| (it.name.clone(), it.title.clone())).collect()
}
