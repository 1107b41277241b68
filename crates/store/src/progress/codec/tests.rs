//! The law of the codec: what was written is read back equal.
