#[tokio::main(flavor = "current_thread")]
async fn main() {
    let url = std::env::args().nth(1).unwrap();
    let client = everywire::Client::builder(&url).trace(std::env::var("TRACE").is_ok());
    let client = client.connect().await.unwrap();
    println!("{:?}", client.server());
    let tools = client.list_tools(None).await.unwrap();
    println!("{} tools", tools.tools.len());
    let r = client.call_tool("echo", serde_json::json!({"message": "hi"})).await;
    println!("{r:?}");
    client.close().await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
}
