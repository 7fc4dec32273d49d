// The client of MCP's own SDK.

import { readFileSync } from "node:fs";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport }
    from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const secret = readFileSync(process.env.ZOOM_SECRET, "utf8").trim();


function say(name, ...values) {
    console.log([name, values.join(" ")].join("\t"));
}


function connect(key) {
    const client = new Client({ name: "agent", version: "1.0.0" });
    const transport = new StreamableHTTPClientTransport(
        new URL(process.env.ZOOM_MCP),
        { requestInit: { headers: { Authorization: `Bearer ${key}` } } });

    return { client, transport };
}


const { client, transport } = connect(secret);

await client.connect(transport);
say("server", client.getServerVersion().name);
say("session", transport.sessionId ? "yes" : "no");

const { tools } = await client.listTools();

say("tools", tools.map((tool) => tool.name).join());

let result = await client.callTool({ name: "echo",
                                     arguments: { text: "h\u00e9llo" } });

say("echo", result.content[0].text);

// Progress is told while it goes on.
const started = Date.now();
let n = 0, first;

result = await client.callTool(
    { name: "count", arguments: { to: 8, ms: 50 } }, undefined,
    { onprogress: () => { n++; first ??= Date.now() - started; } });

say("count", result.content[0].text, n,
    Date.now() - started - first > 150 ? "as they come" : "at once");

// Whoever loses interest is let go.
const controller = new AbortController();

try {
    await client.callTool(
        { name: "count", arguments: { to: 100000, ms: 20 } }, undefined,
        { onprogress: () => controller.abort("enough"),
          signal: controller.signal });
} catch (err) {
    say("abort", String(err.message ?? err).includes("enough") ? "yes" : err);
}

await client.ping();
await transport.terminateSession();
say("terminated", transport.sessionId ? "no" : "yes");
await client.close();

const other = connect("nonsense");

try {
    await other.client.connect(other.transport);
    say("nobody", "came in");
} catch (err) {
    say("nobody", err.code ?? err.name);
}
