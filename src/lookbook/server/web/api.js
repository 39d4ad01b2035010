/** The JSON API of this server, below the page's own address. */
const ROOT = new URL("api/v1/", new URL(".", document.baseURI));

/** An error that customers read: the name of a text, and what the server says. */
export class Failure extends Error {
  constructor(text, problem = {}) {
    super(problem.detail || text);
    this.text = text;
    this.status = problem.status;
    this.kind = (problem.type ?? "").split(/[/#]/).pop();
  }
}

const BY_STATUS = {
  400: "error.request", 408: "error.busy", 413: "error.large", 415: "error.photo",
  422: "error.request", 429: "error.busy", 502: "error.busy", 503: "error.busy", 504: "error.busy",
};

async function failure(response, hasPhoto) {
  const problem = await response.json().catch(() => ({}));
  return toFailure({ status: response.status, ...problem }, hasPhoto);
}

function toFailure(problem, hasPhoto) {
  const isPhoto = hasPhoto && [400, 415, 422].includes(problem.status);
  return new Failure(isPhoto ? "error.photo" : (BY_STATUS[problem.status] ?? "error"), problem);
}

let token = "";

async function call(path, options = {}, hasPhoto = false, isAgain = false) {
  let response;
  if (token) options = { ...options, headers: { ...options.headers, "X-API-Key": token } };
  try {
    response = await fetch(new URL(path, ROOT), options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure("error.offline");
  }
  if (response.status === 401 && !isAgain) {
    // The token of this page has expired.
    await getShop();
    return call(path, options, hasPhoto, true);
  }
  if (!response.ok) throw await failure(response, hasPhoto);
  return response;
}

const json = async (path, options) => (await call(path, options)).json();
const post = (path, body, options = {}) =>
  json(path, {
    method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" },
    ...options,
  });

/** Load the shop's page, with the token that takes the place of an API key. */
export async function getShop() {
  const page = await (await call("shop", {}, false, true)).json();
  token = page.token;
  return page;
}
export const getFacets = (language) => json(`attributes?language=${language}`);
export const getItems = (ids) =>
  ids.length
    ? json(`items?${ids.map((id) => `id=${encodeURIComponent(id)}`).join("&")}`)
    : Promise.resolve([]);
export const search = (request, signal) => post("search", request, { signal });
export const swap = (request) => post("outfits/swap", request);
export const sendFeedback = (feedback) =>
  call("feedback", {
    method: "POST", body: JSON.stringify(feedback), keepalive: true,
    headers: { "Content-Type": "application/json" },
  }).catch(() => {});

/**
 * Answer a turn.
 * @param request The request, without a new photo.
 * @param photo The file of a new photo, if any.
 * @param onAnswer Takes the answer, whose reply may be empty.
 * @param onReply Takes each part of the reply.
 * @param signal Stops waiting.
 */
export async function recommend({ request, photo, onAnswer, onReply, signal }) {
  const headers = { Accept: "text/event-stream" };
  let body = JSON.stringify(request);
  if (photo) {
    const form = new FormData();
    form.append("request", body);
    form.append("photo", photo, "photo");
    body = form;
  } else headers["Content-Type"] = "application/json";
  const response = await call("recommend", { method: "POST", headers, body, signal }, Boolean(photo));
  if (!response.headers.get("Content-Type").startsWith("text/event-stream")) {
    return onAnswer(await response.json());
  }
  for await (const [event, data] of events(response)) {
    if (event === "problem") throw toFailure(data, Boolean(photo));
    if (event === "answer") onAnswer(data);
    if (event === "reply") onReply(data.text);
  }
}

/** Read server-sent events as pairs of name and data. */
async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    buffer = (buffer + value).replace(/\r\n?/g, "\n");
    const blocks = buffer.split("\n\n");
    buffer = blocks.pop();
    for (const block of blocks) {
      const lines = block.split("\n");
      const field = (name) =>
        lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trimStart());
      if (field("data").length) yield [field("event")[0] ?? "message", JSON.parse(field("data").join("\n"))];
    }
  }
}
