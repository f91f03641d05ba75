//! Derived schemas in the form that MCP wants (2026-07-28 server/tools, data types; basic/index, JSON Schema usage).

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value};

use crate::json::{Json, Object};

/// How many references lead from the root to the type that it stands for.
const HOPS: usize = 16;

/// The schema of arguments, which are an object.
pub(super) fn of_arguments<T: JsonSchema>() -> Result<Json, String> {
    let mut schema = root::<T>(SchemaSettings::draft2020_12().for_deserialize());
    let root = schema.ensure_object();
    if !takes_objects(root, root, false, HOPS) {
        return Err("they are a JSON object, as a struct with named fields is".into());
    }
    root.insert("type".into(), "object".into());
    Ok(encode(&schema))
}

/// The schema of a structured result: any schema, although to legacy clients only that of an object is shown.
pub(super) fn of_result<T: JsonSchema>() -> Json {
    let mut schema = root::<T>(SchemaSettings::draft2020_12().for_serialize());
    let root = schema.ensure_object();
    if !root.contains_key("type") && takes_objects(root, root, true, HOPS) {
        root.insert("type".into(), "object".into());
    }
    encode(&schema)
}

fn encode(schema: &Schema) -> Json {
    // A schema is plain JSON, so there is nothing that cannot be written.
    Json::encode(schema).unwrap_or_else(|_| Object::new().str("type", "object").build())
}

/// The type's schema without `$schema`, since 2020-12 is what MCP takes it for, and without the type's name.
fn root<T: JsonSchema>(settings: SchemaSettings) -> Schema {
    let settings = settings.with(|settings| settings.meta_schema = None);
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    if schema.get("title").and_then(Value::as_str) == Some(&*T::schema_name()) {
        schema.remove("title");
    }
    RecursiveTransform(plain_format).transform(&mut schema);
    schema
}

/// Says in standard keywords what the derived number formats mean; validators warn of formats that they do not know.
fn plain_format(schema: &mut Schema) {
    let Some(format) = schema.get("format").and_then(Value::as_str) else { return };
    let range = match format {
        "int32" => Some((i64::from(i32::MIN), i64::from(i32::MAX))),
        "uint32" => Some((0, i64::from(u32::MAX))),
        // Schemars gives their ranges; the larger ones end beyond what a JSON number carries exactly.
        "int8" | "uint8" | "int16" | "uint16" | "int" | "uint" | "int64" | "uint64" | "int128" | "uint128" => None,
        "float" | "double" | "char" | "ip" => None,
        _ => return,
    };
    schema.remove("format");
    if let Some((least, most)) = range {
        let members = schema.ensure_object();
        members.entry("minimum").or_insert(least.into());
        members.entry("maximum").or_insert(most.into());
    }
}

/// Whether objects fit a schema: all that fits is one (`only`), or some of it.
fn takes_objects(root: &Map<String, Value>, schema: &Map<String, Value>, only: bool, hops: usize) -> bool {
    let Some(hops) = hops.checked_sub(1) else { return false };
    let inner = |inner: &Value| inner.as_object().is_some_and(|inner| takes_objects(root, inner, only, hops));
    let each = |list: &[Value], test: &dyn Fn(&Value) -> bool| match only {
        true => !list.is_empty() && list.iter().all(test),
        false => list.iter().any(test),
    };
    match schema.get("type") {
        Some(Value::Array(kinds)) => return each(kinds, &|kind| kind == "object"),
        Some(kind) => return kind == "object",
        None => {}
    }
    if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
        let name = name.strip_prefix("#/$defs/").unwrap_or_default().replace("~1", "/").replace("~0", "~");
        return root.get("$defs").and_then(|defs| defs.get(&name)).is_some_and(inner);
    }
    let alternatives = ["oneOf", "anyOf"].iter().find_map(|keyword| schema.get(*keyword)?.as_array());
    alternatives.map_or(!only, |alternatives| each(alternatives, &inner))
}
