-- The pages that people see: plain forms, on a phone as well, in the dark as
-- well, and without a script.

local answer = require "answer"
local forms = require "forms"
local users = require "users"

local escape = forms.escape

local _M = {}


local PAGE = [[
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%s</title>
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 32em;
       margin: 2em auto; padding: 0 1em }
ul { padding-left: 1.2em; font-family: ui-monospace, monospace;
     font-size: 14px }
select, input, button { font: inherit; padding: .4em .8em; width: 100%%;
                        margin: .3em 0; box-sizing: border-box }
small { opacity: .7 }
</style>
</head>
<body>
<h1>%s</h1>
%s
<p><small>This is a stand-in for Zoom, not Zoom.</small></p>
</body>
</html>
]]


local function page(status, title, body)
    return answer.page(status, PAGE:format(escape(title), escape(title),
                                           body))
end


function _M.problem(what)
    return page(400, "This can't be done",
                '<p id="problem">' .. escape(what) .. "</p>")
end


-- People first: who comes from another account is who has to consent.
local function choice()
    local out = {}

    for _, user in ipairs(users.people()) do
        out[#out + 1] = ('<option value="%s">%s</option>')
                        :format(escape(user.email), escape(user.email))
    end

    return '<p><label>Sign in as <select name="user">'
           .. table.concat(out) .. "</select></label></p>"
end


local BUTTONS = '<p><button name="decision" value="allow">Allow</button>'
                .. '<button name="decision" value="deny">Decline</button></p>'


function _M.consent(app, scopes, ticket)
    local list = {}

    for i, scope in ipairs(scopes) do
        list[i] = "<li>" .. escape(scope) .. "</li>"
    end

    return page(200, (app.name or app.client_id) .. " wants to connect", ([[
<p>It will be able to:</p>
<ul>%s</ul>
<form method="post" action="/oauth/authorize">
<input type="hidden" name="ticket" value="%s">
%s
%s
</form>]]):format(table.concat(list), ticket, choice(), BUTTONS))
end


function _M.installed(list)
    local out = {}

    for i, grant in ipairs(list) do
        out[i] = ([[
<form method="post" action="/user/installed">
<p>%s, of %s
<button name="grant" value="%s">Remove</button></p>
</form>]]):format(escape(grant.client_id), escape(grant.email), grant.id)
    end

    return page(200, "Added apps", #out > 0 and table.concat(out, "\n")
                                   or "<p>None.</p>")
end


function _M.device(code, app)
    local title = app and (app.name or app.client_id) .. " wants to connect"
                  or "Connect a device"

    return page(200, title, ([[
<form method="post" action="/oauth/device">
<p><label>The code that the device shows
<input name="user_code" value="%s" autocomplete="off"></label></p>
%s
%s
</form>]]):format(escape(code), choice(), BUTTONS))
end


function _M.device_done(verdict)
    return page(200, verdict == "allowed" and "Connected" or "Declined",
                '<p id="done">You may close this page.</p>')
end


return _M
