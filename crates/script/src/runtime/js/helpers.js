// What the compiler itself writes into jobs.

/** An operation whose outcome goes through `complete`, and whose failure through `fail`. */
export function defer(
  operation,
  complete = (outcome) => outcome,
  fail = (error) => {
    throw error;
  },
) {
  return (state) => {
    try {
      return complete(Promise.resolve(operation(state)).catch((error) => fail(error, state)));
    } catch (error) {
      return fail(error, state);
    }
  };
}
