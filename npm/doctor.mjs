// Finds out why a browser refused a request to another origin, which it does not say: by a few harmless requests, each of
// which can fail for fewer reasons than the one before. Loaded only when it is asked.

const SAMPLES = {
  "content-type": "application/json",
  "mcp-protocol-version": "2026-07-28",
  "mcp-method": "ping",
  "mcp-name": "diagnosis",
  "mcp-session-id": "diagnosis",
};
const CERTAINTY = ["certain", "likely", "possible"];
/** Headers and values that need no permission. */
const SAFELISTED = ["accept", "accept-language", "content-language"];

/** The names of the request headers that an error of the core speaks of. */
export function headersIn(message) {
  const names = [...message.matchAll(/request's headers ([^\s,();]+(?:, [^\s,();]+)*)/g)].flatMap(([, list]) => list.split(", "));
  return names.length ? [...new Set(names)] : undefined;
}

/** Requests to one server, what came of them, and what that may be due to. */
class Doctor {
  /** What was tried, and what came of it. */
  evidence = [];
  /** How many requests there will be, where that is known. */
  of;
  causes = [];

  constructor(url, { fetch = globalThis.fetch, timeout = 10_000, signal, onProgress, credentials = "same-origin" }) {
    Object.assign(this, { url, fetch, timeout, signal, onProgress, credentials });
  }

  /** Sends a GET; gives back its response, or nothing. Only its head is awaited: it may be the beginning of a stream. */
  async get(what, init) {
    this.signal?.throwIfAborted();
    this.onProgress?.({ done: this.evidence.length, of: this.of, what });
    const controller = new AbortController();
    const stop = () => controller.abort(this.signal.reason);
    this.signal?.addEventListener("abort", stop);
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      controller.abort();
    }, this.timeout);
    const { fetch, credentials } = this;
    let response, outcome;
    try {
      response = await fetch(this.url.href, { cache: "no-store", credentials, ...init, signal: controller.signal });
      outcome = response.type == "opaque" ? "answered" : response.status ? `answered with ${response.status}` : "redirected";
    } catch (error) {
      this.signal?.throwIfAborted();
      outcome = late ? `no answer within ${this.timeout} ms` : `failed: ${error?.cause?.message || error?.message}`;
    } finally {
      clearTimeout(timer);
      this.signal?.removeEventListener("abort", stop);
      controller.abort();
    }
    this.evidence.push(`${what}: ${outcome}`);
    return response;
  }

  add(kind, certainty, summary, fix, more) {
    this.causes.push({ kind, certainty, summary, evidence: [...this.evidence], fix, ...more });
  }
}

const local = (host) =>
  /^(localhost|.*\.localhost|.*\.local|127\.[\d.]+|10\.[\d.]+|192\.168\.[\d.]+|169\.254\.[\d.]+|172\.(1[6-9]|2\d|3[01])\.[\d.]+|\[::1\]|\[f[cd].*\]|\[fe80.*\])$/.test(
    host,
  );
const loopback = (host) => /^(localhost|.*\.localhost|127\.[\d.]+|\[::1\])$/.test(host);

/** Whether the person or a policy keeps this page from the local network. `undefined` where that is no matter of permission. */
async function localPermission() {
  for (const name of ["local-network-access", "loopback-network", "local-network"]) {
    try {
      const { state } = await globalThis.navigator.permissions.query({ name });
      if (state != "granted") return state;
    } catch {
      // This browser does not know it by that name.
    }
  }
}

/** Listens for what the page's own policy blocks. */
function watchPolicy(origin) {
  let blocked;
  const note = (event) => {
    if (event.blockedURI?.startsWith(origin)) blocked = event.effectiveDirective || "connect-src";
  };
  globalThis.addEventListener?.("securitypolicyviolation", note);
  return {
    // The event comes in a task of its own.
    seen: async () => {
      await new Promise((resolve) => setTimeout(resolve));
      return blocked;
    },
    end: () => globalThis.removeEventListener?.("securitypolicyviolation", note),
  };
}

export async function diagnose(url, { headers = Object.keys(SAMPLES), missing = [], ...options } = {}) {
  const target = new URL(url, globalThis.location?.href);
  const doctor = new Doctor(target, options);
  const page = globalThis.location?.origin;
  const policy = watchPolicy(target.origin);
  try {
    if (page === undefined || page === target.origin) await sameOrigin(doctor, page);
    else await acrossOrigins(doctor, page, headers, missing, policy);
  } finally {
    policy.end();
  }
  const rank = ({ certainty }) => CERTAINTY.indexOf(certainty);
  doctor.causes.sort((a, b) => rank(a) - rank(b));
  return { url: target.origin + target.pathname, origin: page, causes: doctor.causes };
}

async function sameOrigin(doctor, page) {
  const answered = await doctor.get("GET", {});
  if (!answered) return unreachable(doctor, page);
  doctor.add(
    "answer_without_cors",
    "possible",
    "The server answers now, and no permission is needed at its own origin.",
    "Try again; if it fails again, look at what the server or a proxy before it does with a POST.",
  );
}

async function acrossOrigins(doctor, page, headers, missing, policy) {
  const { url } = doctor;
  if (mixed(doctor, page) && !local(url.hostname)) return;
  const plain = { redirect: "manual" };
  const answer = await doctor.get("GET without headers of its own", plain);
  if (!answer) return noAnswer(doctor, page, plain, policy);
  doctor.causes = [];
  if (answer.type == "opaqueredirect") {
    return doctor.add(
      "redirected",
      "likely",
      "The server redirects to another address, and a browser does not say to which.",
      "Use the address that it redirects to; often only a slash at the end is missing.",
    );
  }
  await permissions(doctor, page, headers, missing);
}

