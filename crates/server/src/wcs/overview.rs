//! Records of all forms: `GET /api/forms/`, `/api/forms/geojson`, and those of one person.
//!
//! Whoever calls for somebody gets what that person may read; who signs for nobody in particular, and who runs the
//! project, gets all. What somebody sent in themselves is theirs to see here, whatever their roles.

use std::sync::Arc;

use axum::response::Response;
use fieldpost_dialects::wcs::catalogue::category_slug;
use fieldpost_dialects::wcs::list::Envelope;
use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::progress_list::Whom;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::wcs::caller::{ActsFor, Proof};
use fieldpost_rules::wcs::list::{ListOrder, Overview, OverviewFacts, read_all, read_of_user};
use fieldpost_rules::wcs::reading::{Reading, StatusReader};
use fieldpost_rules::wcs::{Refusal, Switches};

use super::answer::Turned;
use super::chosen::{Chosen, Wanted};
use super::endpoint::Part;
use super::lists::{person, whom};
use super::rows::Sides;
use super::validators::Validators;
use super::written::{self, CursorOf, Reader, Shape, WantedFields};
use super::{Asked, changes, document, forms};

/// Records of all forms.
pub(super) async fn answer(asked: &Asked, part: Part) -> Result<Response, Turned> {
    let caller = asked.admitted.caller();
    forms::require_somebody(&caller)?;
    let as_administrator = match (&caller.acts_for, caller.proof) {
        _ if caller.is_administrator() => true,
        (ActsFor::Itself, Proof::Signature(_)) => true,
        (ActsFor::Itself | ActsFor::Unknown, _) => {
            return Err(Refusal::denied("User not authenticated.").into());
        }
        _ => false,
    };
    // Names and titles stand in each row.
    if caller.is_anonymised_only() || asked.admitted.parameters.has("anonymise") {
        return Err(Refusal::restricted().into());
    }
    let reading = Reading { anonymised: false, as_administrator };
    let is_map = match part {
        Part::List => false,
        Part::Geojson => true,
        Part::Changes => return changes::answer(asked, None, reading).await,
        Part::Sheet(_) | Part::Calendar { .. } => return Err(Refusal::not_found().into()),
    };
    let overview = with_facts(asked, (as_administrator, reading), |facts| {
        read_all(&asked.admitted.parameters, facts, is_map)
    })?;
    let (envelope, shape) = if is_map {
        let fields = if overview.is_full { WantedFields::All } else { WantedFields::Listed };
        let is_classic = document::is_classic(&asked.admitted.parameters);
        let shape = if is_classic { Shape::ClassicFeature } else { Shape::Feature(fields) };
        (Envelope::Features, shape)
    } else {
        (Envelope::Data, Shape::Global { tells_readable: overview.tells_readable })
    };
    // What is recorded has no place that the store knows of, concerns every role, and waits for nobody.
    let sides = if as_administrator { Sides::Both } else { Sides::Tracked };
    send(asked, reading, overview, sides, (envelope, shape)).await
}

/// Records of one person: `own`, where they themselves ask.
pub(super) async fn of_user(
    asked: &Asked,
    number: u64,
    only_drafts: bool,
    own: bool,
) -> Result<Response, Turned> {
    let caller = asked.admitted.caller();
    let routing = &asked.admitted.routing;
    let roles = routing.person_by_number(number).map(|person| person.user.roles.clone());
    let user = Whom { roles: roles.unwrap_or_default(), user: Some(number) };
    let reading = Reading { anonymised: false, as_administrator: false };
    let mut overview = with_facts(asked, (true, reading), |facts| {
        read_of_user(&asked.admitted.parameters, facts, &user, only_drafts)
    })?;
    let acts_for_somebody = matches!(caller.acts_for, ActsFor::User(_) | ActsFor::Roles(_));
    if !own && acts_for_somebody && !caller.is_administrator() {
        // Somebody looks at what is another's: as far as they may read it themselves.
        overview.pushdown.visible_to =
            Some(Whom { roles: caller.roles().to_vec(), user: whom(asked).user });
    }
    let shape = if overview.is_full {
        Shape::Document(Switches::FULL_ROW)
    } else {
        Shape::Global { tells_readable: true }
    };
    send(asked, reading, overview, Sides::Tracked, (Envelope::Data, shape)).await
}

fn with_facts<T>(
    asked: &Asked,
    (as_administrator, reading): (bool, Reading),
    read: impl FnOnce(&OverviewFacts<'_>) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    let definitions = asked.admitted.routing.form_definitions().iter().map(Arc::as_ref);
    let definitions: Vec<&FormDefinition> = definitions.collect();
    let caller = whom(asked);
    let reader = StatusReader::of(&asked.admitted.caller(), reading);
    read(&OverviewFacts {
        definitions: &definitions,
        caller: &caller,
        as_administrator,
        reader: &reader,
        people: &|name_id| person(asked, name_id),
        category_slug: &|category| category_slug(category),
        calendar: asked.calendar(),
    })
}

async fn send(
    asked: &Asked,
    reading: Reading,
    overview: Overview,
    sides: Sides,
    (envelope, shape): (Envelope, Shape),
) -> Result<Response, Turned> {
    let last = asked.app.hub.store().last_change(asked.project()).await?;
    let hour = asked.app.hub.now().0 / 3_600_000_000;
    let validators = Validators::of(asked, &[last, hour], Timestamp(last), &[]);
    if validators.hold(&asked.parts) {
        return Ok(validators.not_modified());
    }
    let wanted = Wanted {
        pushdown: overview.pushdown.clone(),
        predicate: overview.predicate.clone(),
        order: ListOrder::Native,
        limit: overview.limit,
        offset: overview.offset,
        sides,
        is_whole: true,
    };
    let chosen = Chosen::begin(asked, None, wanted).await?;
    let cursor = overview.gives_cursor.then(|| {
        let of: CursorOf = Box::new(move |form, progress| overview.cursor_behind(form, progress));
        of
    });
    let reader = Reader { asked: asked.clone(), reading, aliases: None };
    let mut response = written::json(reader, None, chosen, (envelope, shape), cursor);
    validators.add(&mut response);
    Ok(response)
}
