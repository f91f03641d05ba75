//! Bad input is answered with one clear sentence, before anything is sent.

use crate::common::{client, promise, soon};

#[promise]
async fn an_address_that_cannot_work_is_refused_in_one_sentence() {
    for (url, says) in
        [("", "address"), ("http://", "host"), ("127.0.0.1:9", "ws://"), ("ws://", ""), ("ftp://example.com/", "ws://")]
    {
        let error = soon(client(url).connect()).await.expect_err("no address");
        assert!(error.is_config(), "{url:?}: {error:?}");
        let text = error.to_string();
        assert!(text.contains(says), "{url:?}: {text}");
        assert!(text.len() > 15 && !text.contains('\n'), "{url:?}: {text}");
    }
}
