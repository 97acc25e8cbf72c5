/**
 * What this page asks of the worker. A token is asked for when the worker first demands one, and kept for this
 * tab only.
 */
const KEY = "mstc.token";

/** What the worker answered instead of what was wanted, or that it did not answer. */
export class Problem extends Error {
  /**
   * @param {number} status 0 if there was no answer
   * @param {string[]} violations what is wrong with a request, each beginning with the field's name
   */
  constructor(status, detail, violations = []) {
    super(detail);
    this.status = status;
    this.violations = violations;
  }
}

let asked;
let askForToken = () => Promise.reject(new Problem(401, "The worker requires a token."));

/** Sets how people are asked for the token: a function that is given whether one was refused. */
export function onTokenNeeded(ask) {
  askForToken = ask;
}

/** As `fetch`, with the token; only an answer that is as wanted is returned. */
export async function request(path, options = {}) {
  for (;;) {
    const token = sessionStorage.getItem(KEY);
    const response = await send(path, options, token);
    if (response.ok) return response;
    if (response.status !== 401) throw await problemOf(response);
    await newToken(token);
  }
}

/** The answer's JSON. */
export async function json(path, options) {
  return (await request(path, options)).json();
}

export function post(path, body, headers = {}) {
  return json(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

export function jobPath(name) {
  return `/mstc/jobs/${encodeURIComponent(name)}`;
}

async function send(path, options, token) {
  const headers = new Headers(options.headers);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  try {
    return await fetch(path, { ...options, headers, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "The worker does not answer. Is it running, and is the network up?");
  }
}

/** Waits for another token than the one that was refused; all who need one wait for the same. */
async function newToken(refused) {
  if (sessionStorage.getItem(KEY) !== refused) return;
  asked ??= askForToken(refused !== null).finally(() => (asked = undefined));
  sessionStorage.setItem(KEY, await asked);
}

async function problemOf(response) {
  const text = await response.text();
  try {
    const { detail, title, violations } = JSON.parse(text);
    return new Problem(response.status, detail ?? title, violations ?? []);
  } catch {
    return new Problem(response.status, text.trim() || `The worker answered with status ${response.status}.`);
  }
}
