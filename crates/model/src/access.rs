//! What somebody may do in a project.

crate::names! {
    /// A level of access, from the least to the most; each may do what those before it may.
    pub enum Access {
        /// Looks at everything; secrets are placeholders for all.
        Viewer = "viewer",
        /// Acts on messages and deliveries, and changes sources and forwarders.
        Editor = "editor",
        /// Changes connections, settings, members and tokens as well.
        Admin = "admin",
        /// Makes owners, and takes people out of the project.
        Owner = "owner",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_rise() {
        assert!(Access::ALL.is_sorted());
        assert!(Access::Viewer < Access::Owner);
    }
}
