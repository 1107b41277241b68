// state: {"data":{"people":[{"n":"ann"},{"n":"bob"}]}}
map('$.data.people[*]', (person, index, state) => `${index}:${person.n}:${Object.keys(state.data)}`);
