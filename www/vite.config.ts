import { defineConfig, type Plugin } from "vite";

// Everything the page may do. No script, style, font or image comes from another origin; the only
// way out is the connection that the person asks for. A wasm module needs `wasm-unsafe-eval`.
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' data:",
  "media-src data:",
  "connect-src 'self' http: https: ws: wss:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

// Only in the build: the development server injects its styles as elements.
const contentSecurityPolicy: Plugin = {
  name: "content-security-policy",
  apply: "build",
  transformIndexHtml: () => [
    { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: policy }, injectTo: "head-prepend" },
  ],
};

export default defineConfig({
  // Relative, so that the page can be served from any path.
  base: "./",
  plugins: [contentSecurityPolicy],
  // A data: URL for the module or a font would need a wider policy.
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  // The package finds its .wasm by `import.meta.url`; pre-bundling would move the script away from it.
  optimizeDeps: { exclude: ["everywire"] },
  server: { fs: { allow: [".."] } },
});
