//! Where an answer points to, and whether to go there.

use http::Uri;

use crate::transport::http::Method;

/// How often one request is redirected.
pub(super) const LIMIT: u32 = 5;

/// Whether a request may be made again elsewhere as it is. Answers other than 307 and 308 turn a POST into a GET, which is
/// another request (RFC 9110 section 15.4).
pub(super) fn is_followed(method: Method, status: u16) -> bool {
    match status {
        307 | 308 => true,
        301..=303 => method == Method::Get,
        _ => false,
    }
}

/// A URL as errors may show it: the query may carry a ticket.
pub(super) fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

/// What `location` means at `base` (RFC 3986 section 5.2), where that has the same scheme, host and port: nowhere else are
/// credentials sent.
pub(super) fn within_origin(base: &str, location: &str) -> Option<String> {
    let location = location.split('#').next().unwrap_or_default();
    let here: Uri = base.split('#').next()?.parse().ok()?;
    let authority = here.authority()?;
    let origin = format!("{}://{authority}", here.scheme_str()?);
    let url = if let Some(rest) = location.strip_prefix("//") {
        format!("{}://{rest}", here.scheme_str()?)
    } else if has_scheme(location) {
        location.to_owned()
    } else if location.starts_with('/') {
        origin + &without_dots(location)
    } else if location.is_empty() {
        return None;
    } else if location.starts_with('?') {
        origin + here.path() + location
    } else {
        let folder = here.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        origin + &without_dots(&format!("{folder}/{location}"))
    };
    let there: Uri = url.parse().ok()?;
    let same = same_text(there.scheme_str(), here.scheme_str())
        && same_text(there.host(), here.host())
        && port(&there)? == port(&here)?
        && !there.authority()?.as_str().contains('@');
    same.then_some(url)
}

fn same_text(one: Option<&str>, other: Option<&str>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
}

fn port(uri: &Uri) -> Option<u16> {
    match uri.scheme_str()? {
        "http" => Some(uri.port_u16().unwrap_or(80)),
        "https" => Some(uri.port_u16().unwrap_or(443)),
        _ => None,
    }
}

/// Whether a reference begins with a scheme (RFC 3986 section 3.1).
fn has_scheme(reference: &str) -> bool {
    let Some((scheme, _)) = reference.split_once(':') else { return false };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// A path with `.` and `..` worked off (RFC 3986 section 5.2.4); the query stays as it is.
fn without_dots(path_and_query: &str) -> String {
    let (path, query) = path_and_query.split_at(path_and_query.find('?').unwrap_or(path_and_query.len()));
    let mut parts = Vec::new();
    let mut segments = path.strip_prefix('/').unwrap_or(path).split('/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => {
                parts.pop();
            }
            segment => {
                parts.push(segment);
                continue;
            }
        }
        if last {
            parts.push("");
        }
    }
    format!("/{}{query}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved() {
        for (base, location, url) in [
            ("http://h/a/b?q", "/c", "http://h/c"),
            ("http://h/a/b?q", "c?x", "http://h/a/c?x"),
            ("http://h/a/b?q", "?x", "http://h/a/b?x"),
            ("http://h/a/b", "../c/./d/..", "http://h/c/"),
            ("http://h/a/b", "../../../c", "http://h/c"),
            ("http://h/a/b", ".", "http://h/a/"),
            ("http://h", "c", "http://h/c"),
            ("http://h/a", "//h/x#part", "http://h/x"),
            ("http://h:80/a", "http://H/x", "http://H/x"),
            ("https://h/a", "https://h:443/x", "https://h:443/x"),
            ("http://h/a", "/b?to=http://e/", "http://h/b?to=http://e/"),
            ("http://[::1]:8/a", "b", "http://[::1]:8/b"),
        ] {
            assert_eq!(within_origin(base, location).as_deref(), Some(url), "{base} {location}");
        }
    }

    #[test]
    fn another_origin_is_none() {
        for (base, location) in [
            ("https://h/a", "http://h/a"),
            ("http://h/a", "https://h/a"),
            ("http://h/a", "http://h:81/a"),
            ("http://h/a", "http://e/a"),
            ("http://h/a", "//e/a"),
            ("http://h/a", "http://h@e/a"),
            ("http://h/a", "http://u:p@h/a"),
            ("http://h/a", "file:///etc/passwd"),
            ("http://h/a", "javascript:alert(1)"),
            ("http://h/a", "http:/a"),
            ("http://h/a", "/a b"),
            ("http://h/a", "#part"),
            ("http://h/a", ""),
        ] {
            assert_eq!(within_origin(base, location), None, "{base} {location}");
        }
    }
}
