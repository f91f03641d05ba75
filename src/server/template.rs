//! URI templates (RFC 6570), as far as matching a URI back to its variables goes: `{name}` within one segment, `{+name}`
//! and `{name*}` across segments.

/// A template, taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct UriTemplate(Vec<Part>);

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Literal(String),
    Variable { name: String, across: bool },
}

impl UriTemplate {
    /// Takes a template apart.
    ///
    /// # Errors
    /// In words, where it cannot be matched: unclosed braces, an operator that has no unique match, two variables without
    /// text between them.
    pub(super) fn parse(template: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = template;
        while let Some((literal, after)) = rest.split_once('{') {
            let (expression, after) =
                after.split_once('}').ok_or_else(|| format!("the URI template {template:?} has an unclosed brace"))?;
            let (name, across) = match (expression.strip_prefix('+'), expression.strip_suffix('*')) {
                (Some(name), _) | (None, Some(name)) => (name, true),
                (None, None) => (expression, false),
            };
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.' || c == '-';
            if name.is_empty() || !name.chars().all(plain) {
                return Err(format!(
                    "the URI template {template:?} has the expression {{{expression}}}; only {{name}}, {{+name}} and {{name*}} can be matched"
                ));
            }
            if literal.is_empty() && matches!(parts.last(), Some(Part::Variable { .. })) {
                return Err(format!("the URI template {template:?} has two variables without text between them"));
            }
            if !literal.is_empty() {
                parts.push(Part::Literal(literal.to_owned()));
            }
            parts.push(Part::Variable { name: name.to_owned(), across });
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Literal(rest.to_owned()));
        }
        Ok(Self(parts))
    }

    /// The variables of a URI that the template could have made.
    pub(super) fn matches(&self, uri: &str) -> Option<Vec<(String, String)>> {
        let mut found = Vec::new();
        matches(&self.0, uri, &mut found).then_some(found)
    }
}

fn matches(parts: &[Part], uri: &str, found: &mut Vec<(String, String)>) -> bool {
    let Some((first, rest)) = parts.split_first() else { return uri.is_empty() };
    match first {
        Part::Literal(literal) => uri.strip_prefix(literal.as_str()).is_some_and(|uri| matches(rest, uri, found)),
        Part::Variable { name, across } => {
            let reach = if *across { uri.len() } else { uri.find(['/', '?', '#']).unwrap_or(uri.len()) };
            // The text that follows, found from the right, is where the variable ends; templates have it between any two.
            let ends: Vec<usize> = match rest.first() {
                Some(Part::Literal(literal)) => uri.rmatch_indices(literal.as_str()).map(|(at, _)| at).collect(),
                _ => vec![uri.len()],
            };
            for end in ends.into_iter().filter(|end| (1..=reach).contains(end)) {
                let (Some(value), Some(after)) = (uri.get(..end), uri.get(end..)) else { continue };
                let Some(value) = percent_decode(value) else { return false };
                found.push((name.clone(), value));
                if matches(rest, after, found) {
                    return true;
                }
                found.pop();
            }
            false
        }
    }
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
        decoded.push((high * 16 + low) as u8);
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_what_it_could_have_made() {
        type Row = (&'static str, &'static str, Option<&'static [(&'static str, &'static str)]>);
        let table: &[Row] = &[
            ("file:///{path}", "file:///a.txt", Some(&[("path", "a.txt")])),
            ("file:///{path}", "file:///a/b.txt", None),
            ("file:///{+path}", "file:///a/b.txt", Some(&[("path", "a/b.txt")])),
            ("file:///{path*}", "file:///a/b.txt", Some(&[("path", "a/b.txt")])),
            ("file:///{path}", "file:///", None),
            ("db://{table}/{row}", "db://users/7", Some(&[("table", "users"), ("row", "7")])),
            ("db://{table}/{row}/x", "db://users/7/y", None),
            ("a-{x}-{y}", "a-1-2-3", Some(&[("x", "1-2"), ("y", "3")])),
            ("note://{name}", "note://caf%C3%A9", Some(&[("name", "café")])),
            ("note://{name}", "note://%zz", None),
            ("note://{name}", "note://%ff", None),
            ("plain:x", "plain:x", Some(&[])),
            ("plain:x", "plain:xy", None),
        ];
        for (template, uri, expected) in table {
            let found = UriTemplate::parse(template).expect("template").matches(uri);
            let found = found.as_ref().map(|found| found.iter().map(|(a, b)| (&**a, &**b)).collect::<Vec<_>>());
            assert_eq!(found.as_deref(), *expected, "{template} {uri}");
        }
    }

    #[test]
    fn refuses_what_cannot_be_matched() {
        for bad in ["a{", "a{}", "a{?q}", "a{x}{y}", "a{x,y}"] {
            assert!(UriTemplate::parse(bad).is_err(), "{bad}");
        }
    }
}
