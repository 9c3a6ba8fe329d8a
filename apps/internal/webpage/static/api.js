// Requests to the service. Every one is timed and told to the figures beside
// the page.
import { accounts, forbidden, forget, session } from "./session.js";

// listeners hear of every request: {method, path, status, cache, ms}.
const listeners = new Set();

export function onRequest(listener) {
  listeners.add(listener);
}

// ApiError is a reply that is no success, or no reply at all (status 0).
export class ApiError extends Error {
  constructor(status, message, hint, fields = []) {
    super(message);
    this.status = status;
    this.hint = hint;
    this.fields = fields; // what is wrong where: {field, message}
  }
}

// ask sends a request and returns {data, page, limit, total, cache, ms}, or throws an
// ApiError. An aborted request throws the browser's AbortError.
export async function ask(method, path, { body, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const begun = performance.now();
  let response, text;
  try {
    // The browser's own cache hides nothing: whatever may be kept has to be asked for again each time.
    response = await fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
    text = await response.text();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    tell({ method, path, status: 0, cache: "", ms: performance.now() - begun });
    throw new ApiError(0, "The service does not answer", "Is it still running? Nothing was lost: try again.");
  }
  const ms = performance.now() - begun;
  const cache = (response.headers.get("X-Cache") || "").toUpperCase();
  tell({ method, path, status: response.status, cache, ms });
  const reply = parse(text, response);
  if (!response.ok) {
    const error = failed(response, reply);
    // A wrong password is answered 401 too, and that ends nothing.
    if (response.status === 401 && path !== `${accounts}/login`) forget();
    throw error;
  }
  return { ...reply, cache, ms };
}

export const get = (path, more) => ask("GET", path, more);

function tell(request) {
  for (const listener of listeners) listener(request);
}

function parse(text, response) {
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    if (!response.ok) return {};
    throw new ApiError(response.status, "The reply is not JSON");
  }
}

function failed(response, reply) {
  const message = reply.fields ? "This was not accepted" : reply.error || response.statusText || "Failed";
  return new ApiError(response.status, message, hintFor(response, reply), reply.fields);
}

function hintFor(response, reply) {
  switch (response.status) {
    case 401:
      if (response.url.endsWith(`${accounts}/login`)) return "";
      return session.me ? "You have been logged out. Log in again, at the top of the page." : "Log in first, at the top of the page.";
    case 403:
      return forbidden(reply);
    case 429:
    case 503: {
      const seconds = reply.retryAfter || Number(response.headers.get("Retry-After"));
      return seconds ? `Try again in ${seconds} s.` : "Try again a little later.";
    }
    default:
      return reply.requestId ? `The service's log has more under ${reply.requestId}.` : "";
  }
}
