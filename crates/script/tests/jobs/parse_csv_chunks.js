// state: {"data":"a;b\n1;2\n3;4\n5;6\n","sizes":[]}
parseCsv(state => state.data, { delimiter: ';', chunkSize: 2 }, (state, rows) => { state.sizes.push(rows.length); state.last = rows; return state; });
