// state: {"data":{}}
fn(state => {
  const base = new Date(2020, 5, 15, 10, 20, 30);
  const show = date => (isNaN(date) ? 'invalid' : date.toISOString());
  return { ...state, data: [['2024-02-29', 'yyyy-MM-dd'], ['29/02/2023', 'dd/MM/yyyy'], ['3 March 2021 4:05 PM', 'd MMMM yyyy h:mm a'], ['Jan 5, 99', 'MMM d, yy'], ['12:30', 'HH:mm'], ['2021', 'yyyy'], ['2021-01-02T03:04:05Z', "yyyy-MM-dd'T'HH:mm:ssX"], ['x', 'yyyy']].map(([text, pattern]) => show(dateFns.parse(text, pattern, base))) };
});
