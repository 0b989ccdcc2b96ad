interface Bounds {
  min: number[] | null;
  max: number[] | null;
}

/** Heights 0 to 1 of so many bars: the loudest moment of all voices in each. */
export function bars(channels: Bounds[], count: number): number[] {
  const heights = new Array<number>(count).fill(0);
  for (const { min, max } of channels) {
    const length = Math.max(min?.length ?? 0, max?.length ?? 0);
    for (let i = 0; i < length; i++) {
      const bar = Math.min(count - 1, Math.floor((i * count) / length));
      heights[bar] = Math.max(heights[bar] ?? 0, -(min?.[i] ?? 0), max?.[i] ?? 0);
    }
    // fewer points than bars: a bar without one is as its neighbour
    if (length > 0 && length < count) {
      for (let bar = 0; bar < count; bar++) {
        const i = Math.floor((bar * length) / count);
        heights[bar] = Math.max(heights[bar] ?? 0, -(min?.[i] ?? 0), max?.[i] ?? 0);
      }
    }
  }
  const loudest = Math.max(...heights, 0.05);
  return heights.map((height) => Math.min(1, height / loudest));
}
