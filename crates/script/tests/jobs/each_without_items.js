// state: {"data":{}}
each(undefined, fn(s => s));
