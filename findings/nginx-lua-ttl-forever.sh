#!/bin/sh
#
# Question:      with lua-nginx-module a token is kept in a shared dictionary
#                until it ends: dict:set(key, token, ends - ngx.now()).  It is
#                set with one millisecond left, the smallest unit there is.
#                When is it gone?
# Likely guess:  after one millisecond, or at once.  A lifetime of 0 would mean
#                for ever, but this one is more than 0.
# Truth:         never: it stays until it is evicted, and dict:ttl() is 0.  The
#                seconds are multiplied by 1000 and cut to an integer, and with
#                times of today the difference of two doubles is a bit off:
#                0.99993 ms, which is cut to 0, "never expires".  So is all that
#                is below a millisecond, and dict:expire() makes an entry that
#                had ten seconds stay for ever.  A lifetime below 0 is an error.
#                Who computes a lifetime has to see to it that it is not below
#                0.001, with something to spare.
# Source:        lua-nginx-module's documentation of ngx.shared.DICT.set (0
#                never expires, the resolution is 0.001 s); lua-resty-core,
#                lib/resty/core/shdict.lua, which gives "exptime * 1000" to a C
#                "long"; lua-nginx-module, src/ngx_http_lua_shdict.c.

set -eu

cd "$(dirname "$0")"
# shellcheck source=findings/lib/debian.inc
. lib/debian.inc

debian 'nginx=1.22.1-9+deb12u*' 'libnginx-mod-http-lua=1:0.10.23-1*' \
    'libnginx-mod-http-ndk=1:0.3.2-3*' 'libluajit2-5.1-2=2.1-20230119-1*' \
    'lua-resty-core=0.1.25-1*' 'lua-resty-lrucache=0.13-10*'

# shellcheck disable=SC2154 # of the file above
cd "$dir"
mkdir logs

cat > nginx.conf <<EOS
load_module  $dir/root/usr/lib/nginx/modules/ndk_http_module.so;
load_module  $dir/root/usr/lib/nginx/modules/ngx_http_lua_module.so;
daemon       off;
pid          $dir/logs/pid;
error_log    $dir/logs/error.log notice;
worker_processes  1;
events { worker_connections 16; }

http {
    access_log          off;
    lua_shared_dict     tokens 1m;
    lua_package_path    "$dir/root/usr/share/lua/5.1/?.lua;;";

    init_worker_by_lua_file  $dir/run.lua;
}
EOS

cat > run.lua <<'EOS'
local dict = ngx.shared.tokens

-- as ngx.now() gives the time, with a fraction of three digits
local now, ends = 1795984061.184, 1795984061.185

local cases = {
    {'ends - now, 1 ms', ends - now},
    {'0.0009', 0.0009},
    {'0.001', 0.001},
    {'0.0019', 0.0019},
}


local function tell(...)
    ngx.log(ngx.NOTICE, 'case ', string.format(...))
end


local function gone()
    local n = 0

    for _, case in ipairs(cases) do
        n = n + (dict:get(case[1]) and 0 or 1)
    end

    return n
end


local function run()
    for _, case in ipairs(cases) do
        assert(dict:set(case[1], 'token', case[2]))
    end

    assert(dict:set('ten seconds, then expire(0.0009)', 'token', 10))
    assert(dict:expire('ten seconds, then expire(0.0009)', 0.0009))
    cases[#cases + 1] = {'ten seconds, then expire(0.0009)'}

    -- those that end have ended, and a hundred times that long is waited
    for _ = 1, 100 do
        ngx.sleep(0.1)

        if gone() >= 2 then
            break
        end
    end

    for _, case in ipairs(cases) do
        local value = dict:get(case[1])
        tell('"%s": %s', case[1],
             not value and 'gone' or 'there, ttl ' .. dict:ttl(case[1]))
    end

    tell('"-0.001": %s', pcall(dict.set, dict, 'less', 'token', -0.001)
                         and 'taken' or 'an error')
    tell('"end"')
end


assert(ngx.timer.at(0, run))
EOS

nginx=$dir/root/usr/sbin/nginx
"$nginx" -v 2>&1

"$nginx" -c "$dir/nginx.conf" -e "$dir/logs/error.log" > logs/out 2>&1 &
pid=$!
trap 'kill $pid 2> /dev/null || :; wait $pid || :; rm -rf "$dir"' EXIT

i=0
until grep -q 'case "end"' logs/error.log 2> /dev/null || [ $i = 300 ]; do
    if ! kill -0 $pid 2> /dev/null; then
        cat logs/out
        echo "nginx can't be run here"
        exit 77
    fi

    sleep 0.1
    i=$((i + 1))
done

sed -n 's/.* case \(".*": .*\), context.*/\1/p' logs/error.log | tee seen

cat > expected <<'EOS'
"ends - now, 1 ms": there, ttl 0
"0.0009": there, ttl 0
"0.001": gone
"0.0019": gone
"ten seconds, then expire(0.0009)": there, ttl 0
"-0.001": an error
EOS

cmp -s seen expected || {
    tail -5 logs/error.log
    echo "That is not what was seen before."
    exit 1
}
