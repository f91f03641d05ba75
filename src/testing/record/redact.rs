//! What a recording leaves out.

/// What names of secrets contain.
const WORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "secret",
    "apikey",
    "accesskey",
    "privatekey",
    "authorization",
    "credential",
    "cookie",
    "sessionid",
    "bearer",
    "jwt",
];

/// What stands in the place of a secret.
pub(super) const REDACTED: &str = "[redacted]";
const QUOTED: &str = "\"[redacted]\"";

/// Copies a JSON text to `out`, on one line and without its secrets. `None` where it is no JSON; `out` holds a part of it then.
///
/// Below a member whose name speaks of a secret every string and number is replaced by `"[redacted]"`; so is every string
/// that holds `token`, or a `Bearer` or `Basic` credential. A name speaks of a secret if, written in small letters without
/// `-`, `_`, `.` and spaces and from its last `/` on, it contains `password`, `passwd`, `passphrase`, `secret`, `apikey`,
/// `accesskey`, `privatekey`, `authorization`, `credential`, `cookie`, `sessionid`, `bearer` or `jwt`, or ends with `token`
/// (`progressToken` excepted). Names right below `properties` whose values are objects are parameters in a JSON Schema, not
/// secrets. Everything else, the spelling included, stays as it was: a recording can be replayed. What else stands in running
/// text cannot be told from other text.
pub fn redact(text: &str, token: Option<&str>, out: &mut String) -> Option<()> {
    // What is cut out below is cut along JSON's own borders.
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    Copier { text, at: 0, token, out }.value(false, false)
}

struct Copier<'a> {
    text: &'a str,
    at: usize,
    token: Option<&'a str>,
    out: &'a mut String,
}

impl<'a> Copier<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// White space between values may hold line breaks, and a recording has one line for each message.
    fn space(&mut self) {
        while self.peek().is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Copies one byte of punctuation.
    fn sign(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        self.out.push(char::from(byte));
        Some(byte)
    }

    /// `properties`: the value is that of a member with this name.
    fn value(&mut self, secret: bool, properties: bool) -> Option<()> {
        self.space();
        match self.peek()? {
            b'{' => self.object(secret, properties),
            b'[' => self.array(secret),
            b'"' => {
                let string = self.string()?;
                let hide = secret || self.tells(string);
                self.out.push_str(if hide { QUOTED } else { string });
                Some(())
            }
            first => {
                let rest = self.text.get(self.at..)?;
                let end = rest.find([',', '}', ']', ' ', '\t', '\r', '\n']).unwrap_or(rest.len());
                let number = first == b'-' || first.is_ascii_digit();
                self.out.push_str(if secret && number { QUOTED } else { rest.get(..end)? });
                self.at += end;
                Some(())
            }
        }
    }

    fn object(&mut self, secret: bool, properties: bool) -> Option<()> {
        self.sign()?;
        self.space();
        if self.peek()? == b'}' {
            return self.sign().map(|_| ());
        }
        loop {
            self.space();
            let name = self.string()?;
            self.out.push_str(name);
            self.space();
            self.sign()?;
            self.space();
            let name: String = serde_json::from_str(name).ok()?;
            let parameter = properties && self.peek()? == b'{';
            let hide = secret || (!parameter && speaks_of_a_secret(&name));
            self.value(hide, name == "properties")?;
            self.space();
            if self.sign()? != b',' {
                return Some(());
            }
        }
    }

    fn array(&mut self, secret: bool) -> Option<()> {
        self.sign()?;
        self.space();
        if self.peek()? == b']' {
            return self.sign().map(|_| ());
        }
        loop {
            self.value(secret, false)?;
            self.space();
            if self.sign()? != b',' {
                return Some(());
            }
        }
    }

    /// The string that begins here, with its quotes, as it is written.
    fn string(&mut self) -> Option<&'a str> {
        let begin = self.at;
        let bytes = self.text.as_bytes();
        self.at += 1;
        loop {
            match bytes.get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        self.text.get(begin..self.at)
    }

    /// Whether a string holds what it must not, whatever its name.
    fn tells(&self, string: &str) -> bool {
        let holds = |text: &str| {
            self.token.is_some_and(|token| text.contains(token))
                || credential(text, "bearer ")
                || credential(text, "basic ")
        };
        if !string.contains('\\') {
            return holds(string);
        }
        serde_json::from_str::<String>(string).is_ok_and(|text| holds(&text))
    }
}

