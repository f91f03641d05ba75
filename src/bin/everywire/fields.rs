//! The fields of a form that a server asks for, and how a typed line becomes a value (client/elicitation).

use everywire::json::Json;
use serde_json::{Number, Value};

use crate::show::strings;

/// One field of a form.
#[derive(Debug, Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) required: bool,
    schema: Json,
}

/// What may be chosen: the value and how it is called.
struct Choice {
    value: String,
    title: String,
}

/// The fields of a requested schema, in its order.
pub(crate) fn of(schema: &Json) -> Vec<Field> {
    let required = strings(schema.get("required"));
    let properties = schema.get("properties").and_then(|properties| properties.entries()).unwrap_or_default();
    let field = |(name, schema)| Field { required: required.contains(&name), name, schema };
    properties.into_iter().map(field).collect()
}

impl Field {
    /// The question for this field.
    pub(crate) fn question(&self) -> String {
        let mut text = self.schema.get_str("title").unwrap_or_else(|| self.name.clone());
        if let Some(description) = self.schema.get_str("description") {
            text = format!("{text} - {description}");
        }
        let choices = self.choices();
        if choices.is_empty() {
            text = format!("{text} ({})", self.kind());
        } else {
            for (place, choice) in choices.iter().enumerate() {
                text = format!("{text}\n  {}) {}", place + 1, choice.title);
            }
            text += if self.is_list() { "\nnumbers or names, separated by commas" } else { "\nnumber or name" };
        }
        match (self.default(), self.required) {
            (Some(default), _) if default.is_array() => format!("{text} [{}]:", strings(Some(default)).join(", ")),
            (Some(default), _) => format!("{text} [{}]:", default.as_str().unwrap_or_else(|| default.to_text())),
            (None, true) => format!("{text}:"),
            (None, false) => format!("{text} [leave out]:"),
        }
    }

    /// The value that the line gives; `None` leaves the field out.
    ///
    /// # Errors
    /// What is wrong with the line, for the person to read.
    pub(crate) fn read(&self, line: &str) -> Result<Option<Value>, String> {
        let line = line.trim();
        if line.is_empty() {
            return match self.default() {
                Some(default) => default.parse().map(Some).map_err(|error| error.to_string()),
                None if self.required => Err("this one is needed".to_owned()),
                None => Ok(None),
            };
        }
        let value = match self.kind().as_str() {
            "boolean" => Value::Bool(truth(line)?),
            "integer" | "number" => self.number(line)?,
            _ if self.is_list() => self.chosen(line)?,
            _ if !self.choices().is_empty() => Value::String(self.choose(line)?),
            _ => self.text(line)?,
        };
        Ok(Some(value))
    }

    fn default(&self) -> Option<Json> {
        self.schema.get("default").filter(|default| !default.is_null())
    }

    fn kind(&self) -> String {
        match self.schema.get_str("format") {
            Some(format) if self.choices().is_empty() => format,
            _ => self.schema.get_str("type").unwrap_or_else(|| "string".to_owned()),
        }
    }

    fn is_list(&self) -> bool {
        self.schema.get_str("type").as_deref() == Some("array")
    }

    /// `enum` with or without `enumNames`, `oneOf` with titles, and the same inside a list's `items` (`anyOf` there).
    fn choices(&self) -> Vec<Choice> {
        let schema = if self.is_list() { self.schema.get("items") } else { Some(self.schema.clone()) };
        let Some(schema) = schema else { return Vec::new() };
        let titled = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(|options| options.items());
        if let Some(options) = titled {
            let choice = |option: &Json| {
                let value = option.get_str("const")?;
                Some(Choice { title: option.get_str("title").unwrap_or_else(|| value.clone()), value })
            };
            return options.iter().filter_map(choice).collect();
        }
        let titles = strings(schema.get("enumNames"));
        let choice = |(place, value): (usize, String)| Choice {
            title: titles.get(place).cloned().unwrap_or_else(|| value.clone()),
            value,
        };
        strings(schema.get("enum")).into_iter().enumerate().map(choice).collect()
    }

    fn choose(&self, given: &str) -> Result<String, String> {
        let choices = self.choices();
        let numbered = given.parse::<usize>().ok().and_then(|number| choices.get(number.checked_sub(1)?));
        let named = choices.iter().find(|choice| choice.value == given || choice.title.eq_ignore_ascii_case(given));
        match named.or(numbered) {
            Some(choice) => Ok(choice.value.clone()),
            None => Err(format!("\"{given}\" is none of these; give a number from 1 to {} or a name", choices.len())),
        }
    }

