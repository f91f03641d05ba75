// Numbers and times as people read them.

export function bytes(size: number): string {
  if (size < 1024) return `${size} B`;
  const units = ["kB", "MB", "GB"];
  let value = size / 1024;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export function duration(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  if (ms < 1000) return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, hour12: false });
export const timeOfDay = (time: number): string => clock.format(time);

const grouped = new Intl.NumberFormat("en-GB");
export const integer = (value: number): string => grouped.format(value).replaceAll(",", "\u202f");

const short = new Intl.NumberFormat("en-GB", { notation: "compact", maximumFractionDigits: 1 });
export const compact = (value: number): string => short.format(value);

export const plural = (many: number, one: string, more = `${one}s`): string => `${many} ${many === 1 ? one : more}`;

export function pretty(value: unknown): string {
  return JSON.stringify(value, null, 2) ?? "undefined";
}

/** Base64 of a peer that is really base64, for a data: URL. */
export function dataUrl(data: unknown, mimeType: unknown, family: "image" | "audio" | "any"): string | undefined {
  if (typeof data !== "string" || typeof mimeType !== "string") return undefined;
  const type = mimeType.split(";")[0]?.trim() ?? "";
  if (!/^[a-z0-9]+\/[a-z0-9.+-]+$/i.test(type)) return undefined;
  if (family !== "any" && !type.toLowerCase().startsWith(`${family}/`)) return undefined;
  const clean = data.replace(/\s+/g, "");
  return /^[A-Za-z0-9+/_-]*={0,2}$/.test(clean) ? `data:${type};base64,${clean.replaceAll("-", "+").replaceAll("_", "/")}` : undefined;
}