/// Whether a credential of this scheme stands in the text: eight signs or more, as RFC 9110 section 11.2 has them.
fn credential(text: &str, scheme: &str) -> bool {
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(byte);
    let bytes = text.as_bytes();
    let starts =
        bytes.windows(scheme.len()).enumerate().filter(|(_, part)| part.eq_ignore_ascii_case(scheme.as_bytes()));
    starts.into_iter().any(|(at, _)| bytes.iter().skip(at + scheme.len()).take_while(|byte| token(byte)).count() >= 8)
}

fn speaks_of_a_secret(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or_default();
    let plain: String =
        last.chars().filter(|c| !matches!(c, '-' | '_' | '.' | ' ')).map(|c| c.to_ascii_lowercase()).collect();
    let token = plain.ends_with("token") && plain != "progresstoken";
    token || WORDS.iter().any(|word| plain.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(text: &str) -> String {
        let mut out = String::new();
        redact(text, Some("0123456789abcdef"), &mut out).expect("JSON");
        out
    }

    #[test]
    fn secrets_are_left_out_and_all_else_stays() {
        let table = [
            (r#"{"password":"x"}"#, r#"{"password":"[redacted]"}"#),
            (r#"{"pass\u0077ord":"x"}"#, r#"{"pass\u0077ord":"[redacted]"}"#),
            (
                r#"{"_meta":{"example.org/Authorization":"x"}}"#,
                r#"{"_meta":{"example.org/Authorization":"[redacted]"}}"#,
            ),
            (r#"{"API_KEY":123,"n":123}"#, r#"{"API_KEY":"[redacted]","n":123}"#),
            (r#"{"client-secret":["a",{"b":-1}]}"#, r#"{"client-secret":["[redacted]",{"b":"[redacted]"}]}"#),
            (r#"{"credentials":{"user":"a","on":true}}"#, r#"{"credentials":{"user":"[redacted]","on":true}}"#),
            (r#"{"accessToken":"x","progressToken":"p"}"#, r#"{"accessToken":"[redacted]","progressToken":"p"}"#),
            (r#"{"maxTokens":5,"nextCursor":"c"}"#, r#"{"maxTokens":5,"nextCursor":"c"}"#),
            (r#"{"text":"at ?token=0123456789abcdef"}"#, r#"{"text":"[redacted]"}"#),
            (r#"{"text":"0123456789\u0061bcdef"}"#, r#"{"text":"[redacted]"}"#),
            (r#"{"text":"authorization: bearer abcdefgh.ijk"}"#, r#"{"text":"[redacted]"}"#),
            (r#"{"text":"Basic dXNlcjpwYXNz"}"#, r#"{"text":"[redacted]"}"#),
            (r#"{"text":"a bearer of good news"}"#, r#"{"text":"a bearer of good news"}"#),
            (
                r#"{"properties":{"password":{"type":"string"},"n":{}}}"#,
                r#"{"properties":{"password":{"type":"string"},"n":{}}}"#,
            ),
            (r#"{"properties":{"password":"x"}}"#, r#"{"properties":{"password":"[redacted]"}}"#),
            (r#"{"a":[],"b":{},"c":[1.50e3,null,"\\\""]}"#, r#"{"a":[],"b":{},"c":[1.50e3,null,"\\\""]}"#),
            ("{ \"a\" :\r\n [ 1 , 2 ] , \"b\" : \"x y\" }", r#"{"a":[1,2],"b":"x y"}"#),
            (r#"["bearer"]"#, r#"["bearer"]"#),
            ("12", "12"),
        ];
        for (text, expected) in table {
            assert_eq!(redacted(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_is_told_apart() {
        for text in ["", "{", "nonsense", r#"{"a":}"#, r#"{"a":1} 2"#, "\"\\", r#"{"password":"x""#] {
            assert!(redact(text, None, &mut String::new()).is_none(), "{text}");
        }
    }
}