    fn chosen(&self, line: &str) -> Result<Value, String> {
        let parts = line.split(',').map(str::trim).filter(|part| !part.is_empty());
        let mut chosen: Vec<String> = Vec::new();
        for part in parts {
            let value = if self.choices().is_empty() { part.to_owned() } else { self.choose(part)? };
            if !chosen.contains(&value) {
                chosen.push(value);
            }
        }
        let count = chosen.len() as f64;
        match (self.bound("minItems"), self.bound("maxItems")) {
            (Some(least), _) if count < least => Err(format!("choose at least {least}")),
            (_, Some(most)) if count > most => Err(format!("choose at most {most}")),
            _ => Ok(chosen.into()),
        }
    }

    fn number(&self, line: &str) -> Result<Value, String> {
        let whole = self.kind() == "integer";
        let value = match line.parse::<i64>() {
            Ok(number) => Number::from(number),
            Err(_) if whole => return Err("give a whole number".to_owned()),
            Err(_) => line.parse().ok().and_then(Number::from_f64).ok_or("give a number")?,
        };
        let size = value.as_f64().unwrap_or_default();
        match (self.bound("minimum"), self.bound("maximum")) {
            (Some(least), _) if size < least => Err(format!("give at least {least}")),
            (_, Some(most)) if size > most => Err(format!("give at most {most}")),
            _ => Ok(Value::Number(value)),
        }
    }

    fn text(&self, line: &str) -> Result<Value, String> {
        let count = line.chars().count() as f64;
        match (self.bound("minLength"), self.bound("maxLength")) {
            (Some(least), _) if count < least => return Err(format!("give at least {least} characters")),
            (_, Some(most)) if count > most => return Err(format!("give at most {most} characters")),
            _ => {}
        }
        let fits = match self.kind().as_str() {
            "email" => {
                line.split_once('@').is_some_and(|(name, host)| {
                    !name.is_empty() && host.contains('.') && !host.starts_with('.') && !host.ends_with('.')
                }) && !line.contains(char::is_whitespace)
            }
            "uri" => {
                line.split_once(':').is_some_and(|(scheme, rest)| {
                    scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && !rest.is_empty()
                }) && !line.contains(char::is_whitespace)
            }
            "date" => is_date(line),
            "date-time" => line.split_once(['T', 't']).is_some_and(|(date, time)| is_date(date) && is_time(time)),
            _ => true,
        };
        match fits {
            true => Ok(Value::String(line.to_owned())),
            false => Err(match self.kind().as_str() {
                "email" => "give an address such as ada@example.org".to_owned(),
                "uri" => "give an address such as https://example.org/".to_owned(),
                "date" => "give a date such as 2026-11-30".to_owned(),
                _ => "give date and time such as 2026-11-30T19:00:00Z".to_owned(),
            }),
        }
    }

    fn bound(&self, key: &str) -> Option<f64> {
        self.schema.get(key)?.as_f64()
    }
}

pub(crate) fn truth(line: &str) -> Result<bool, String> {
    match line.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" | "true" => Ok(true),
        "n" | "no" | "false" => Ok(false),
        _ => Err("answer yes or no".to_owned()),
    }
}

/// `full-date` (RFC 3339 section 5.6), leap years included.
fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut number = |digits: usize| {
        parts
            .next()
            .filter(|part| part.len() == digits && part.bytes().all(|b| b.is_ascii_digit()))?
            .parse::<u32>()
            .ok()
    };
    let (Some(year), Some(month), Some(day)) = (number(4), number(2), number(2)) else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day) && parts.next().is_none()
}

