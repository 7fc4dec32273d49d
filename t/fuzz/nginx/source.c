/* Scripts have no files here: what they require is not there. */

#include "ngx_http_zoom_lua_source.h"


ngx_http_zoom_lua_file_t *
ngx_http_zoom_lua_source_file(ngx_http_zoom_lua_source_t *s,
    const ngx_str_t *name, const char **why)
{
    (void) s;
    (void) name;

    *why = "is not there";

    return NULL;
}
