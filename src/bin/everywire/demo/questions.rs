//! Tools that ask a person. The same handlers serve both eras: a legacy client is asked while they wait, for a modern one
//! they run again from the top with the answer at hand.

use everywire::json::Json;
use everywire::proto::{CallToolResult, ElicitAction, ElicitRequest};
use everywire::server::{RequestContext, ServerBuilder, ToolError};
use serde::Deserialize;

use super::schemas::{self, schema, tool};

pub(super) fn add(builder: ServerBuilder) -> ServerBuilder {
    builder
        .tool_fn("book_table", tool("Book a table", "Asks you for the details with a form.", schemas::RESTAURANT), book)
        .tool_fn(
            "choose_theme",
            tool("Choose a theme", "Asks two short questions, one after the other.", schemas::NOTHING),
            theme,
        )
        .tool_fn("sign_in", tool("Sign in", "Asks you to open a web address.", schemas::NOTHING), sign_in)
}

type Said = Result<CallToolResult, ToolError>;

#[derive(Deserialize)]
struct Where {
    restaurant: Option<String>,
}

#[derive(Deserialize)]
struct Table {
    date: String,
    guests: u32,
    seating: String,
    email: String,
}

async fn book(arguments: Json, cx: RequestContext) -> Said {
    let restaurant = arguments.parse::<Where>()?.restaurant.unwrap_or_else(|| "Chez Wire".to_owned());
    let question = ElicitRequest::form(format!("A table at {restaurant}: when, and for whom?"), schema(schemas::TABLE));
    let answer = cx.elicit("table", question).await?;
    let content = match (answer.action, answer.content) {
        (ElicitAction::Accept, Some(content)) => content,
        (ElicitAction::Cancel, _) => return Ok(CallToolResult::text("No answer, so no table was booked.")),
        _ => return Ok(CallToolResult::text("As you like: no table was booked.")),
    };
    let Table { date, guests, seating, email } = content.parse()?;
    if !(1..=12).contains(&guests) {
        return Err(ToolError::message(format!("{guests} guests do not fit; there is room for 1 to 12")));
    }
    Ok(CallToolResult::text(format!(
        "Booked at {restaurant}: {date}, {guests} guests, {seating}. The confirmation goes to {email}."
    )))
}

#[derive(Deserialize)]
struct Theme {
    theme: String,
    #[serde(default)]
    accents: Vec<String>,
}

async fn theme(_arguments: Json, cx: RequestContext) -> Said {
    let answer = cx.elicit("theme", ElicitRequest::form("How shall it look?", schema(schemas::THEME))).await?;
    let Some(content) = answer.content.filter(|_| answer.action == ElicitAction::Accept) else {
        return Ok(CallToolResult::text("The theme stays as it is."));
    };
    let Theme { theme, accents } = content.parse()?;
    let sure = schema(
        r#"{"type": "object", "required": ["sure"], "properties": {"sure": {"type": "boolean", "title": "Sure", "default": true}}}"#,
    );
    let answer = cx.elicit("sure", ElicitRequest::form(format!("Change the theme to {theme}?"), sure)).await?;
    let sure = answer
        .content
        .filter(|_| answer.action == ElicitAction::Accept)
        .and_then(|content| content.get("sure")?.as_bool());
    if sure != Some(true) {
        return Ok(CallToolResult::text("The theme stays as it is."));
    }
    let accents = if accents.is_empty() { "no accents".to_owned() } else { accents.join(" and ") };
    Ok(CallToolResult::text(format!("The theme is {theme} now, with {accents}.")))
}

async fn sign_in(_arguments: Json, cx: RequestContext) -> Said {
    let request = ElicitRequest::url("Sign in to the demo's account", "https://example.org/sign-in?state=demo");
    let answer = cx.elicit("sign-in", request).await?;
    Ok(CallToolResult::text(match answer.action {
        ElicitAction::Accept => "Thank you; you are signed in, for the demo's sake.",
        _ => "You are not signed in.",
    }))
}
