// state: {"data":{}}
fn(state => { try { new Buffer('x'); } catch (error) { return { ...state, message: error.message }; } });
