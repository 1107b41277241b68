// state: {"csv":""}
parseCsv($.csv);
