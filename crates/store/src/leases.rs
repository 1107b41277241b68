//! What is held for a while: by whom, and who may take it over at once.

use crate::Store;
use crate::statement::Parameter;

impl Store {
    /// The condition that an earlier start of this node holds a row: it is gone, since the folder is
    /// locked. `first` is the first of the two placeholders that the parameters stand for. Names
    /// are compared as they are: a `%` in one is no wildcard.
    pub(crate) fn held_before(&self, first: usize) -> (String, [Parameter; 2]) {
        let node = self.owner.split('/').next().unwrap_or_default();
        let sql = format!(
            "(owner <> ${first} AND substr(owner, 1, length(${second})) = ${second})",
            second = first + 1
        );
        (sql, [self.owner.as_str().into(), format!("{node}/").into()])
    }
}
