// state: {"data":{}}
// What `util` has beside its functions, and what tells requests with other options apart.
fn((state) => ({
  ...state,
  constants: [util.ERROR_ABSOLUTE_URL, util.ERROR_URL_MISMATCH],
  keys: [
    util.generateAgentKey("https://a"),
    util.generateAgentKey("https://a", {}),
    util.generateAgentKey("https://a", { b: 1, a: "x", c: undefined, d: null }),
    util.generateAgentKey("https://a", { tls: {} }),
    util.generateAgentKey("https://a", { tls: { ca: "c", b: { z: 1, y: 2 } }, maxRedirections: 5 }),
  ],
}));
