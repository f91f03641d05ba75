// A server may send anything. What the views take for granted is made true here: entries without a name are left out,
// and fields of another type than the specification gives them are dropped.
import type { Prompt, Resource, ResourceTemplate, ServerInfo, Tool } from "everywire";
import { isObject } from "../schema/model";

interface Shape {
  readonly needed: readonly string[];
  readonly texts: readonly string[];
}

function tidy(items: unknown, { needed, texts }: Shape): Record<string, unknown>[] {
  if (!Array.isArray(items)) return [];
  const seen = new Set<unknown>();
  return items.flatMap((item: unknown) => {
    if (!isObject(item) || !needed.every((key) => typeof item[key] === "string")) return [];
    // Shown twice it could not be told apart.
    const identity = item[needed[0] ?? ""];
    if (seen.has(identity)) return [];
    seen.add(identity);
    return [Object.fromEntries(Object.entries(item).filter(([key, value]) => !texts.includes(key) || typeof value === "string"))];
  });
}

const texts = ["title", "description", "mimeType"];

export const toolsIn = (items: unknown): Tool[] =>
  tidy(items, { needed: ["name"], texts }).map((tool) => ({ ...tool, annotations: isObject(tool.annotations) ? tool.annotations : undefined })) as unknown as Tool[];

export const resourcesIn = (items: unknown): Resource[] =>
  tidy(items, { needed: ["uri"], texts }).map((one) => ({ ...one, name: typeof one.name === "string" ? one.name : one.uri, size: typeof one.size === "number" ? one.size : undefined })) as unknown as Resource[];

export const templatesIn = (items: unknown): ResourceTemplate[] =>
  tidy(items, { needed: ["uriTemplate"], texts }).map((one) => ({ ...one, name: typeof one.name === "string" ? one.name : one.uriTemplate })) as unknown as ResourceTemplate[];

export const promptsIn = (items: unknown): Prompt[] =>
  tidy(items, { needed: ["name"], texts }).map((one) => ({ ...one, arguments: tidy(one.arguments, { needed: ["name"], texts }) })) as unknown as Prompt[];

export function serverIn(info: ServerInfo): ServerInfo {
  const [serverInfo] = tidy([info.serverInfo], { needed: ["name"], texts: [...texts, "version", "websiteUrl"] });
  return {
    era: info.era,
    transport: info.transport,
    protocolVersion: String(info.protocolVersion),
    capabilities: isObject(info.capabilities) ? info.capabilities : {},
    ...(serverInfo && { serverInfo: { version: "", ...serverInfo } as unknown as NonNullable<ServerInfo["serverInfo"]> }),
    ...(typeof info.instructions === "string" && { instructions: info.instructions }),
  };
}
