// state: {"data":{"csv":"id,name\n1,\"Ann, B\"\n2, \"say \"\"hi\"\"\" \n\n3,x\r\n"}}
parseCsv($.data.csv);
