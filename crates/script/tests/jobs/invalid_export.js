// state: {}
export default 42;
