/**
 * The pixels of a drawing, as a paint program holds them: flat areas, a gradient, fine strokes and
 * the soft edges of text.
 */

/** @param edge width and height in pixels @returns RGBA, 4 bytes a pixel */
export function drawLandscape(edge: number): Uint8Array {
  const drawing = new OffscreenCanvas(edge, edge);
  const context = drawing.getContext("2d");
  if (context === null) {
    throw new Error("This browser can't draw the sample. Choose another one, or a file.");
  }
  const sky = context.createLinearGradient(0, 0, 0, edge);
  sky.addColorStop(0, "#0b3d91");
  sky.addColorStop(1, "#f7c59f");
  context.fillStyle = sky;
  context.fillRect(0, 0, edge, edge);
  context.fillStyle = "#fff8e7";
  context.beginPath();
  context.arc(edge * 0.7, edge * 0.3, edge * 0.12, 0, 2 * Math.PI);
  context.fill();
  for (let hill = 0; hill < 5; hill++) {
    context.fillStyle = `hsl(${150 - hill * 8} 40% ${45 - hill * 8}%)`;
    context.beginPath();
    context.moveTo(0, edge);
    for (let x = 0; x <= edge; x += 4) {
      const height = Math.sin(x / (90 + hill * 60) + hill * 2) * 60;
      context.lineTo(x, edge * (0.5 + hill * 0.1) + height);
    }
    context.lineTo(edge, edge);
    context.fill();
  }
  // Grass: fine strokes, which compress less well than sky.
  for (let blade = 0; blade < 9000; blade++) {
    const x = (blade * 7919) % edge;
    const y = edge * 0.7 + ((blade * 104729) % Math.floor(edge * 0.3));
    context.strokeStyle = `hsl(${90 + (blade % 40)} 50% ${25 + (blade % 30)}%)`;
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + (blade % 9) - 4, y - 10 - (blade % 14));
    context.stroke();
  }
  context.fillStyle = "#ffffff";
  context.font = `${edge / 12}px sans-serif`;
  context.fillText("pages of pixels", edge * 0.06, edge * 0.92);
  const { data } = context.getImageData(0, 0, edge, edge);
  return new Uint8Array(data.buffer);
}
