addEventListener("message", async ({ data: { blob, side } }) => {
  try {
    postMessage({ thumb: await shrink(blob, side) });
  } catch (error) {
    // A format that this browser cannot show; the card says so.
    postMessage({ failure: String(error) });
  }
});

async function shrink(blob, side) {
  const full = await createImageBitmap(blob);
  const scale = Math.min(1, side / Math.max(full.width, full.height));
  const width = Math.max(1, Math.round(full.width * scale));
  const height = Math.max(1, Math.round(full.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(full, 0, 0, width, height);
  full.close();
  return canvas.convertToBlob({ type: "image/webp", quality: 0.85 });
}
