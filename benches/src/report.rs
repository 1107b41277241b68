//! What was measured, a line of JSON each, and whether the bars were reached.

use std::io::Write;

use anyhow::{Result, bail};
use serde_json::{Value, json};

/// Collects the bars that were missed.
#[derive(Default)]
pub(crate) struct Report {
    missed: Vec<String>,
}

impl Report {
    /// Prints a figure that is held to no bar.
    pub(crate) fn tell(bench: &str, figures: &Value) -> Result<()> {
        writeln!(std::io::stdout(), "{}", json!({"bench": bench, "figures": figures}))?;
        Ok(())
    }

    /// Prints a figure that must be at least `bar`.
    pub(crate) fn at_least(&mut self, what: &str, figure: f64, bar: f64) -> Result<()> {
        self.hold(what, figure, bar, "at least", figure >= bar)
    }

    /// Prints a figure that must be at most `bar`.
    pub(crate) fn at_most(&mut self, what: &str, figure: f64, bar: f64) -> Result<()> {
        self.hold(what, figure, bar, "at most", figure <= bar)
    }

    fn hold(&mut self, what: &str, figure: f64, bar: f64, word: &str, held: bool) -> Result<()> {
        let line = json!({"bar": what, "figure": rounded(figure), "must_be": word, "of": bar, "held": held});
        writeln!(std::io::stdout(), "{line}")?;
        if !held {
            self.missed.push(format!("{what}: {figure:.3}, must be {word} {bar}"));
        }
        Ok(())
    }

    /// Ends non-zero where a bar was missed.
    pub(crate) fn end(self) -> Result<()> {
        if self.missed.is_empty() { Ok(()) } else { bail!("missed: {}", self.missed.join("; ")) }
    }
}

/// Three decimals are more than a shared machine can tell.
pub(crate) fn rounded(figure: f64) -> f64 {
    (figure * 1_000.0).round() / 1_000.0
}
