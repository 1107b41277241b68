// state: {}
export default [state => state, 5];
