//! Lines of CSV, as RFC 4180 has them.

use super::Cell;

/// Whom lines of CSV are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Csv {
    /// For programs: every cell is what it says.
    Exact,
    /// For people, who open it in a spreadsheet: a text that would be run as a formula has a `'`
    /// before it, which spreadsheets show as a text.
    Guarded,
}

/// What a spreadsheet takes for the beginning of a formula, or of what hides one.
const BEGINS_A_FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

impl Csv {
    /// A line, with its end.
    pub(super) fn line<'c>(self, cells: impl Iterator<Item = Cell<'c>>) -> String {
        let mut line = String::new();
        for (place, cell) in cells.enumerate() {
            if place > 0 {
                line.push(',');
            }
            let is_guarded = self == Self::Guarded && is_dangerous(cell);
            let text = cell.text;
            if text.contains([',', '"', '\r', '\n']) || text.starts_with(' ') || text.ends_with(' ')
            {
                line.push('"');
                line.push_str(if is_guarded { "'" } else { "" });
                line.push_str(&text.replace('"', "\"\""));
                line.push('"');
            } else {
                line.push_str(if is_guarded { "'" } else { "" });
                line.push_str(text);
            }
        }
        line.push_str("\r\n");
        line
    }
}

/// Whether a spreadsheet could run a cell. `-1.5` is a number to it, and stays one.
fn is_dangerous(cell: Cell<'_>) -> bool {
    let is_formula = cell.text.trim_start_matches(' ').starts_with(BEGINS_A_FORMULA);
    is_formula && !fieldpost_model::json::number::is_number(cell.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(csv: Csv, cells: &[&str], expected: &str) {
        assert_eq!(csv.line(cells.iter().copied().map(Cell::text)), expected);
    }

    #[test]
    fn cells_are_quoted_where_they_have_to_be() {
        check(Csv::Exact, &["a", "", "é b"], "a,,é b\r\n");
        check(Csv::Exact, &["a,b", "\"", "c\nd", "\r"], "\"a,b\",\"\"\"\",\"c\nd\",\"\r\"\r\n");
        check(Csv::Exact, &[" a", "b "], "\" a\",\"b \"\r\n");
    }

    #[test]
    fn nothing_for_people_is_a_formula() {
        for (cell, expected) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+33 1 23", "'+33 1 23"),
            ("-cmd", "'-cmd"),
            ("-1.5", "-1.5"),
            ("\t=1", "'\t=1"),
            ("=a,\"b\"", "\"'=a,\"\"b\"\"\""),
            ("\r=1", "\"'\r=1\""),
            (" =1", "\"' =1\""),
            ("a=1", "a=1"),
        ] {
            check(Csv::Guarded, &[cell], &format!("{expected}\r\n"));
            let exact = Csv::Exact.line(std::iter::once(Cell::text(cell)));
            assert!(!exact.contains('\''), "{exact}");
        }
    }
}
