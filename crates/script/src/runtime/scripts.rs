//! The part of the runtime that is written in JavaScript, since it runs beside the job: its source
//! is built into the binary.

/// The modules: name and source.
pub(crate) const ALL: &[(&str, &str)] = &[
    ("@openfn/runtime", include_str!("js/helpers.js")),
    ("fieldpost:buffer", include_str!("js/buffer.js")),
    ("fieldpost:console", include_str!("js/console.js")),
    ("fieldpost:decide", include_str!("js/decide.js")),
    ("fieldpost:errors", include_str!("js/errors.js")),
    ("fieldpost:globals", include_str!("js/globals.js")),
    ("fieldpost:host", include_str!("js/host.js")),
    ("fieldpost:main", include_str!("js/main.js")),
    ("fieldpost:moment", include_str!("js/moment.js")),
    ("fieldpost:step", include_str!("js/step.js")),
    ("fieldpost:text", include_str!("js/text.js")),
    ("fieldpost:timers", include_str!("js/timers.js")),
];
