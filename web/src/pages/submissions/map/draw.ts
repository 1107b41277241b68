// Draws the map: the land, the borders, and what was filled in there.
import { pixelOf, type Size, type View } from "./mercator";
import { outline } from "./outline";
import { type Cluster, radiusOf } from "./thinning";

/** Lines are as thin on a sharp screen as on another one. */
const LINE_PIXELS = 1;
const FULL_TURN = 2 * Math.PI;

export function draw(
  canvas: HTMLCanvasElement,
  view: View,
  size: Size,
  clusters: readonly Cluster<unknown>[],
): void {
  const context = canvas.getContext("2d");
  if (context === null) {
    return;
  }
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(size.width * ratio);
  canvas.height = Math.round(size.height * ratio);
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.fillStyle = colour("--map-water");
  context.fillRect(0, 0, size.width, size.height);

  const origin = pixelOf({ x: 0, y: 0 }, view, size);
  const scale = view.scale * ratio;
  context.setTransform(scale, 0, 0, scale, origin.x * ratio, origin.y * ratio);
  const { land, borders } = outline();
  context.fillStyle = colour("--map-land");
  context.fill(land, "evenodd");
  context.lineWidth = LINE_PIXELS / view.scale;
  context.lineJoin = "round";
  context.strokeStyle = colour("--map-border");
  context.stroke(land);
  context.stroke(borders);

  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  for (const cluster of clusters) {
    drawCluster(context, cluster, colour, style.fontFamily);
  }
}

function drawCluster(
  context: CanvasRenderingContext2D,
  { x, y, places }: Cluster<unknown>,
  colour: (name: string) => string,
  font: string,
): void {
  context.beginPath();
  context.arc(x, y, radiusOf(places.length), 0, FULL_TURN);
  context.fillStyle = colour("--accent");
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = colour("--paper");
  context.stroke();
  if (places.length > 1) {
    context.fillStyle = colour("--paper");
    context.font = `600 11px ${font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(shortNumber(places.length), x, y + 0.5);
  }
}

/** A number that fits into a small circle: 1,234 is 1.2k. */
function shortNumber(count: number): string {
  return count < 1000 ? String(count) : `${(count / 1000).toFixed(count < 10_000 ? 1 : 0)}k`;
}
