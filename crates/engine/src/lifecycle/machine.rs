//! The machine of a form's lifecycle, with all that it needs to know of this hub and this moment.

use fieldpost_model::form_definition::FormDefinition;
use fieldpost_model::progress::Progress;
use fieldpost_model::time::Timestamp;
use fieldpost_rules::lifecycle::template::Surroundings;
use fieldpost_rules::lifecycle::{Addresses, DEFAULT_BOUNDS, Machine};

use crate::hub::Hub;
use crate::rendering::url_part;
use crate::routing::ProjectRouting;

impl Hub {
    /// When and where templates of a project are rendered.
    pub fn surroundings(&self, routing: &ProjectRouting, now: Timestamp) -> Surroundings {
        let language = routing.language();
        Surroundings { zone: zone_of(routing), language, ..Surroundings::at(now) }
    }

    /// What the addresses of a project's forms begin with.
    pub fn site_of(&self, project: &str) -> String {
        let base = self.settings().public_url.as_deref().unwrap_or_default();
        format!("{base}/p/{project}")
    }

    /// Where a submission can be found.
    pub fn addresses(&self, project: &str, form: &str, progress: &Progress) -> Addresses {
        let base = self.site_of(project);
        let number = progress.number.to_string();
        let id = progress.natural_id.as_deref().unwrap_or(&number);
        let path = format!("{}/{}", url_part(form), url_part(id));
        Addresses {
            url: format!("{base}/{path}/"),
            backoffice_url: format!("{base}/backoffice/management/{path}/"),
            api_url: format!("{base}/api/forms/{path}/"),
        }
    }
}

/// The machine of a form, at a moment, for the submission that can be found there.
pub fn machine<'m>(
    definition: &'m FormDefinition,
    addresses: &'m Addresses,
    surroundings: Surroundings,
) -> Machine<'m> {
    Machine { definition, addresses, surroundings, bounds: DEFAULT_BOUNDS }
}

/// The time zone of a project.
pub(super) fn zone_of(routing: &ProjectRouting) -> fieldpost_dialects::wcs::Tz {
    routing.time_zone()
}
