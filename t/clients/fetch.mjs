// Node's own fetch.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const { ZOOM_REST: rest, ZOOM_GRAPHQL: graphql, ZOOM_MCP: mcp,
        ZOOM_DOWNLOAD: download, ZOOM_SECRET: file } = process.env;
const secret = readFileSync(file, "utf8").trim();
const bearer = { Authorization: `Bearer ${secret}` };
const json = { "Content-Type": "application/json" };


function say(name, ...values) {
    console.log([name, values.join(" ")].join("\t"));
}


function sha256(bytes) {
    return createHash("sha256").update(bytes).digest("hex");
}


function ask(method, path, { headers, ...more } = {}) {
    return fetch(rest + path, { method, ...more,
                                headers: { ...bearer, ...headers } });
}


async function told(name, method, path, options) {
    const r = await ask(method, path, options);

    say(name, r.status, (await r.json()).endpoint);
}


async function matches(name, method, path, text, body, more) {
    const r = await ask(method, path, { body, headers: json, ...more });
    const seen = (await r.json()).body ?? {};

    say(name, r.status, seen.sha256 === sha256(text) ? "whole" : "not whole");
}


await told("get", "GET", "/meetings/85746065432");
await told("put", "PUT", "/meetings/85746065432/status",
           { headers: json, body: '{"action":"end"}' });
await told("patch", "PATCH", "/meetings/85746065432",
           { headers: json, body: '{"topic":"\u00e9"}' });
await told("delete", "DELETE", "/meetings/85746065432");
await told("uuid", "GET",
           "/past_meetings/%252FDYlohsHR%252F%252FCd4ii1uC2hA%253D%253D");

let r = await ask("GET", "/meetings/85746065432?a=%20b&c=d+e&a=2");

say("query", r.status, (await r.json()).query);

const text = JSON.stringify({ topic: "z".repeat(1000) });

await matches("post", "POST", "/users/bots@example.com/meetings", text, text);

const large = JSON.stringify({ topic: "z".repeat(3000000) });

await matches("upload", "POST", "/users/bots@example.com/meetings", large,
    new ReadableStream({
        start(controller) {
            for (let i = 0; i < large.length; i += 50000) {
                controller.enqueue(
                    new TextEncoder().encode(large.slice(i, i + 50000)));
            }

            controller.close();
        },
    }), { duplex: "half" });

r = await ask("GET", "/users/nobody@example.com");
say("unknown", r.status, (await r.json()).code);

r = await ask("GET", "/meetings/85746065432",
              { headers: { Authorization: "Bearer nonsense" } });
say("nobody", r.status);

r = await ask("HEAD", "/meetings/85746065432");
say("head", r.status, (await r.text()).length);

// Not every place that is tried has these.
if (graphql) {
    r = await fetch(graphql, { 
        method: "POST", headers: { ...bearer, ...json },
        body: JSON.stringify({ query: "{ users { id } }" }) });
    say("graphql", r.status, Object.keys((await r.json()).data ?? {}).join());
}

if (download) {
    const url = `${download}/rec/download/size-2500000`;

    r = await fetch(url, { headers: bearer });
    say("download", r.status, sha256(Buffer.from(await r.arrayBuffer())));

    r = await fetch(url, { headers: { ...bearer,
                                      Range: "bytes=999990-1000020" } });
    say("range", r.status, Buffer.from(await r.arrayBuffer()).toString("hex"));
}

// The first event is here long before the last.
r = await ask("GET", "/meetings/8888888888");

const started = Date.now();
let first, all = "";

for await (const piece of r.body) {
    first ??= Date.now() - started;
    all += new TextDecoder().decode(piece);
}

say("events", r.status, all.match(/^data: /mg)?.length,
    Date.now() - started - first > 150 ? "as they come" : "at once");
