//! What OpenRosa servers tell their clients about a submission.

use crate::names;

names! {
    /// The nature of an answer, which clients act on.
    pub enum Nature {
        /// It was taken.
        SubmitSuccess = "submit_success",
        /// It was not, or not wholly.
        SubmitError = "submit_error",
        /// It can never be processed; clients put it aside and do not send it again.
        ProcessingFailure = "processing_failure",
        /// It was kept, but not all that follows was done; clients send it again.
        PostProcessingFailure = "post_processing_failure",
        /// The request was refused, as ODK's servers say it.
        Error = "error",
    }
}

names! {
    /// The versions of the protocol that clients ask for in `X-OpenRosa-Version`.
    pub enum ProtocolVersion {
        /// Everything before 3.
        Two = "2",
        /// The first that tells failures apart by their nature.
        Three = "3",
    }
}

impl ProtocolVersion {
    /// The version that a header asks for. None, and any before 3, is the second.
    pub fn of_header(header: Option<&str>) -> Self {
        let major = header.and_then(|value| value.trim().split('.').next()?.parse::<u32>().ok());
        if major.is_some_and(|major| major >= 3) { Self::Three } else { Self::Two }
    }
}

/// The answer to a submission, before it is written as XML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The nature of the message.
    pub nature: Nature,
    /// The message.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_decides_the_version() {
        for (header, version) in [
            (None, ProtocolVersion::Two),
            (Some("1.0"), ProtocolVersion::Two),
            (Some("2.1"), ProtocolVersion::Two),
            (Some("3.0"), ProtocolVersion::Three),
            (Some(" 3 "), ProtocolVersion::Three),
            (Some("10.0"), ProtocolVersion::Three),
            (Some("three"), ProtocolVersion::Two),
            (Some(""), ProtocolVersion::Two),
        ] {
            assert_eq!(ProtocolVersion::of_header(header), version, "{header:?}");
        }
    }
}
