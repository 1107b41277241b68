//! Values that may hold a secret: a wrong one is refused without being shown. Terminals are looked
//! at, and what a service says at its start lies in a log.

use std::ffi::OsStr;
use std::marker::PhantomData;
use std::str::FromStr;

use clap::builder::{TypedValueParser, ValueParserFactory};
use clap::error::ErrorKind;
use clap::{Arg, Command, Error};

use super::mail::{Password, RelayUrl};
use super::values::{DatabaseUrl, Token};

/// Reads a value that may hold a secret. The type's own error says what is wrong without the value.
#[derive(Debug)]
pub(crate) struct Concealed<T>(PhantomData<T>);

impl<T> Clone for Concealed<T> {
    fn clone(&self) -> Self {
        Self(PhantomData)
    }
}

impl<T> TypedValueParser for Concealed<T>
where
    T: FromStr<Err = String> + Clone + Send + Sync + 'static,
{
    type Value = T;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<T, Error> {
        let read = value.to_str().ok_or_else(|| "it is not UTF-8".to_owned()).and_then(str::parse);
        read.map_err(|reason| {
            let name = argument.map(ToString::to_string).unwrap_or_default();
            let message = format!("invalid value for '{name}', not shown here: {reason}\n");
            Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        })
    }
}

impl ValueParserFactory for DatabaseUrl {
    type Parser = Concealed<Self>;

    fn value_parser() -> Self::Parser {
        Concealed(PhantomData)
    }
}

impl ValueParserFactory for RelayUrl {
    type Parser = Concealed<Self>;

    fn value_parser() -> Self::Parser {
        Concealed(PhantomData)
    }
}

impl ValueParserFactory for Password {
    type Parser = Concealed<Self>;

    fn value_parser() -> Self::Parser {
        Concealed(PhantomData)
    }
}

impl ValueParserFactory for Token {
    type Parser = Concealed<Self>;

    fn value_parser() -> Self::Parser {
        Concealed(PhantomData)
    }
}
