//! Tools that need nobody's answer.

use std::time::Duration;

use everywire::json::Json;
use everywire::proto::{CallToolResult, Content, LogLevel, Resource, ResourceContents, ToolAnnotations};
use everywire::server::{RequestContext, ServerBuilder, ToolError};
use serde::Deserialize;
use serde_json::json;

use super::media;
use super::schemas::{self, tool};

pub(super) fn add(builder: ServerBuilder) -> ServerBuilder {
    let reads = ToolAnnotations::new().read_only(true);
    builder
        .tool_fn("echo", tool("Echo", "Says what it is told.", schemas::ECHO).annotations(reads.clone()), echo)
        .tool_fn(
            "slow",
            tool("Slow work", "Works step by step and tells how far it is. Try to cancel it.", schemas::SLOW),
            slow,
        )
        .tool_fn(
            "plan_trip",
            tool("Plan a trip", "Takes a rich form: nested objects, lists, choices and formats.", schemas::TRIP),
            trip,
        )
        .tool_fn(
            "weather",
            tool(
                "Weather",
                "Gives a structured result with a schema of its own. The weather is made up.",
                schemas::WEATHER,
            )
            .output_schema(schemas::schema(schemas::WEATHER_RESULT))
            .annotations(reads.clone()),
            weather,
        )
        .tool_fn("draw", tool("Draw", "Draws a picture.", schemas::DRAW).annotations(reads.clone()), draw)
        .tool_fn("beep", tool("Beep", "Plays a tone.", schemas::BEEP).annotations(reads.clone()), beep)
        .tool_fn(
            "report",
            tool("Report", "Answers with a resource inside and a link to another.", schemas::NOTHING)
                .annotations(reads),
            report,
        )
        .tool_fn("logs", tool("Logs", "Logs one message of each level.", schemas::NOTHING), logs)
        .tool_fn(
            "unlock",
            tool("Unlock", "Adds the tool secret, or takes it away: the list of tools changes.", schemas::NOTHING),
            unlock,
        )
        .tool_fn("fail", tool("Fail", "Runs and fails, in words that a model can read.", schemas::NOTHING), fail)
        .tool_fn("crash", tool("Crash", "Is refused with an error of the protocol.", schemas::NOTHING), crash)
}

type Said = Result<CallToolResult, ToolError>;

#[derive(Deserialize)]
struct Echo {
    text: String,
    times: Option<u8>,
    #[serde(default)]
    loud: bool,
}

async fn echo(arguments: Json, _cx: RequestContext) -> Said {
    let Echo { text, times, loud } = arguments.parse()?;
    let text = if loud { text.to_uppercase() } else { text };
    Ok(CallToolResult::text(vec![text; times.unwrap_or(1).clamp(1, 10).into()].join("\n")))
}

#[derive(Deserialize)]
struct Slow {
    steps: Option<u32>,
    seconds: Option<f64>,
}

async fn slow(arguments: Json, cx: RequestContext) -> Said {
    let Slow { steps, seconds } = arguments.parse()?;
    let steps = steps.unwrap_or(10).clamp(1, 100);
    let pause = Duration::from_secs_f64(seconds.filter(|s| s.is_finite()).unwrap_or(0.5).clamp(0.0, 10.0));
    for step in 1..=steps {
        tokio::time::sleep(pause).await;
        cx.progress(step.into(), Some(steps.into()), Some(&format!("step {step} of {steps}"))).await;
    }
    Ok(CallToolResult::text(format!("{steps} steps done")))
}

#[derive(Deserialize)]
struct Trip {
    traveller: Traveller,
    stops: Vec<Stop>,
    depart: String,
}

#[derive(Deserialize)]
struct Traveller {
    name: String,
}

#[derive(Deserialize)]
struct Stop {
    city: String,
    nights: u32,
}

async fn trip(arguments: Json, _cx: RequestContext) -> Said {
    let Trip { traveller, stops, depart } = arguments.parse()?;
    let nights: u64 = stops.iter().map(|stop| u64::from(stop.nights)).sum();
    let route: Vec<&str> = stops.iter().map(|stop| stop.city.as_str()).collect();
    let summary = format!("{} leaves on {depart}: {} ({nights} nights)", traveller.name, route.join(", "));
    Ok(CallToolResult::text(summary).with(format!("All that was given:\n{}", arguments.to_text())))
}

#[derive(Deserialize)]
struct Weather {
    city: String,
    units: Option<String>,
}

