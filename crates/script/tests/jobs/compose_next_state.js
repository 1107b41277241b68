// state: {"data":{"old":1}}
fn(state => composeNextState(state, { fresh: 2 }));
fn(state => composeNextState(state, [3]));
