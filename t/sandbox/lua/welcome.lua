-- GET / on the control port: what a newcomer meets.

local state = require "state"
local stats = require "stats"

local _M = {}


local PAGE = [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="5">
<title>A stand-in for Zoom</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46em;
       margin: 2em auto; padding: 0 1em; color: #222; background: #fff }
pre { background: #f4f4f6; padding: .8em; overflow-x: auto; font-size: 14px }
td, th { padding: .1em 1.5em .1em 0; text-align: left }
td.n { text-align: right; font-variant-numeric: tabular-nums }
</style>
</head>
<body>
<h1>A stand-in for Zoom</h1>
<p>This is not Zoom. It speaks the part of Zoom's OAuth, REST API and webhooks
that ngx_zoom_module needs, so that you can try the module and its tests can run
without an account. It refuses what Zoom refuses, counts everything, and
misbehaves when told to. This page renews itself.</p>

<h2>What it has seen</h2>
<table>
<tr><th>call</th><th>times</th></tr>
%s
</table>
<p>%d requests over %d connections. Plan of the rate limits: %s.
All counters: <a href="/control/stats">/control/stats</a>, the latest calls:
<a href="/control/recent">/control/recent</a>.</p>

<h2>Make it misbehave</h2>
<p>Answer the next three calls of the API with 503, then recover:</p>
<pre>curl -d '{"match":"api","mode":"503","times":3}' http://%s/control</pre>
<p>Revoke all access tokens, as an administrator could:</p>
<pre>curl -d '{"revoke":true}' http://%s/control</pre>
<p>Switch the app off, and on again:</p>
<pre>curl -d '{"account":{"disabled":true}}' http://%s/control
curl -d '{"account":{"disabled":false}}' http://%s/control</pre>

<h2>Let something happen</h2>
<p>A user takes back what was consented to; a bot user is shut out; the owner
of a grant comes into a meeting, without which there is no OBF token for it:</p>
<pre>curl -d '{"deauthorize":{"user":"alice@other.example"}}' http://%s/control
curl -d '{"deactivate":"bots@example.com"}' http://%s/control
curl -d '{"presence":true}' http://%s/control
curl -d '{"enter":{"user":"alice@other.example","meeting":"123456789"}}' \
    http://%s/control</pre>
<p>What users have consented to: <a href="/control/grants">/control/grants</a>,
the webhooks that were sent:
<a href="/control/deliveries">/control/deliveries</a>.</p>
<p>Back to the beginning:</p>
<pre>curl -d '{"reset":true}' http://%s/control</pre>
</body>
</html>
]]


local function rows(endpoints)
    local names, out = {}, {}

    for name in pairs(endpoints) do
        names[#names + 1] = name
    end

    table.sort(names)

    for i, name in ipairs(names) do
        out[i] = ('<tr><td>%s</td><td class="n">%d</td></tr>')
                 :format(name, endpoints[name].calls or 0)
    end

    return #out > 0 and table.concat(out, "\n")
           or "<tr><td>nothing yet</td></tr>"
end


function _M.run()
    local tree = stats.tree()
    local here = ngx.var.server_addr .. ":" .. ngx.var.server_port
    local page = PAGE:gsub("http://%%s/", "http://" .. here .. "/")

    ngx.header["Content-Type"] = "text/html; charset=utf-8"
    ngx.header["Cache-Control"] = "no-store"
    ngx.print(page:format(rows(tree.endpoints), tree.requests,
                          tree.connections, state.get().plan))
end


return _M
