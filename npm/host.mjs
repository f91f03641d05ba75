import { EverywireError, report } from "./error.mjs";

/** The questions that the page's handlers are answering now, by their keys. */
class Inputs {
  #open = new Map();

  begin(key) {
    const controller = new AbortController();
    this.#open.set(key, controller);
    return controller.signal;
  }

  cancel(key, reason) {
    this.#open.get(key)?.abort(reason);
    this.#open.delete(key);
  }

  /** Whether the question was still open; it is not afterwards. */
  end(key) {
    return this.#open.delete(key);
  }

  closeAll() {
    for (const key of this.#open.keys()) this.cancel(key, "closed");
  }
}

const ACTIONS = ["accept", "decline", "cancel"];

async function elicit(onElicit, request, context) {
  const handler = typeof onElicit == "function" ? onElicit : onElicit?.[request.mode ?? "form"];
  if (!handler) throw new TypeError(`onElicit has no handler for mode "${request.mode ?? "form"}"`);
  const result = await handler(request, context);
  if (!ACTIONS.includes(result?.action))
    throw new TypeError('onElicit must give { action: "accept" | "decline" | "cancel", content }');
  return result;
}

async function sample(onSample, request, context) {
  const result = await onSample(request, context);
  if (typeof result?.model != "string" || !result.content)
    throw new TypeError("onSample must give { role, content, model }");
  return result;
}

async function roots(onRoots, context) {
  const list = await onRoots(context);
  if (!Array.isArray(list)) throw new TypeError("onRoots must give a list of { uri, name }");
  return { roots: list };
}

/** What the core calls back: errors, events, and the questions of the server. */
export function host({ onElicit, onSample, onRoots, onEvent, token }, diagnosed) {
  const inputs = new Inputs();
  let core, owner;

  const ask = (method, params, context) => {
    if (method == "elicitation/create") return elicit(onElicit, params, context);
    if (method == "sampling/createMessage") return sample(onSample, params, context);
    return roots(onRoots, context);
  };

  const hooks = {
    error: (fields) => diagnosed(new EverywireError(fields), fields.opaque),

    event(type, detail) {
      if (type == "subscriptionEnded") owner?.ended(detail.key);
      if (type == "state" && detail.state.status == "closed") {
        // First of all, so that a call made from the page's handler is answered too.
        inputs.closeAll();
        owner?.closed();
      }
      try {
        onEvent?.({ type, ...detail });
      } catch (error) {
        report(error);
      }
    },

    input(key, method, params, { source, server }) {
      const signal = inputs.begin(key);
      ask(method, params, { source, server, signal }).then(
        (result) => inputs.end(key) && core.answer(key, result),
        (error) => inputs.end(key) && core.fail(key, String(error?.message ?? error)),
      );
    },

    inputCancelled: (key, reason) => inputs.cancel(key, reason),
  };
  if (token !== undefined) hooks.token = token;

  return {
    hooks,
    attach(...made) {
      [core, owner] = made;
    },
  };
}
