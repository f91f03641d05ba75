use crate::json::Json;
pub(crate) struct Mirror {
    pub(crate) header: String,
    pub(crate) path: Vec<String>,
}
impl Mirror {
    pub(crate) fn value(&self, arguments: &Json) -> Option<String> {
        arguments.get(&self.path[0])?.as_str()
    }
}
pub(crate) fn annotations(_schema: &Json) -> Result<Vec<Mirror>, String> {
    Ok(Vec::new())
}
