-- Sends webhooks as Zoom does: signed over the raw body, once more after a 5xx
-- or no answer, for some time, and always under the same id.

local cjson = require "cjson.safe"
local http = require "http"
local jwt = require "jwt"
local state = require "state"
local stats = require "stats"

local dict = ngx.shared.webhooks

local _M = {}

local KEPT = 5000


local function load(id)
    return cjson.decode(dict:get("delivery:" .. id) or "")
end


local function save(delivery)
    dict:set("delivery:" .. delivery.id, cjson.encode(delivery))
end


function _M.reset()
    dict:flush_all()
    dict:flush_expired()
end


-- Zoom's writer leaves slashes alone.
function _M.json(value)
    return (cjson.encode(value):gsub("\\/", "/"))
end


local function uuid()
    return (jwt.hex(jwt.random(16)):gsub("^(%x%x%x%x%x%x%x%x)(%x%x%x%x)"
            .. "(%x%x%x%x)(%x%x%x%x)", "%1-%2-%3-%4-"))
end


function _M.signature(secret, timestamp, body)
    return "v0=" .. jwt.hex(jwt.hmac_sha256(secret, "v0:" .. timestamp .. ":"
                                                    .. body))
end


local function headers(delivery, attempt)
    return {
        { "Content-Type", "application/json; charset=utf-8" },
        { "User-Agent", "Zoom Marketplace/1.0a" },
        { "Authorization", delivery.verification },
        { "clientid", delivery.client_id },
        { "x-zm-trackingid", "v=2.0;clid=us02;rid=WEBHOOK_"
                             .. jwt.hex(jwt.random(16)) },
        { "x-zm-request-timestamp", attempt.timestamp },
        { "x-zm-request-id", delivery.id },
        { "x-zm-signature", attempt.signature },
    }
end


local function is_proof(delivery, body)
    local said = cjson.decode(body or "")

    return type(said) == "table" and said.plainToken == delivery.plain
           and said.encryptedToken
               == jwt.hex(jwt.hmac_sha256(delivery.secret, delivery.plain))
end


-- 3xx and 4xx are final.
local function is_final(status)
    return status ~= nil and status < 500
end


local function conclude(delivery, attempt, body)
    local retry = state.get().webhooks.retry
    local wait = not delivery.plain and not is_final(attempt.status)
                 and retry[#delivery.attempts]

    if delivery.plain then
        local ok = attempt.status == 200 and attempt.took < 3
                   and is_proof(delivery, body)

        attempt.proved = ok or false
        stats.count("crc", ok and "ok" or "failed")
    end

    delivery.done = not wait
    stats.count("webhooks", delivery.event, tostring(attempt.status or "none"))
    save(delivery)

    return wait
end


local function attempt_once(delivery)
    local first = delivery.attempts[1]
    local settings = state.get().webhooks
    local attempt = { at = ngx.now() }

    attempt.timestamp = delivery.timestamp
                        or first and not settings.restamp and first.timestamp
                        or tostring(state.now() - (delivery.age or 0))
    attempt.signature = delivery.signature
        or _M.signature(delivery.secret, attempt.timestamp, delivery.body)
    delivery.attempts[#delivery.attempts + 1] = attempt
    save(delivery)

    local status, body = http.post(delivery.url, headers(delivery, attempt),
                                   delivery.body, settings.timeout)

    ngx.update_time()
    attempt.took = ngx.now() - attempt.at
    attempt.status = status
    attempt.error = not status and body or nil

    -- A reset in the meantime has forgotten it, and so it stays.
    if not load(delivery.id) then
        return nil
    end

    return conclude(delivery, attempt, body)
end


local run


local function schedule(id, seconds)
    assert(ngx.timer.at(seconds, run, id))
end


-- A reload of the stand-in ends the process: the next one goes on.
function run(premature, id)
    local delivery = not premature and load(id)

    if not delivery or delivery.done then
        return
    end

    delivery.due = nil

    local wait = attempt_once(delivery)

    if wait then
        delivery.due = ngx.now() + wait
        save(delivery)
        schedule(id, wait)
    end
end


-- event and payload, or the bytes of the body; "id", "age" or "timestamp",
-- "secret" and "signature" for what a test wants to be otherwise.
function _M.send(app, what)
    local webhook = app.webhook
    local delivery = {
        id           = what.id or uuid(),
        event        = what.event or "none",
        url          = webhook.url,
        secret       = what.secret or webhook.secret,
        verification = webhook.verification or "verification-token",
        client_id    = app.client_id,
        age          = what.age,
        timestamp    = what.timestamp and tostring(what.timestamp),
        signature    = what.signature,
        plain        = what.plain,
        attempts     = {},
        done         = false,
        body         = what.body or _M.json {
            event    = what.event,
            event_ts = math.floor(ngx.now() * 1000),
            payload  = what.payload or {},
        },
    }

    save(delivery)

    if dict:rpush("order", delivery.id) and dict:llen("order") > KEPT then
        dict:delete("delivery:" .. dict:lpop("order"))
    end

    schedule(delivery.id, 0)
    return delivery.id
end


-- Challenge and response.
function _M.challenge(app)
    local plain = jwt.base64url(jwt.random(16))

    dict:set("challenged", ngx.now())

    return _M.send(app, {
        event = "endpoint.url_validation", plain = plain,
        payload = { plainToken = plain },
    })
end


-- Without what must not be seen.
function _M.list()
    local list = {}

    for i = 1, dict:llen("order") or 0 do
        local id = dict:lpop("order")
        local delivery = load(id) or {}

        dict:rpush("order", id)
        delivery.secret, delivery.verification = nil, nil
        list[i] = delivery
    end

    return list
end


local function tick()
    local every = state.get().webhooks.crc_every

    if every <= 0 or ngx.now() - (dict:get("challenged") or 0) < every then
        return
    end

    for _, app in ipairs(state.get().apps) do
        if app.webhook then
            _M.challenge(app)
        end
    end
end


-- In a new worker.
function _M.start()
    for _, delivery in ipairs(_M.list()) do
        if not delivery.done then
            schedule(delivery.id, math.max(0, (delivery.due or 0)
                                              - ngx.now()))
        end
    end

    ngx.timer.every(0.2, function (premature)
        if not premature then
            tick()
        end
    end)
end


return _M
