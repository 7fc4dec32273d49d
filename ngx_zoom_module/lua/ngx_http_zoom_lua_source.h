/*
 * The files of routing scripts.  The master reads them, and runs them once, so
 * that nginx -t sees what is wrong; workers use what the master has read.
 */

#ifndef _NGX_HTTP_ZOOM_LUA_SOURCE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_LUA_SOURCE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_ZOOM_LUA_FILE_MAX  (8 * 1024 * 1024)


typedef struct {
    ngx_str_t                    name;       /* ends with a zero */
    ngx_str_t                    text;
    u_char                      *file;       /* of a script: where it is */
    ngx_uint_t                   line;       /* named */
} ngx_http_zoom_lua_file_t;


typedef struct {
    ngx_pool_t                  *pool;
    ngx_array_t                  scripts;    /* ngx_http_zoom_lua_file_t */
    ngx_array_t                  files;      /* likewise, what these need */
    ngx_str_t                    path;       /* zoom_lua_path, ends with "/" */
    size_t                       memory;
    unsigned                     open:1;     /* files may be read */
} ngx_http_zoom_lua_source_t;


ngx_int_t ngx_http_zoom_lua_source_init(ngx_http_zoom_lua_source_t *source,
    ngx_pool_t *pool);

/* The number of a script, whose full name this is; NGX_ERROR is logged. */
ngx_int_t ngx_http_zoom_lua_source_script(ngx_http_zoom_lua_source_t *source,
    ngx_str_t *name, ngx_conf_t *cf);

/*
 * A file below zoom_lua_path.  NULL, and why in "*why": its name has other
 * parts than plain ones, it was not there when the configuration was read, and
 * so on.
 */

ngx_http_zoom_lua_file_t *ngx_http_zoom_lua_source_file(
    ngx_http_zoom_lua_source_t *source, const ngx_str_t *name,
    const char **why);


#endif /* _NGX_HTTP_ZOOM_LUA_SOURCE_H_INCLUDED_ */
