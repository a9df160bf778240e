/** Colours as numbers, 0xrrggbb. */

/** Mix two colours: nothing of `other` at 0, nothing of `one` at 1. */
export function mix(one: number, other: number, share: number): number {
  const channel = (shift: number) => {
    const from = (one >> shift) & 255;
    return Math.round(from + (((other >> shift) & 255) - from) * share) << shift;
  };
  return channel(16) | channel(8) | channel(0);
}

export function css(colour: number, alpha = 1): string {
  return `rgba(${(colour >> 16) & 255}, ${(colour >> 8) & 255}, ${colour & 255}, ${alpha})`;
}
