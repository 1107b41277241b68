// state: {"data":{}}
fn(() => util.throwError('TEAPOT', { description: 'short and stout', fix: 'pour', more: [1] }));
