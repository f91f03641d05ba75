//! A name that a server does not know.

/// Says so, with the names that come near. `listing` is the command that lists them.
pub(crate) fn unknown(what: &str, name: &str, names: &[&str], listing: &str) -> String {
    let lower = name.to_lowercase();
    let mut near: Vec<(f64, &str)> =
        names.iter().map(|known| (strsim::jaro_winkler(&lower, &known.to_lowercase()), *known)).collect();
    near.retain(|(likeness, _)| *likeness > 0.7);
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    let near: Vec<&str> = near.into_iter().map(|(_, name)| name).take(3).collect();
    match near.is_empty() {
        true => format!("the server has no {what} \"{name}\"; `everywire {listing}` lists those it has"),
        false => format!("the server has no {what} \"{name}\"; did you mean {}?", near.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_suggested() {
        let names = ["echo", "book_table", "weather", "slow"];
        let said = |tool: &str| unknown("tool", tool, &names, "tools");
        assert!(said("ecko").ends_with("did you mean echo?"));
        assert!(said("Booktable").ends_with("did you mean book_table?"));
        assert!(said("zzzz").contains("`everywire tools`"));
        assert!(unknown("prompt", "x", &[], "prompts").contains("no prompt \"x\""));
    }
}
