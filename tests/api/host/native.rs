use everywire::BoxFuture;

pub use tokio::test;

pub fn spawn(task: BoxFuture<'static, ()>) {
    tokio::spawn(task);
}
