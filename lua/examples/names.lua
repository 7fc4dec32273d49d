-- A module, for require("names"): a small helper that scripts share.

local names = {}

-- "  Tenant-One " and "tenant_one" are the same
function names.plain(text)
    text = text:lower():match("^%s*(.-)%s*$")

    return (text:gsub("[-. ]", "_"))
end

return names
