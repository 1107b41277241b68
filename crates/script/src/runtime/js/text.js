// Values as text: the JSON of states, and what the log shows of a value.

const { stringify } = JSON;

// An object that contains itself is written once more without the circle. This costs more, so it is
// done only where it is needed.
function withoutCircles(value, space) {
  const above = [];
  return stringify(
    value,
    function (_key, inner) {
      if (typeof inner !== "object" || inner === null) return inner;
      while (above.length && above[above.length - 1] !== this) above.pop();
      if (above.includes(inner)) return "[Circular]";
      above.push(inner);
      return inner;
    },
    space,
  );
}

/** The JSON of a value; what is circular in it becomes `"[Circular]"`. */
export function toJson(value, space) {
  try {
    return stringify(value, null, space);
  } catch (error) {
    if (/circular/i.test(error?.message)) return withoutCircles(value, space);
    throw error;
  }
}

// Credentials are handed to jobs as `state.configuration`; whoever logs a state shall not log them.
function withoutCredentials(value) {
  const configuration = value.configuration;
  if (typeof configuration !== "object" || configuration === null) return value;
  const masked = {};
  for (const key of Object.keys(configuration)) masked[key] = "****";
  return { ...value, configuration: masked };
}

/** A value as the log shows it. */
export function toLog(value) {
  if (typeof value === "string") return value;
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === "function") return `[Function: ${value.name || "anonymous"}]`;
  if (typeof value !== "object" || value === null) return String(value);
  try {
    return toJson(Array.isArray(value) ? value : withoutCredentials(value), 2) ?? String(value);
  } catch (error) {
    return `[${error?.message}]`;
  }
}
