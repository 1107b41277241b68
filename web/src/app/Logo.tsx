// Two postmarks on a line: one arrived, one awaited.
export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" fill="#0f6b62" />
      <circle cx="9" cy="16" r="3.5" fill="#fbfaf7" />
      <path d="M12.500 16h8" stroke="#fbfaf7" strokeWidth="2.500" />
      <circle cx="23" cy="16" r="3" fill="none" stroke="#fbfaf7" strokeWidth="2.500" />
    </svg>
  );
}
