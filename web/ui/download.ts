/**
 * What is seen as a file: the map as PNG, all figures and columns as JSON.
 */

/** Offers a file to be saved. */
export function download(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The browser has taken the file by then.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** The map with its caption below it, on the ground that it has on the page. */
export async function mapToPng(map: HTMLCanvasElement, caption: string): Promise<Blob | null> {
  const picture = document.createElement("canvas");
  const ratio = map.width / Math.max(map.clientWidth, 1);
  const margin = Math.round(12 * ratio);
  const line = Math.round(22 * ratio);
  picture.width = map.width + 2 * margin;
  picture.height = map.height + 2 * margin + line;
  const context = picture.getContext("2d");
  if (context === null) return null;
  const style = getComputedStyle(map);
  context.fillStyle = style.backgroundColor;
  context.fillRect(0, 0, picture.width, picture.height);
  context.drawImage(map, margin, margin);
  context.fillStyle = style.color;
  context.font = `${Math.round(13 * ratio)}px system-ui, sans-serif`;
  context.textBaseline = "middle";
  context.fillText(caption, margin, map.height + margin + line / 2 + margin / 2);
  return new Promise((resolve) => picture.toBlob(resolve, "image/png"));
}
