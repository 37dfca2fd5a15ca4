//! Pictures of the plugin's window, which the test `snapshots` renders and compares. The library itself is empty, so that
//! only the tests need a GPU library, which takes minutes to build.

#![forbid(unsafe_code)]
