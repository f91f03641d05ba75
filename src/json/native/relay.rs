//! Messages that are passed on under other ids.

use std::ops::Range;

use super::object::{Object, push_id};
use super::scan;
use super::value::read_members;
use super::{Json, Text};
use crate::json::{Edit, Malformed, Message};

/// A received message that is passed on with other ids in some places: those are spliced in, every other byte stays.
pub(crate) struct Relayed {
    pub(crate) message: Message,
    text: Text,
    id: Option<Range<usize>>,
    params: Option<Range<usize>>,
    result: Option<Range<usize>>,
}

impl Text {
    /// Reads the envelope of a message that will be passed on.
    ///
    /// Of an envelope's member that stands twice only the last is passed on, or the peer might go by the first.
    pub(crate) fn relay(&self) -> Result<Relayed, Malformed> {
        let mut text = self.clone();
        let mut envelope = self.envelope()?;
        let once;
        if envelope.twice {
            let members = Json(self.0.clone()).entries().unwrap_or_default();
            let object = members.iter().fold(Object::new(), |all, (name, value)| all.json(name, value));
            once = Self(object.build().0);
            text = once.clone();
            envelope = once.envelope()?;
        }
        let place = |part: Option<&str>| part.and_then(|part| place(&text, part));
        let (id, params, result) = (place(envelope.id), place(envelope.params), place(envelope.result));
        Ok(Relayed { message: text.message(&envelope)?, text, id, params, result })
    }
}

impl Relayed {
    /// The message with these ids in their places, which may be none; a place that it does not have is passed over. `None` where the host
    /// cannot write it (on wasm32).
    pub(crate) fn with(self, edits: &[Edit<'_>]) -> Option<Text> {
        let mut spliced = Vec::new();
        for (path, id) in edits {
            let (first, rest) = path.split_first()?;
            let part = match *first {
                "id" => &self.id,
                "params" => &self.params,
                _ => &self.result,
            };
            if let Some(part) = part {
                let mut places = Vec::new();
                self.find(part.clone(), rest, &mut places);
                spliced.extend(places.into_iter().map(|place| (place, *id)));
            }
        }
        if spliced.is_empty() {
            return Some(self.text);
        }
        spliced.sort_by_key(|(place, _)| place.start);
        let all = self.text.as_str();
        let mut out = String::with_capacity(all.len() + 24 * spliced.len());
        let mut done = 0;
        for (place, id) in spliced {
            out.push_str(all.get(done..place.start)?);
            push_id(&mut out, id);
            done = place.end;
        }
        out.push_str(all.get(done..)?);
        Some(out.into())
    }

    /// Every place below `part` to which the names lead: a member that stands twice is two.
    fn find(&self, part: Range<usize>, path: &[&str], found: &mut Vec<Range<usize>>) {
        let Some((name, rest)) = path.split_first() else { return found.push(part) };
        let Some(object) = self.text.as_str().get(part) else { return };
        let mut inner = Vec::new();
        let passed = scan::members(object, |key, value| {
            if key == *name {
                inner.extend(place(&self.text, value));
            }
        });
        if passed.is_none() {
            let members = read_members(object).unwrap_or_default();
            let named = members.iter().filter(|(key, _)| key == name);
            inner = named.filter_map(|(_, value)| place(&self.text, value)).collect();
        }
        inner.into_iter().for_each(|part| self.find(part, rest, found));
    }
}

/// Where a part of a text lies in it.
fn place(text: &Text, part: &str) -> Option<Range<usize>> {
    let start = (part.as_ptr() as usize).checked_sub(text.as_str().as_ptr() as usize)?;
    let end = start.checked_add(part.len())?;
    (end <= text.len()).then_some(start..end)
}
