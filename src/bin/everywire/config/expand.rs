//! Variables in a server list: `${NAME}` and `${NAME:-default}` (Claude Code), `${env:NAME}`, `${workspaceFolder}`,
//! `${userHome}` and `${pathSeparator}` (Visual Studio Code, Cursor).

use std::path::{MAIN_SEPARATOR_STR, Path, PathBuf};

type Lookup = Box<dyn Fn(&str) -> Option<String>>;

pub(super) struct Variables {
    workspace: PathBuf,
    env: Lookup,
}

impl Variables {
    pub(super) fn of_the_process(workspace: &Path) -> Self {
        Self::new(workspace, |name| std::env::var(name).ok())
    }

    pub(super) fn new(workspace: &Path, env: impl Fn(&str) -> Option<String> + 'static) -> Self {
        Self { workspace: workspace.to_owned(), env: Box::new(env) }
    }

    pub(super) fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// Replaces every variable once; what stands in a variable is not looked at again. What is no variable stays.
    ///
    /// # Errors
    /// What is missing, as the end of a sentence about the server. It names variables and never their values.
    pub(super) fn expand(&self, text: &str) -> Result<String, String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            match after.split_once('}') {
                Some((variable, behind)) => {
                    match self.value(variable)? {
                        Some(value) => out.push_str(&value),
                        None => out.extend(["${", variable, "}"]),
                    }
                    rest = behind;
                }
                None => {
                    out.push_str("${");
                    rest = after;
                }
            }
        }
        out.push_str(rest);
        Ok(out)
    }

    fn value(&self, variable: &str) -> Result<Option<String>, String> {
        match variable {
            "workspaceFolder" => return Ok(Some(self.workspace.display().to_string())),
            "workspaceFolderBasename" => {
                return Ok(Some(self.workspace.file_name().unwrap_or_default().to_string_lossy().into_owned()));
            }
            "userHome" => {
                let home = (self.env)("HOME").or_else(|| (self.env)("USERPROFILE"));
                return home
                    .map(Some)
                    .ok_or_else(|| "needs ${userHome}, and neither HOME nor USERPROFILE is set".into());
            }
            "pathSeparator" | "/" => return Ok(Some(MAIN_SEPARATOR_STR.to_owned())),
            _ => {}
        }
        if let Some(id) = variable.strip_prefix("input:") {
            return Err(format!("asks for the input \"{id}\" in an editor; write ${{env:NAME}} there and set NAME"));
        }
        let name = variable.strip_prefix("env:").unwrap_or(variable);
        let (name, default) = match name.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (name, None),
        };
        if !is_name(name) {
            return Ok(None);
        }
        // As in a shell, an empty variable takes the default too.
        let set = (self.env)(name).filter(|value| default.is_none() || !value.is_empty());
        match set.or_else(|| default.map(str::to_owned)) {
            Some(value) => Ok(Some(value)),
            None => Err(format!(
                "needs the environment variable {name}, which is not set; set it, or give a default as ${{{name}:-…}}"
            )),
        }
    }
}

fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str) -> Result<String, String> {
        let env = |name: &str| match name {
            "TOKEN" => Some("s3cret".to_owned()),
            "EMPTY" => Some(String::new()),
            "NESTED" => Some("${TOKEN}".to_owned()),
            "HOME" => Some("/home/ada".to_owned()),
            _ => None,
        };
        Variables::new(Path::new("/projects/wire"), env).expand(text)
    }

    #[test]
    fn variables_are_replaced_as_other_clients_do() {
        for (given, wanted) in [
            ("Bearer ${TOKEN}", "Bearer s3cret"),
            ("${env:TOKEN}/${TOKEN}", "s3cret/s3cret"),
            ("${NONE:-fall back}", "fall back"),
            ("${EMPTY:-x}", "x"),
            ("${EMPTY}", ""),
            ("${TOKEN:-x}", "s3cret"),
            ("${env:NONE:-}", ""),
            ("${NESTED}", "${TOKEN}"),
            ("${workspaceFolder}/data", "/projects/wire/data"),
            ("${workspaceFolderBasename}", "wire"),
            ("${userHome}/x", "/home/ada/x"),
            ("$HOME {} $ ${", "$HOME {} $ ${"),
            ("a ${not a name} b", "a ${not a name} b"),
        ] {
            assert_eq!(expand(given), Ok(wanted.to_owned()), "{given}");
        }
    }

    #[test]
    fn what_is_missing_is_named_and_nothing_else() {
        assert!(expand("${TOKEN} ${NONE}").is_err_and(|why| why.contains("variable NONE") && !why.contains("s3cret")));
        assert!(expand("${env:NONE}").is_err_and(|why| why.contains("${NONE:-")));
        assert!(expand("${input:key}").is_err_and(|why| why.contains("\"key\"")));
    }
}
