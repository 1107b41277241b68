//! What an OpenRosa server answers with: the list of its forms, the files of a form, and what became
//! of a submission.

use fieldpost_model::openrosa::Reply;

use crate::xml::Writer;

/// A form, as the list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedForm {
    /// The id that submissions name it by.
    pub form_id: String,
    /// What people call it.
    pub name: String,
    /// The version; clients take a form anew when it or the hash changes.
    pub version: Option<String>,
    /// MD5 of what the download gives, in hexadecimal.
    pub md5: String,
    /// Where the form is.
    pub download_url: String,
    /// Where the list of its files is, if it needs any.
    pub manifest_url: Option<String>,
}

/// A file that a form needs, as the manifest shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFile {
    /// The name that the form asks for.
    pub name: String,
    /// MD5 of the file, in hexadecimal.
    pub md5: String,
    /// Where the file is.
    pub download_url: String,
}

/// The list of forms.
pub fn form_list(forms: &[ListedForm]) -> String {
    document("xforms", "http://openrosa.org/xforms/xformsList", |writer| {
        for form in forms {
            writer.open("xform", &[]);
            writer.leaf("formID", &[], &form.form_id);
            writer.leaf("name", &[], &form.name);
            // Clients expect the element even where the form counts no versions.
            writer.leaf("version", &[], form.version.as_deref().unwrap_or_default());
            writer.leaf("hash", &[], &format!("md5:{}", form.md5));
            writer.leaf("downloadUrl", &[], &form.download_url);
            if let Some(url) = &form.manifest_url {
                writer.leaf("manifestUrl", &[], url);
            }
            writer.close("xform");
        }
    })
}

/// The files of a form.
pub fn manifest(files: &[ListedFile]) -> String {
    document("manifest", "http://openrosa.org/xforms/xformsManifest", |writer| {
        for file in files {
            writer.open("mediaFile", &[]);
            writer.leaf("filename", &[], &file.name);
            writer.leaf("hash", &[], &format!("md5:{}", file.md5));
            writer.leaf("downloadUrl", &[], &file.download_url);
            writer.close("mediaFile");
        }
    })
}

/// What became of a submission. The reply's status is the HTTP status to send it with.
pub fn response(reply: &Reply) -> String {
    document("OpenRosaResponse", "http://openrosa.org/http/response", |writer| {
        writer.leaf("message", &[("nature", reply.nature.name())], &reply.message);
    })
}

/// A document of one root element, with what `write` puts inside.
fn document(root: &str, namespace: &str, write: impl FnOnce(&mut Writer)) -> String {
    let mut writer = Writer::default();
    writer.open(root, &[("xmlns", namespace)]);
    write(&mut writer);
    writer.close(root);
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", writer.finish())
}
