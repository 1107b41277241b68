//! Which parts of a document somebody wants, by the words of w.c.s.

/// Which parts of a document are wanted: the `include-…` of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a parameter of the protocol")]
pub struct Switches {
    /// `include-fields`: the answers; with them the addresses, how pressing it is and where.
    pub fields: bool,
    /// `include-user`: whom it concerns.
    pub user: bool,
    /// `include-workflow`: status and backoffice fields.
    pub workflow: bool,
    /// `include-workflow-data`: what calls, triggers and hooks left.
    pub workflow_data: bool,
    /// `include-roles`: who plays which part.
    pub roles: bool,
    /// `include-submission`: how it came in.
    pub submission: bool,
    /// `include-evolution`: its history.
    pub evolution: bool,
    /// `include-files-content`: the contents of files.
    pub files_content: bool,
    /// `include-actions`: what the caller may do.
    pub actions: bool,
}

impl Switches {
    /// What one document has unless a request says otherwise.
    pub const DOCUMENT: Self = Self {
        fields: true,
        user: true,
        workflow: true,
        workflow_data: true,
        roles: true,
        submission: true,
        evolution: true,
        files_content: true,
        actions: false,
    };

    /// What a call sends: all there is.
    pub const CALL: Self = Self { actions: true, ..Self::DOCUMENT };

    /// What a row of a list has unless a request says otherwise: none of them.
    pub const ROW: Self = Self {
        fields: false,
        user: false,
        workflow: false,
        workflow_data: false,
        roles: false,
        submission: false,
        evolution: false,
        files_content: false,
        actions: false,
    };

    /// What a row has with `full=on`: all but the contents of files.
    pub const FULL_ROW: Self = Self { files_content: false, ..Self::CALL };
}
