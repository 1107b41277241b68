// state: {"data":"a\n1\n"}
parseCsv($.data, { chunkSize: 0 });
