//! Who asks for something that others will wonder about, and why.

/// Who asks for something, and why: kept with what is done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// What they are called.
    pub by: String,
    /// Why, in their own words.
    pub reason: Option<String>,
}

impl Asked {
    /// Asked for by somebody who gave no reason.
    pub fn by(name: impl Into<String>) -> Self {
        Self { by: name.into(), reason: None }
    }
}
