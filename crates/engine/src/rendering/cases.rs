//! Rendering of cases: the state after the form, or the newest where the forwarder wants that.

use std::collections::BTreeMap;

use fieldpost_dialects::formats::{CasePayload, write_case};
use fieldpost_model::case::{AttachmentOrigin, Case};
use fieldpost_model::forwarder::{Format, Forwarder, PayloadChoice};
use fieldpost_model::time::Timestamp;
use fieldpost_rules::withhold;
use fieldpost_store::{MOST_CASE_CHANGES, StoreError};

use super::tables::row_of_case;
use super::{Unrendered, own};
use crate::events::CaseFacts;
use crate::hub::Hub;
use crate::payload::Body;
use crate::routing::ProjectRouting;

impl Hub {
    /// A case as it is sent, and when it was changed last.
    pub(super) async fn render_case(
        &self,
        project: &ProjectRouting,
        forwarder: &Forwarder,
        facts: CaseFacts,
    ) -> Result<(Body, Timestamp), Unrendered> {
        let name = &project.project;
        let CaseFacts { mut case, form, .. } = facts;
        let is_latest = forwarder.payload == PayloadChoice::Latest;
        if is_latest {
            let present = self.store().cases(name, &[&case.id]).await?.remove(&case.id);
            case = present.map_or(case, |present| present.value);
        }
        if forwarder.format == Format::CaseJson {
            let last = (!is_latest).then_some(form.as_str());
            case.forms = self.forms_of_case(name, &case.id, last).await?;
        }
        let files = self.case_files(name, &case).await?;
        let modified_at = case.server_modified_at;
        if !forwarder.withhold.is_empty() {
            let key = self.store().project_secret(name).await?;
            withhold::case(&mut case, &forwarder.withhold, &key);
        }
        if forwarder.format == Format::Table {
            return Ok((row_of_case(&case, &forwarder.rendering)?, modified_at));
        }
        let payload = CasePayload { case: &case, domain: name, form: &form, files: &files };
        let written = write_case(forwarder.format, &forwarder.rendering, &payload)?;
        Ok((own(written), modified_at))
    }

    /// The forms that have touched a case, up to one of them.
    async fn forms_of_case(
        &self,
        project: &str,
        case_id: &str,
        last: Option<&str>,
    ) -> Result<Vec<String>, StoreError> {
        let forms = self.store().case_forms(project, case_id, 0, MOST_CASE_CHANGES).await?;
        let mut forms: Vec<String> = forms.into_iter().map(|(_, form)| form).collect();
        let place = last.and_then(|last| forms.iter().position(|form| form == last));
        forms.truncate(place.map_or(forms.len(), |place| place + 1));
        // The form itself was erased since: it has touched the case all the same.
        if let (Some(last), None) = (last, place) {
            forms.push(last.to_owned());
        }
        Ok(forms)
    }

    /// Where the files of a case can be had that lie with the forms which brought them.
    async fn case_files(
        &self,
        project: &str,
        case: &Case,
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let local: Vec<_> = case
            .attachments
            .iter()
            .filter(|(_, file)| file.origin == AttachmentOrigin::Local)
            .collect();
        if local.is_empty() {
            return Ok(BTreeMap::new());
        }
        let key = |form_id: &str| fieldpost_dialects::instance_id(form_id);
        let keys: Vec<String> = local.iter().filter_map(|(_, file)| key(&file.form_id)).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let instances = self.store().instances(project, &keys).await?;
        let address = |(name, file): (&String, &fieldpost_model::case::CaseAttachment)| {
            let instance = instances.get(&key(&file.form_id)?)?;
            let address = self.file_address(project, instance.submission, &file.source);
            Some((name.clone(), address))
        };
        Ok(local.into_iter().filter_map(address).collect())
    }
}
