// state: {"data":"a,b\n1,2"}
parseCsv($.data, { columns: false });
