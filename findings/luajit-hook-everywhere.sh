#!/bin/sh
#
# Question:      a C program runs two scripts in one Lua state, each in a thread
#                (a coroutine) of its own.  It calls lua_sethook() with the
#                first thread and a count of 1000, to limit that one.  Whose
#                instructions are counted?
# Likely guess:  those of the first thread, as in Lua 5.1, whose C interface
#                LuaJIT has: lua_sethook() takes a lua_State, which is a thread.
# Truth:         everybody's, those of the main thread too.  LuaJIT has one hook
#                and one counter for all threads of a state.  What one thread
#                has left of its thousand is used up by the next that runs, so
#                it is the wrong script that is stopped; and whoever takes the
#                hook off one thread, say when it ends, takes the limit off all
#                of them.  The hook has to ask which thread it is called for,
#                and to count for itself.  (The compiler is off here: what it
#                has compiled calls no hooks.)
# Source:        LuaJIT, src/lj_dispatch.c, lua_sethook(), and its issues 666
#                and 1230, which say that it is meant so; the manual of Lua 5.1,
#                lua_sethook().

set -eu

cd "$(dirname "$0")"
# shellcheck source=findings/lib/debian.inc
. lib/debian.inc

debian 'libluajit2-5.1-2=2.1-20230119-1*' 'libluajit2-5.1-dev=2.1-20230119-1*' \
    'liblua5.1-0=5.1.5-9*' 'liblua5.1-0-dev=5.1.5-9*'

# shellcheck disable=SC2154 # of the file above
cat > "$dir/hook.c" <<'EOS'
#include <stdio.h>
#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>

#ifdef LUAJIT
#include <luajit.h>
#endif

static lua_State  *one, *two;
static int         ones, twos, others;


static void
hook(lua_State *L, lua_Debug *ar)
{
    (*(L == one ? &ones : L == two ? &twos : &others))++;
}


/* a turn is an instruction */

static void
turns(lua_State *L, int n)
{
    char  script[64];

    snprintf(script, sizeof(script), "for i = 1, %d do end", n);
    luaL_loadstring(L, script);

    if (L == one || L == two) {
        lua_resume(L, 0);

    } else {
        lua_call(L, 0, 0);
    }

    printf("%s, %d: called %d times for the first, %d for the second, %d for "
           "the main one\n", L == one ? "the first thread"
                             : L == two ? "the second" : "the main one",
           n, ones, twos, others);
}


int
main(int argc, char **argv)
{
    int         good, kept;
    lua_State  *L = luaL_newstate();

    luaL_openlibs(L);

#ifdef LUAJIT
    luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
    printf("%s\n", LUAJIT_VERSION);
#else
    printf("%s\n", LUA_RELEASE);
#endif

    one = lua_newthread(L);
    two = lua_newthread(L);

    lua_sethook(one, hook, LUA_MASKCOUNT, 1000);

    turns(one, 600);
    turns(two, 600);
    turns(L, 1000);
    turns(one, 600);

    lua_sethook(two, NULL, 0, 0);
    kept = (lua_gethook(one) != NULL);
    printf("no hook for the second: the first has %s\n",
           kept ? "its own" : "none");

#ifdef LUAJIT
    good = (ones == 0 && twos == 1 && others == 1 && !kept);
#else
    good = (ones == 1 && twos == 0 && others == 0 && kept);
#endif

    lua_close(L);

    return !good;
}
EOS

build hook -DLUAJIT -I "$dir/root/usr/include/luajit-2.1" -lluajit-5.1
"$dir/hook" || seen=no

build hook -I "$dir/root/usr/include/lua5.1" -llua5.1
"$dir/hook" || seen=no

test "${seen:-yes}" = yes || {
    echo "That is not what was seen before."
    exit 1
}
