//! Which indexes lists and look-ups of progress use.
