// state: {"data":{},"errors":{"before":{"message":"old"}}}
fn(() => { throw new Error('new'); });
