// state: {"users":[{"t":"p"},{"t":"q"}]}
group(state => state.users, 't', state => ({ ...state, groups: Object.keys(state.data) }));
