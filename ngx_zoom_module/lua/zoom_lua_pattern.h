/*
 * Lua's patterns, with an end in sight: LuaJIT's own matcher can't be
 * interrupted, and "(.-)(.-)(.-)x" takes the fourth power of a subject's
 * length.  Ours counts its steps.
 *
 * Plain C, without nginx and without Lua.
 */

#ifndef ZOOM_LUA_PATTERN_H_INCLUDED
#define ZOOM_LUA_PATTERN_H_INCLUDED


#include <stddef.h>
#include <stdint.h>


#define ZOOM_LUA_MAX_CAPTURES  32
#define ZOOM_LUA_MAX_ITEMS     128

/* of a capture: "()" gives the position */
#define ZOOM_LUA_POSITION      ((size_t) -1)


typedef struct {
    size_t                start;
    size_t                len;       /* or ZOOM_LUA_POSITION */
} zoom_lua_capture_t;


typedef struct {
    uint64_t              bits[4];   /* of a set or class, by byte */
    uint8_t               type;
    uint8_t               repeat;
    uint8_t               a;         /* a byte, or the number of a capture */
    uint8_t               b;
} zoom_lua_item_t;


typedef struct {
    zoom_lua_item_t       items[ZOOM_LUA_MAX_ITEMS];
    unsigned              nitems;
    unsigned              ncaptures;
    unsigned              anchored:1;
} zoom_lua_pattern_t;


typedef struct {
    size_t                start;     /* of the match */
    size_t                end;       /* the first byte after it */
    zoom_lua_capture_t    captures[ZOOM_LUA_MAX_CAPTURES];
} zoom_lua_match_t;


/*
 * Reads a pattern.  NULL on success, else why it is none.  "anchors": a "^" at
 * its beginning means what it says, as it does everywhere but in gmatch.
 */

const char *zoom_lua_pattern_read(zoom_lua_pattern_t *pattern,
    const char *text, size_t len, int anchors);

/*
 * Looks for the first match at or after "from".  1: found, 0: there is none,
 * -1: "*steps", which is counted down, has come below zero.
 */

int zoom_lua_pattern_find(const zoom_lua_pattern_t *pattern,
    const char *subject, size_t len, size_t from, zoom_lua_match_t *match,
    int64_t *steps);


#endif /* ZOOM_LUA_PATTERN_H_INCLUDED */
