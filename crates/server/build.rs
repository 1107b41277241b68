//! The files of the web application become part of the binary when it is built to be given away.
//! Then a change of theirs is a reason to build again; while developing they are read from their
//! folder, and nothing needs to be built for them.

#![expect(clippy::disallowed_methods, reason = "cargo talks to a build script by the environment")]

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if std::env::var("PROFILE").is_ok_and(|profile| profile == "release") {
        println!("cargo:rerun-if-changed=../../web/dist");
    }
}
