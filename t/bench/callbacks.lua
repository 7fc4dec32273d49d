-- wrk's requests: each line of the file is a signature, a tab and a body; all
-- of them in turn, so that nobody gains by remembering one.

local requests, n, i = {}, 0, 0


function init(args)
    local path, file = args[1], args[2]

    for line in io.lines(file) do
        local signature, body = line:match("^(%S+)\t(.*)$")

        n = n + 1
        requests[n] = wrk.format("POST", path, {
            ["User-Agent"]          = "python-requests/2.32.3",
            ["Accept"]              = "*/*",
            ["Content-Type"]        = "application/json",
            ["X-Webhook-Signature"] = signature,
        }, body)
    end
end


function request()
    i = i % n + 1

    return requests[i]
end