async fn weather(arguments: Json, _cx: RequestContext) -> Said {
    let Weather { city, units } = arguments.parse()?;
    let number = city.bytes().fold(7u32, |number, byte| number.wrapping_mul(31).wrapping_add(byte.into()));
    let celsius = f64::from(number % 400) / 10.0 - 8.0;
    let fahrenheit = units.as_deref() == Some("fahrenheit");
    let temperature = if fahrenheit { celsius * 1.8 + 32.0 } else { celsius };
    let sky = if celsius < 0.0 { "snow" } else { ["clear", "cloudy", "rain"][(number / 400 % 3) as usize] };
    Ok(CallToolResult::structured(&json!({
        "city": city,
        "temperature": (temperature * 10.0).round() / 10.0,
        "units": if fahrenheit { "fahrenheit" } else { "celsius" },
        "sky": sky,
    }))?)
}

#[derive(Deserialize)]
struct Draw {
    figure: Option<String>,
    size: Option<u32>,
    colour: Option<String>,
}

async fn draw(arguments: Json, _cx: RequestContext) -> Said {
    let Draw { figure, size, colour } = arguments.parse()?;
    let figure = figure.unwrap_or_else(|| "rings".to_owned());
    let size = size.unwrap_or(256).clamp(16, 512);
    let colour = colour.as_deref().unwrap_or("#2f6fed");
    let parts = colour.strip_prefix('#').filter(|digits| digits.len() == 6);
    let Some(value) = parts.and_then(|digits| u32::from_str_radix(digits, 16).ok()) else {
        return Err(ToolError::message(format!("{colour:?} is no colour; write it as #2f6fed")));
    };
    let [_, red, green, blue] = value.to_be_bytes();
    let picture = media::picture(&figure, size, [red, green, blue])?;
    Ok(CallToolResult::text(format!("{figure}, {size} by {size} pixels")).with(Content::image(picture, "image/png")))
}

#[derive(Deserialize)]
struct Beep {
    hertz: Option<f64>,
    seconds: Option<f64>,
}

async fn beep(arguments: Json, _cx: RequestContext) -> Said {
    let Beep { hertz, seconds } = arguments.parse()?;
    let hertz = hertz.filter(|h| h.is_finite()).unwrap_or(440.0).clamp(50.0, 4000.0);
    let seconds = seconds.filter(|s| s.is_finite()).unwrap_or(0.5).clamp(0.1, 3.0);
    Ok(CallToolResult::text(format!("{hertz} Hz for {seconds} s"))
        .with(Content::audio(media::tone(hertz, seconds), "audio/wav")))
}

async fn report(_arguments: Json, _cx: RequestContext) -> Said {
    let table = ResourceContents::text("demo://report", "| quarter | calls |\n|---|---|\n| 1 | 1200 |\n| 2 | 3400 |\n");
    let link = Resource::new("demo://countdown", "countdown")
        .title("The countdown")
        .description("A resource that changes every second")
        .mime_type("text/plain");
    Ok(CallToolResult::text("The report, and where to read on:")
        .with(Content::resource(table.mime_type("text/markdown")))
        .with(Content::resource_link(link)))
}

async fn logs(_arguments: Json, cx: RequestContext) -> Said {
    let levels = [
        LogLevel::Debug,
        LogLevel::Info,
        LogLevel::Notice,
        LogLevel::Warning,
        LogLevel::Error,
        LogLevel::Critical,
        LogLevel::Alert,
        LogLevel::Emergency,
    ];
    for level in levels {
        cx.log(level, "demo", &format!("this is a message of level {level}")).await;
    }
    Ok(CallToolResult::text("Logged 8 messages; you see those of the level that you asked for and above."))
}

async fn unlock(_arguments: Json, cx: RequestContext) -> Said {
    let server = cx.server();
    if server.remove_tool("secret") {
        return Ok(CallToolResult::text("The tool secret is gone again."));
    }
    server.add_tool_fn(
        "secret",
        tool("Secret", "Was not there before.", schemas::NOTHING),
        async |_: Json, _: RequestContext| Ok(CallToolResult::text("You found it.")),
    );
    Ok(CallToolResult::text("There is a new tool: secret."))
}

async fn fail(_arguments: Json, _cx: RequestContext) -> Said {
    Err(ToolError::message("The printer is on fire. Put it out, then try again."))
}

async fn crash(_arguments: Json, _cx: RequestContext) -> Said {
    let data = Json::encode(&json!({ "reason": "demonstration" }))?;
    Err(ToolError::rpc(-32050, "This tool is always refused.").data(data))
}
