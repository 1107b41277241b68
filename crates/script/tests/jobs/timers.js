// state: {"data":{}}
fn(state => new Promise(done => {
  const order = [];
  const stopped = setTimeout(() => order.push('never'), 1);
  clearTimeout(stopped);
  setTimeout(value => order.push(value), 1, 'first');
  let ticks = 0;
  const ticking = setInterval(() => { ticks++; if (ticks === 3) { clearInterval(ticking); done({ ...state, order, ticks }); } }, 3);
}));
