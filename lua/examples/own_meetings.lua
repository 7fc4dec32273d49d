-- What zoom_allow can't express: below /users/{userId} each caller changes only
-- what is its own tenant's, and no recording is deleted for good.  The path of a
-- meeting does not tell whose it is: such paths, and reading, are left to
-- zoom_allow.  What is returned beside false goes to the caller and to the log.

local tenants = {
    agent = "@tenant1.example",
    backend = "@tenant2.example",
}

return function(request)
    if request.method == "GET" then
        return
    end

    if request.endpoint == "DELETE /meetings/{meetingId}/recordings"
        and request.args.action ~= "trash"
    then
        return false, "recordings are put into the trash: ?action=trash"
    end

    local user = request.path_args.userId

    if not user then
        return
    end

    local tenant = tenants[request.caller]

    if not tenant then
        return false, "the caller has no tenant"
    end

    -- an id does not tell whose it is
    if user:sub(-#tenant):lower() ~= tenant then
        return false, "the user has to be an e-mail address of " .. tenant
    end
end
