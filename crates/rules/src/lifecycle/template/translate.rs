//! A template of Django, turned into one of Jinja.
//!
//! Text stays where it is, line by line, so that the line of an error is that of the template. Tags are
//! written with signs that no text can have, so that a text cannot become a tag. Only the tags that are
//! listed here exist: there is no way to load, include or define anything.

use super::Fault;
use super::expression::{Names, Parser};

/// What stands before and behind what Jinja shall read: control characters, which texts do not have.
pub(super) const OPEN_TAG: &str = "\u{1}%";
pub(super) const CLOSE_TAG: &str = "%\u{2}";
pub(super) const OPEN_VALUE: &str = "\u{1}{";
pub(super) const CLOSE_VALUE: &str = "}\u{2}";
pub(super) const OPEN_COMMENT: &str = "\u{1}#";
pub(super) const CLOSE_COMMENT: &str = "#\u{2}";

/// A piece of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece<'t> {
    Text(&'t str),
    Value(&'t str),
    Tag(&'t str),
    Comment,
}

/// Takes a template apart, as Django does: a tag ends in the line in which it begins, or is a text.
fn pieces(template: &str) -> Vec<(usize, Piece<'_>)> {
    let mut pieces = Vec::new();
    let mut text_start = 0;
    let mut place = 0;
    while let Some(found) = template.get(place..).and_then(|rest| rest.find('{')) {
        let start = place + found;
        let rest = template.get(start..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        let closing = match line.as_bytes().get(1) {
            Some(b'{') => "}}",
            Some(b'%') => "%}",
            Some(b'#') => "#}",
            _ => "",
        };
        let inside = line.get(2..).filter(|_| !closing.is_empty());
        let Some((length, inside)) =
            inside.and_then(|inside| inside.find(closing).map(|end| (end, inside)))
        else {
            place = start + 1;
            continue;
        };
        if text_start < start {
            pieces.push((
                text_start,
                Piece::Text(template.get(text_start..start).unwrap_or_default()),
            ));
        }
        let inside = inside.get(..length).unwrap_or_default();
        pieces.push((
            start + 2,
            match closing {
                "}}" => Piece::Value(inside),
                "%}" => Piece::Tag(inside),
                _ => Piece::Comment,
            },
        ));
        place = start + 2 + length + 2;
        text_start = place;
    }
    if text_start < template.len() {
        pieces.push((text_start, Piece::Text(template.get(text_start..).unwrap_or_default())));
    }
    pieces
}

/// The one expression that a template is, where it is nothing else: what it makes keeps its type then.
pub(super) fn only_value(template: &str) -> Option<(usize, &str)> {
    match pieces(template).as_slice() {
        [(at, Piece::Value(inside))] => Some((*at, *inside)),
        _ => None,
    }
}

/// Whether there is anything in it but text.
pub(super) fn has_tags(template: &str) -> bool {
    pieces(template).iter().any(|(_, piece)| !matches!(piece, Piece::Text(_)))
}

/// A tag that is open: where, and how many names it bound.
#[derive(Debug)]
enum Open {
    If { has_else: bool },
    For { bound: usize, has_empty: bool },
    With { bound: usize },
    Escape,
}

impl Open {
    fn name(&self) -> &'static str {
        match self {
            Self::If { .. } => "if",
            Self::For { .. } => "for",
            Self::With { .. } => "with",
            Self::Escape => "autoescape",
        }
    }
}

/// Turns a template into Jinja.
pub(super) fn translate(template: &str, names: &mut Names) -> Result<String, Fault> {
    if let Some(at) = template.find(['\u{0}', '\u{1}', '\u{2}']) {
        return Err(Fault::at(at, "it has a control character".to_owned()));
    }
    let mut translation = Translation { names, written: String::new(), open: Vec::new() };
    let pieces = pieces(template);
    let mut pieces = pieces.iter().copied();
    while let Some((at, piece)) = pieces.next() {
        match piece {
            Piece::Text(text) => translation.written.push_str(text),
            Piece::Comment => {}
            Piece::Value(inside) => {
                let value = Parser::new(inside, translation.names)
                    .and_then(Parser::value)
                    .map_err(|fault| fault.moved(at))?;
                translation.write_value(&value);
            }
            Piece::Tag(inside) => match inside.split_whitespace().next() {
                Some("comment") => {
                    let end = pieces.find(|(_, piece)| is_end_of_comment(*piece));
                    if end.is_none() {
                        return Err(Fault::at(at, "the comment does not end".to_owned()));
                    }
                }
                _ => translation.tag(inside).map_err(|fault| fault.moved(at))?,
            },
        }
    }
    match translation.open.last() {
        None => Ok(translation.written),
        Some(open) => {
            let name = open.name();
            Err(Fault::at(template.len(), format!("'{name}' is not closed by 'end{name}'")))
        }
    }
}

fn is_end_of_comment(piece: Piece<'_>) -> bool {
    matches!(piece, Piece::Tag(inside) if inside.trim() == "endcomment")
}

struct Translation<'n> {
    names: &'n mut Names,
    written: String,
    open: Vec<Open>,
}

impl Translation<'_> {
    fn write_value(&mut self, value: &str) {
        for part in [OPEN_VALUE, " ", value, " ", CLOSE_VALUE] {
            self.written.push_str(part);
        }
    }

    fn write_tag(&mut self, tag: &str) {
        for part in [OPEN_TAG, " ", tag, " ", CLOSE_TAG] {
            self.written.push_str(part);
        }
    }

    fn tag(&mut self, inside: &str) -> Result<(), Fault> {
        let trimmed = inside.trim_start();
        let name = trimmed.split_whitespace().next().unwrap_or_default();
        let rest = trimmed.get(name.len()..).unwrap_or_default();
        let at = inside.len() - rest.len();
        self.known_tag(name, rest, at).map_err(|fault| match fault.at {
            // Faults of the tag itself point to its name.
            None => Fault::at(inside.len() - trimmed.len(), fault.reason),
            Some(_) => fault,
        })
    }

    fn known_tag(&mut self, name: &str, rest: &str, at: usize) -> Result<(), Fault> {
        match name {
            "if" => {
                let condition = self.condition(rest, at)?;
                self.open.push(Open::If { has_else: false });
                self.write_tag(&format!("if {condition}"));
            }
            "elif" => {
                let Some(Open::If { has_else: false }) = self.open.last() else {
                    return Err(misplaced(name));
                };
                let condition = self.condition(rest, at)?;
                self.write_tag(&format!("elif {condition}"));
            }
            "else" => match self.open.last_mut() {
                Some(Open::If { has_else: has_else @ false }) => {
                    *has_else = true;
                    self.write_tag("else");
                }
                _ => return Err(misplaced(name)),
            },
            "for" => self.open_loop(rest, at)?,
            "empty" => {
                let Some(Open::For { bound, has_empty: has_empty @ false }) = self.open.last_mut()
                else {
                    return Err(misplaced(name));
                };
                *has_empty = true;
                // Where nothing is gone through, nothing is bound.
                self.names.unbind(std::mem::take(bound));
                self.write_tag("else");
            }
            "with" => {
                let assignments = Parser::new(rest, self.names)
                    .and_then(Parser::assignments)
                    .map_err(|fault| fault.moved(at))?;
                if assignments.is_empty() {
                    return Err(Fault::here("'with' names nothing".to_owned()));
                }
                let bound = assignments.len();
                let assignments: Vec<String> = assignments
                    .into_iter()
                    .map(|(name, value)| format!("{} = ({value})", self.names.bind(name)))
                    .collect();
                self.open.push(Open::With { bound });
                self.write_tag(&format!("with {}", assignments.join(", ")));
            }
            "autoescape" => {
                let is_on = match rest.trim() {
                    "on" => "true",
                    "off" => "false",
                    _ => return Err(Fault::here("'autoescape' is on or off".to_owned())),
                };
                self.open.push(Open::Escape);
                self.write_tag(&format!("autoescape {is_on}"));
            }
            "firstof" => {
                let values = Parser::new(rest, self.names)
                    .and_then(Parser::values)
                    .map_err(|fault| fault.moved(at))?;
                self.write_value(&format!("[{}]|first_true", values.join(", ")));
            }
            "now" => {
                let format = Parser::new(rest, self.names)
                    .and_then(Parser::value)
                    .map_err(|fault| fault.moved(at))?;
                let value = Parser::new("now", self.names).and_then(Parser::value)?;
                self.write_value(&format!("({value})|f_date({format})"));
            }
            "endif" | "endfor" | "endwith" | "endautoescape" => self.close(name)?,
            _ => return Err(Fault::here(format!("there is no tag '{name}'"))),
        }
        Ok(())
    }

    fn condition(&mut self, text: &str, at: usize) -> Result<String, Fault> {
        Parser::new(text, self.names).and_then(Parser::condition).map_err(|fault| fault.moved(at))
    }

    fn open_loop(&mut self, rest: &str, at: usize) -> Result<(), Fault> {
        let (bound, list) = Parser::new(rest, self.names)
            .and_then(Parser::iteration)
            .map_err(|fault| fault.moved(at))?;
        let names: Vec<String> = bound.iter().map(|name| self.names.bind(name)).collect();
        self.names.loops += 1;
        self.open.push(Open::For { bound: names.len(), has_empty: false });
        self.write_tag(&format!("for {} in {list}", names.join(", ")));
        Ok(())
    }

    fn close(&mut self, name: &str) -> Result<(), Fault> {
        let open = self.open.last().map(Open::name);
        if open != name.strip_prefix("end") {
            return Err(misplaced(name));
        }
        match self.open.pop() {
            Some(Open::For { bound, .. }) => {
                self.names.loops = self.names.loops.saturating_sub(1);
                self.names.unbind(bound);
            }
            Some(Open::With { bound }) => self.names.unbind(bound),
            _ => {}
        }
        self.write_tag(name);
        Ok(())
    }
}

fn misplaced(name: &str) -> Fault {
    Fault::here(format!("'{name}' stands where nothing is open that it belongs to"))
}
