// What carries a connection, in words.

/** What of a server's information says it. */
export interface Carried {
  readonly transport: string;
  readonly era: "modern" | "legacy";
  readonly protocolVersion: string;
}

const names: Readonly<Record<string, string>> = { websocket: "WebSocket", http: "Streamable HTTP", "http+sse": "HTTP+SSE" };

export function carrierName({ transport }: Carried): string {
  return (Object.hasOwn(names, transport) && names[transport]) || transport;
}

/** Such as "Streamable HTTP · 2025-11-25 (session)". */
export function carrierLabel(info: Carried): string {
  // Over HTTP the eras differ most in this: a modern server keeps nothing between two requests.
  const session = info.transport === "http" && info.era === "legacy" ? " (session)" : "";
  return `${carrierName(info)} · ${info.protocolVersion}${session}`;
}
