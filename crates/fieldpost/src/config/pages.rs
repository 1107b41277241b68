//! The settings of the pages on which forms are filled in: how much a stranger can type, and how long a page is
//! good.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use fieldpost_model::duration;
use fieldpost_server::PageBounds;

use super::values::{Count, Size, Span};

/// The pages of forms.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Pages of forms")]
pub(crate) struct PageSettings {
    /// The longest text of one answer that is typed into a form on its page.
    #[arg(
        long,
        env = "FIELDPOST_MAX_FORM_TEXT",
        value_name = "SIZE",
        default_value = "64KiB",
        hide_env_values = true
    )]
    pub(crate) max_form_text: Size,

    /// The most that is typed into one form on its pages, with what is written down of its files.
    #[arg(
        long,
        env = "FIELDPOST_MAX_FORM_SIZE",
        value_name = "SIZE",
        default_value = "512KiB",
        hide_env_values = true
    )]
    pub(crate) max_form_size: Size,

    /// The most rows of a block or a table of a form on its page.
    #[arg(
        long,
        env = "FIELDPOST_MAX_FORM_ROWS",
        value_name = "COUNT",
        default_value = "100",
        hide_env_values = true
    )]
    pub(crate) max_form_rows: Count,

    /// The most files of one form on its pages. How large they may be, `max-file` and `max-upload` say.
    #[arg(
        long,
        env = "FIELDPOST_MAX_FORM_FILES",
        value_name = "COUNT",
        default_value = "100",
        hide_env_values = true
    )]
    pub(crate) max_form_files: Count,

    /// How long a form can be filled in on its pages once it was begun; up to 23h, since a file that no
    /// submission names is swept away after a day.
    #[arg(
        long,
        env = "FIELDPOST_FORM_TIME",
        value_name = "TIME",
        default_value = "20h",
        hide_env_values = true
    )]
    pub(crate) form_time: FillingTime,

    /// How long whoever sent in a form, or followed it by its tracking code, can look at its page without the
    /// code.
    #[arg(
        long,
        env = "FIELDPOST_FOLLOW_TIME",
        value_name = "TIME",
        default_value = "1h",
        hide_env_values = true
    )]
    pub(crate) follow_time: Span,

    /// How long the link is good that the API of w.c.s. gives for a tracking code.
    #[arg(
        long,
        env = "FIELDPOST_FOLLOW_LINK_TIME",
        value_name = "TIME",
        default_value = "5m",
        hide_env_values = true
    )]
    pub(crate) follow_link_time: Span,
}

impl PageSettings {
    /// The settings as the server takes them.
    pub(crate) fn of_server(&self) -> PageBounds {
        PageBounds {
            max_rows: self.max_form_rows.in_memory(),
            max_text: self.max_form_text.in_memory(),
            max_typed: self.max_form_size.in_memory(),
            max_files: self.max_form_files.in_memory(),
            filling_time: self.form_time.0,
            following_time: self.follow_time.0,
            link_time: self.follow_link_time.0,
        }
    }
}

/// How long a form can be filled in: shorter than its files are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FillingTime(Duration);

impl FromStr for FillingTime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Span(time) = text.parse()?;
        if time > PageBounds::LONGEST_FILLING {
            let most = duration::format(PageBounds::LONGEST_FILLING);
            return Err(format!("{text:?} is too long: the files of a form are kept for {most}"));
        }
        Ok(Self(time))
    }
}

impl fmt::Display for FillingTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&duration::format(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn the_defaults_are_those_of_the_server() {
        let settings = Settings::defaults().unwrap();
        assert_eq!(settings.pages.of_server(), PageBounds::default());
    }

    #[test]
    fn a_form_is_not_filled_in_for_longer_than_its_files_are_kept() {
        assert_eq!("23h".parse(), Ok(FillingTime(PageBounds::LONGEST_FILLING)));
        let refused = "1381m".parse::<FillingTime>().unwrap_err();
        assert_eq!(refused, "\"1381m\" is too long: the files of a form are kept for 23h");
        assert!("0s".parse::<FillingTime>().is_err());
    }
}
