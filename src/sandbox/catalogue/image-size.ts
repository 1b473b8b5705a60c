/** How large pictures are made: in the shape that was asked for, at half the real models' edge, so that they are quick. */
const halfMegapixelEdge = 512

/** `16:9` and the like; the area of a 512-pixel square times `megapixels`, in multiples of 16. */
export function sizeOfRatio(ratio: string, megapixels = 1): { width: number; height: number } {
  const match = /^(\d+):(\d+)$/.exec(ratio)
  const [across, down] = match ? [Number(match[1]), Number(match[2])] : [1, 1]
  const edge = halfMegapixelEdge * Math.sqrt(megapixels)
  const scale = edge / Math.sqrt(across * down)
  return { width: toSixteen(across * scale), height: toSixteen(down * scale) }
}

/** Half of what was asked for. */
export function sizeOfPixels(width: number, height: number): { width: number; height: number } {
  return { width: toSixteen(width / 2), height: toSixteen(height / 2) }
}

function toSixteen(pixels: number): number {
  return Math.min(2_048, Math.max(64, Math.round(pixels / 16) * 16))
}