/** Whether this is a plain address in a page that came over https; adds that as a cause. */
function mixed(doctor, page) {
  const { protocol, origin, hostname } = doctor.url;
  const found = page.startsWith("https:") && protocol == "http:" && !loopback(hostname);
  if (found)
    doctor.add(
      "mixed_content",
      // A permission for the local network may lift this.
      local(hostname) ? "likely" : "certain",
      `This page came over https, and browsers keep it from asking ${origin}, which is plain http.`,
      "Serve the MCP server over https, or open this page over http.",
    );
  return found;
}

/** Not even a GET that needs no question beforehand can be read. */
async function noAnswer(doctor, page, plain, policy) {
  const { url, credentials } = doctor;
  const directive = await policy.seen();
  if (directive) {
    return doctor.add(
      "csp",
      "certain",
      `This page's own Content-Security-Policy (${directive}) keeps it from asking ${url.origin}.`,
      `Add ${url.origin} to ${directive} in the policy of the page.`,
    );
  }
  // Sent and answered, whatever the answer allows; the script sees nothing of it.
  if (!(await doctor.get("GET whose answer is not read", { mode: "no-cors" }))) return unreachable(doctor, page);
  if (credentials == "include" && (await doctor.get("GET without credentials", { ...plain, credentials: "omit" }))) {
    return doctor.add(
      "credentials_refused",
      "likely",
      "The server's answer can be read without cookies and not with them.",
      "The server has to allow credentials, and to name the origin in full: * will not do.",
      { headers: [`Access-Control-Allow-Origin: ${page}`, "Access-Control-Allow-Credentials: true"] },
    );
  }
  doctor.add(
    "origin_refused",
    "likely",
    `The server answers, but does not let a page of ${page} read it, at least not its answer to a GET.`,
    "The server has to send this header with every answer, errors included.",
    { headers: [`Access-Control-Allow-Origin: ${page}`, ...(credentials == "include" ? ["Access-Control-Allow-Credentials: true"] : [])] },
  );
}

/** The origin is allowed; are the headers? */
async function permissions(doctor, page, headers, missing) {
  const needed = headers.map((name) => name.toLowerCase()).filter((name) => !SAFELISTED.includes(name));
  const asked = (names) =>
    Object.fromEntries(names.map((name) => [name, SAMPLES[name] ?? (name == "authorization" ? "Bearer diagnosis" : "diagnosis")]));
  const get = (names) => doctor.get(`GET with ${names.join(", ")}`, { redirect: "manual", headers: asked(names) });
  const preflight = [`Access-Control-Allow-Origin: ${page}`, `Access-Control-Allow-Headers: ${needed.join(", ")}`];

  if (needed.length && !(await get(needed))) {
    const refused = [];
    doctor.of = needed.length == 1 ? 2 : 2 + needed.length;
    if (needed.length == 1) refused.push(needed[0]);
    else for (const name of needed) if (!(await get([name]))) refused.push(name);
    if (refused.length == needed.length && refused.length > 1) {
      return doctor.add(
        "preflight_refused",
        "likely",
        "A GET without headers of its own can be read, and none with any of them: the question that the browser asks beforehand (OPTIONS) is refused.",
        "The server has to answer OPTIONS with a status of 200 or 204, without asking for a token, and with these headers.",
        { headers: [...preflight, "Access-Control-Allow-Methods: POST, GET, DELETE"] },
      );
    }
    for (const name of refused) {
      doctor.add(
        "header_refused",
        "likely",
        `A GET can be read, and with the header ${name} it cannot.`,
        `The server has to allow ${name} where it answers OPTIONS${name == "authorization" ? ", by its name: * does not cover it" : ""}.`,
        { header: name, headers: [preflight[1]] },
      );
    }
    if (refused.length) return;
  }
  for (const name of missing) {
    doctor.add(
      "header_not_exposed",
      "likely",
      `The header ${name} was not seen in an answer, and a page sees only those that the server exposes.`,
      "The server has to expose it with every answer.",
      { header: name, headers: [`Access-Control-Expose-Headers: ${name}`] },
    );
  }
  if (missing.length) return;
  doctor.add(
    "answer_without_cors",
    "possible",
    "Everything that can be tried without harm is allowed: the origin, and every header. A POST was not tried, as it might act.",
    "Try again. If it fails again: the server, or a proxy before it, may leave these headers out where it answers a POST with an error, or break the connection.",
    { headers: [`Access-Control-Allow-Origin: ${page}`] },
  );
}

async function unreachable(doctor, page) {
  const { url } = doctor;
  const host = url.hostname;
  if (globalThis.navigator?.onLine === false)
    doctor.add("offline", "likely", "The browser says that it is offline.", "Check this machine's connection.");
  if (page !== undefined && local(host) && !local(new URL(page).hostname)) {
    const state = await localPermission();
    if (state)
      doctor.add(
        "local_network",
        state == "denied" ? "likely" : "possible",
        `${host} is on the local network, for which this page needs a permission; it is "${state}".`,
        "Allow this page the local network in the browser's settings for it.",
      );
  }
  doctor.add(
    "unreachable",
    doctor.causes.length ? "possible" : "likely",
    `Not even a request whose answer nobody reads got through to ${url.host}.`,
    "Check the address, its port, and that the server runs and can be reached from this machine; an extension of the browser may also have blocked it.",
  );
  if (url.protocol == "https:")
    doctor.add(
      "certificate",
      "possible",
      "A certificate that the browser does not trust looks just the same to a page.",
      `Open ${url.origin} in a tab of its own: there the browser says what is wrong with it.`,
    );
}
