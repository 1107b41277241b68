// state: {"data":{}}
fn(state => {
  const date = new Date(2024, 1, 9, 15, 4, 5, 67);
  const patterns = ['yyyy-MM-dd', 'yy/M/d', 'MMM do, yyyy', 'EEEE d MMMM', 'HH:mm:ss.SSS', 'h:mm a', "'at' h 'o''clock'", 'QQQ Q', 'I R', 'D', 'EEE i', 'K k', 'PP', 'p', 'PPPppp', 'MMMMM', 'B' === 'b' ? '' : 'a aaa aaaa'];
  return { ...state, data: patterns.map(pattern => { try { return dateFns.format(date, pattern, { useAdditionalDayOfYearTokens: true }); } catch (error) { return error.name; } }) };
});
