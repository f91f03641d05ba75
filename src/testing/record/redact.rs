use serde_json::Value;

/// What stands in the place of a secret.
pub(super) const REDACTED: &str = "[redacted]";

/// Names of members that hold secrets, in lower case and without `-` and `_`.
const SECRETS: [&str; 17] = [
    "authorization",
    "proxyauthorization",
    "cookie",
    "setcookie",
    "password",
    "passwd",
    "secret",
    "clientsecret",
    "apikey",
    "token",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "bearertoken",
    "privatekey",
    "credential",
    "credentials",
];

fn is_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect();
    SECRETS.contains(&plain.as_str())
}

/// Takes the secrets out; `true` where there were any.
pub(super) fn redact(value: &mut Value) -> bool {
    match value {
        Value::Array(items) => items.iter_mut().fold(false, |any, item| redact(item) | any),
        Value::Object(members) => members.iter_mut().fold(false, |any, (name, value)| {
            if is_secret(name) {
                *value = Value::from(REDACTED);
                return true;
            }
            redact(value) | any
        }),
        _ => false,
    }
}
