// state: {"data":"a,b\n1,2,3\n"}
parseCsv($.data);