/// `full-time` (RFC 3339 section 5.6).
fn is_time(text: &str) -> bool {
    let Some(at) = text.find(['Z', 'z', '+', '-']) else { return false };
    let (clock, zone) = text.split_at(at);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let two = |part: &str, most: u32| {
        part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()) && part.parse().is_ok_and(|n: u32| n <= most)
    };
    let clock: Vec<&str> = clock.split(':').collect();
    let [hour, minute, second] = clock[..] else { return false };
    let zoned = match zone.get(1..).unwrap_or_default() {
        "" => zone.eq_ignore_ascii_case("z"),
        offset => offset.split_once(':').is_some_and(|(hour, minute)| two(hour, 23) && two(minute, 59)),
    };
    zoned
        && two(hour, 23)
        && two(minute, 59)
        && two(second, 60)
        && !fraction.is_empty()
        && fraction.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn field(schema: Value, required: bool) -> Field {
        Field { name: "field".into(), required, schema: Json::encode(&schema).expect("JSON") }
    }

    fn good(schema: Value, line: &str, value: Value) {
        assert_eq!(field(schema.clone(), true).read(line), Ok(Some(value)), "{schema}: {line}");
    }

    fn bad(schema: Value, line: &str) {
        assert!(field(schema.clone(), true).read(line).is_err(), "{schema}: {line}");
    }

    #[test]
    fn lines_become_values() {
        good(json!({"type": "string"}), " a b ", json!("a b"));
        good(json!({"type": "integer", "minimum": 1, "maximum": 8}), "8", json!(8));
        good(json!({"type": "number"}), "2.5", json!(2.5));
        good(json!({"type": "boolean"}), "YES", json!(true));
        good(json!({"type": "string", "default": "x"}), "", json!("x"));
        good(json!({"type": "string", "enum": ["a", "b"]}), "2", json!("b"));
        good(json!({"type": "string", "enum": ["2", "1"]}), "2", json!("2"));
        good(json!({"type": "string", "enum": ["a", "b"], "enumNames": ["Ann", "Bob"]}), "bob", json!("b"));
        good(json!({"type": "string", "oneOf": [{"const": "q", "title": "Quiet"}]}), "quiet", json!("q"));
        good(
            json!({"type": "array", "items": {"anyOf": [{"const": "q", "title": "Quiet"}, {"const": "r"}]}}),
            "2, quiet",
            json!(["r", "q"]),
        );
        good(json!({"type": "string", "format": "email"}), "ada@example.org", json!("ada@example.org"));
        good(json!({"type": "string", "format": "date"}), "2028-02-29", json!("2028-02-29"));
        good(
            json!({"type": "string", "format": "date-time"}),
            "2026-11-30T19:00:00.5+01:00",
            json!("2026-11-30T19:00:00.5+01:00"),
        );
        assert_eq!(field(json!({"type": "string"}), false).read(" "), Ok(None));
    }

    #[test]
    fn questions_show_the_default_as_it_would_be_typed() {
        let asked = |schema: Value| field(schema, false).question();
        let list = json!({"type": "array", "items": {"enum": ["a", "b"]}, "default": ["a", "b"]});
        assert!(asked(list).ends_with(" [a, b]:"));
        assert!(asked(json!({"type": "string", "default": "x"})).ends_with(" [x]:"));
        assert!(asked(json!({"type": "integer", "default": 2})).ends_with(" [2]:"));
    }

    #[test]
    fn lines_that_do_not_fit_are_refused() {
        bad(json!({"type": "string"}), "");
        bad(json!({"type": "string", "minLength": 3}), "ab");
        bad(json!({"type": "string", "maxLength": 1}), "ab");
        bad(json!({"type": "integer"}), "2.5");
        bad(json!({"type": "integer", "maximum": 8}), "9");
        bad(json!({"type": "number"}), "NaN");
        bad(json!({"type": "boolean"}), "maybe");
        bad(json!({"type": "string", "enum": ["a"]}), "0");
        bad(json!({"type": "string", "enum": ["a"]}), "2");
        bad(json!({"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 2}), "a");
        bad(json!({"type": "array", "items": {"enum": ["a", "b"]}, "maxItems": 1}), "a,b");
        for line in ["ada", "@b.c", "a b@c.d", "a@b"] {
            bad(json!({"type": "string", "format": "email"}), line);
        }
        for line in ["2026-02-29", "2026-13-01", "26-1-1", "2026-11-30-1", "today"] {
            bad(json!({"type": "string", "format": "date"}), line);
        }
        for line in ["2026-11-30", "2026-11-30T25:00:00Z", "2026-11-30T19:00:00", "2026-11-30T19:00Z"] {
            bad(json!({"type": "string", "format": "date-time"}), line);
        }
        bad(json!({"type": "string", "format": "uri"}), "example.org");
    }
}
