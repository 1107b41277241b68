// state: {"data":{"name":1,"age":-1},"schema":{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"age":{"type":"number","minimum":0}}}}
validate();
validate({ type: 'object', $id: 'two', properties: { age: { type: 'number', minimum: 0 } } }, '$.data');
validate(s => ({ type: 'object', $id: 'three', required: ['other'] }), s => s.data);
validate({ $id: 'four', type: 'object' });
