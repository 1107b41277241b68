// state: {"data":{}}
fn(state => { try { eval('1'); } catch (error) { return { ...state, name: error.name }; } });
