// The part of a histogram that is worth drawing.

export interface Column {
  readonly many: number;
  /** Upper bound, milliseconds. */
  readonly below: number;
}

/** Fewer columns than this look like an accident. */
const AT_LEAST = 8;

/** Buckets of powers of two of a microsecond, without the empty ones at either end. */
export function columns(buckets: readonly number[]): Column[] {
  let first = buckets.findIndex((many) => many > 0);
  if (first < 0) return [];
  let last = buckets.findLastIndex((many) => many > 0);
  while (last - first + 1 < Math.min(AT_LEAST, buckets.length)) {
    if (last < buckets.length - 1) last++;
    if (first > 0 && last - first + 1 < AT_LEAST) first--;
  }
  return buckets.slice(first, last + 1).map((many, index) => ({ many, below: 2 ** (first + index) / 1000 }));
}
