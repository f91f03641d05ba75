//! The JSON Schemas of the demo, as text: a form shows the fields in the order in which they stand.

use everywire::json::Json;
use everywire::proto::Tool;

/// A tool with its title, description and the JSON Schema of its arguments.
pub(super) fn tool(title: &str, description: &str, schema: &str) -> Tool {
    Tool::new("", self::schema(schema)).title(title).description(description)
}

pub(super) fn schema(text: &str) -> Json {
    Json::from_text(text).unwrap_or_else(|_| Json::null())
}

pub(super) const NOTHING: &str = r#"{"type": "object", "properties": {}}"#;

pub(super) const ECHO: &str = r#"{
  "type": "object", "required": ["text"],
  "properties": {
    "text": {"type": "string", "description": "What to say", "minLength": 1, "maxLength": 10000},
    "times": {"type": "integer", "description": "How often", "minimum": 1, "maximum": 10, "default": 1},
    "loud": {"type": "boolean", "description": "In capitals", "default": false}
  }
}"#;

pub(super) const SLOW: &str = r#"{
  "type": "object",
  "properties": {
    "steps": {"type": "integer", "description": "How many steps", "minimum": 1, "maximum": 100, "default": 10},
    "seconds": {"type": "number", "description": "How long each takes", "minimum": 0, "maximum": 10, "default": 0.5}
  }
}"#;

pub(super) const DRAW: &str = r##"{
  "type": "object",
  "properties": {
    "figure": {"type": "string", "description": "What to draw", "enum": ["rings", "plasma", "mandelbrot"], "default": "rings"},
    "size": {"type": "integer", "description": "Width and height in pixels", "minimum": 16, "maximum": 512, "default": 256},
    "colour": {"type": "string", "description": "The main colour", "pattern": "^#[0-9a-fA-F]{6}$", "default": "#2f6fed"}
  }
}"##;

pub(super) const BEEP: &str = r#"{
  "type": "object",
  "properties": {
    "hertz": {"type": "number", "description": "The pitch", "minimum": 50, "maximum": 4000, "default": 440},
    "seconds": {"type": "number", "description": "The length", "minimum": 0.1, "maximum": 3, "default": 0.5}
  }
}"#;

pub(super) const WEATHER: &str = r#"{
  "type": "object", "required": ["city"],
  "properties": {
    "city": {"type": "string", "description": "A city's name", "minLength": 1},
    "units": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"}
  }
}"#;

pub(super) const WEATHER_RESULT: &str = r#"{
  "type": "object", "required": ["city", "temperature", "units", "sky"],
  "properties": {
    "city": {"type": "string"},
    "temperature": {"type": "number"},
    "units": {"type": "string", "enum": ["celsius", "fahrenheit"]},
    "sky": {"type": "string", "enum": ["clear", "cloudy", "rain", "snow"]}
  }
}"#;

pub(super) const TRIP: &str = r#"{
  "type": "object", "required": ["traveller", "stops", "depart"],
  "properties": {
    "traveller": {
      "type": "object", "title": "Traveller", "required": ["name"],
      "properties": {
        "name": {"type": "string", "title": "Name", "minLength": 1, "maxLength": 80},
        "email": {"type": "string", "title": "E-mail", "format": "email"},
        "age": {"type": "integer", "title": "Age", "minimum": 0, "maximum": 130}
      }
    },
    "depart": {"type": "string", "title": "Departure", "format": "date"},
    "stops": {
      "type": "array", "title": "Stops", "minItems": 1, "maxItems": 5,
      "items": {
        "type": "object", "required": ["city", "nights"],
        "properties": {
          "city": {"type": "string", "title": "City"},
          "nights": {"type": "integer", "title": "Nights", "minimum": 1, "maximum": 30, "default": 2}
        }
      }
    },
    "class": {
      "title": "Class",
      "oneOf": [
        {"const": "second", "title": "Second class"},
        {"const": "first", "title": "First class"},
        {"const": "sleeper", "title": "Sleeping car"}
      ],
      "default": "second"
    },
    "extras": {
      "type": "array", "title": "Extras", "uniqueItems": true,
      "items": {"type": "string", "enum": ["bicycle", "dog", "quiet zone", "table"]}
    },
    "budget": {"type": ["number", "null"], "title": "Budget", "minimum": 0},
    "website": {"type": "string", "title": "Where you heard of us", "format": "uri"},
    "remind": {"type": "string", "title": "Remind me at", "format": "date-time"},
    "flexible": {"type": "boolean", "title": "The dates are flexible", "default": true}
  }
}"#;

pub(super) const TABLE: &str = r#"{
  "type": "object", "required": ["date", "guests", "seating", "email"],
  "properties": {
    "date": {"type": "string", "title": "Date", "format": "date"},
    "guests": {"type": "integer", "title": "Guests", "minimum": 1, "maximum": 12, "default": 2},
    "seating": {"type": "string", "title": "Seating", "enum": ["inside", "terrace", "bar"], "default": "inside"},
    "email": {"type": "string", "title": "E-mail", "description": "For the confirmation", "format": "email"}
  }
}"#;

pub(super) const RESTAURANT: &str = r#"{
  "type": "object",
  "properties": {"restaurant": {"type": "string", "description": "Where", "default": "Chez Wire"}}
}"#;

pub(super) const THEME: &str = r#"{
  "type": "object", "required": ["theme"],
  "properties": {
    "theme": {
      "type": "string", "title": "Theme",
      "oneOf": [
        {"const": "paper", "title": "Paper: dark on light"},
        {"const": "night", "title": "Night: light on dark"},
        {"const": "auto", "title": "As the system has it"}
      ],
      "default": "auto"
    },
    "accents": {
      "type": "array", "title": "Accents", "maxItems": 2,
      "items": {"anyOf": [{"const": "blue", "title": "Blue"}, {"const": "green", "title": "Green"}, {"const": "red", "title": "Red"}]}
    }
  }
}"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_is_an_object_schema() {
        for text in [NOTHING, ECHO, SLOW, DRAW, BEEP, WEATHER, WEATHER_RESULT, TRIP, TABLE, RESTAURANT, THEME] {
            assert_eq!(schema(text).get_str("type").as_deref(), Some("object"), "{text}");
        }
    }
}
