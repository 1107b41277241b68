// A text as a QR code, drawn as one path. It is dark on white by night as well: readers of such
// codes expect it so.
import { useMemo } from "react";
import { encode } from "uqr";
import styles from "./QrCode.module.css";

/** Readers ask for this much white around the code. */
const MARGIN_MODULES = 4;

export function QrCode({ text, label }: { text: string; label: string }) {
  const { path, size } = useMemo(() => {
    const { data, size } = encode(text, { ecc: "M", border: MARGIN_MODULES });
    const path = data
      .flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")))
      .join("");
    return { path, size };
  }, [text]);
  return (
    <svg
      className={styles.qr}
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shapeRendering="crispEdges"
    >
      <rect width={size} height={size} fill="#ffffff" />
      <path d={path} fill="#000000" />
    </svg>
  );
}
