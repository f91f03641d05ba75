// Serves the built page for the browser tests.
import { preview } from "vite";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    page: string;
  }
}

export default async function serve(project: TestProject): Promise<() => Promise<void>> {
  const server = await preview({ configFile: "vite.config.ts", logLevel: "error", preview: { host: "127.0.0.1", port: 0 } });
  project.provide("page", server.resolvedUrls?.local[0] ?? "");
  return () => server.close();
}
