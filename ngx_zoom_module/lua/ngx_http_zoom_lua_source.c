/*
 * The files of routing scripts.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_lua_source.h"


static ngx_int_t ngx_http_zoom_lua_source_read(
    ngx_http_zoom_lua_source_t *source, ngx_str_t *name, ngx_str_t *text,
    const char **why);
static const char *ngx_http_zoom_lua_source_name(const ngx_str_t *name);


ngx_int_t
ngx_http_zoom_lua_source_init(ngx_http_zoom_lua_source_t *source,
    ngx_pool_t *pool)
{
    source->pool = pool;
    source->open = 1;

    if (ngx_array_init(&source->scripts, pool, 4,
                       sizeof(ngx_http_zoom_lua_file_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_array_init(&source->files, pool, 4,
                          sizeof(ngx_http_zoom_lua_file_t));
}


ngx_int_t
ngx_http_zoom_lua_source_script(ngx_http_zoom_lua_source_t *source,
    ngx_str_t *name, ngx_conf_t *cf)
{
    const char                *why;
    ngx_str_t                  text;
    ngx_uint_t                 i;
    ngx_http_zoom_lua_file_t  *script;

    script = source->scripts.elts;

    for (i = 0; i < source->scripts.nelts; i++) {
        if (script[i].name.len == name->len
            && ngx_memcmp(script[i].name.data, name->data, name->len) == 0)
        {
            return i;
        }
    }

    if (ngx_http_zoom_lua_source_read(source, name, &text, &why) != NGX_OK) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "script \"%V\" %s", name, why);
        return NGX_ERROR;
    }

    script = ngx_array_push(&source->scripts);
    if (script == NULL) {
        return NGX_ERROR;
    }

    script->name = *name;
    script->text = text;
    script->file = cf->conf_file->file.name.data;
    script->line = cf->conf_file->line;

    return source->scripts.nelts - 1;
}


ngx_http_zoom_lua_file_t *
ngx_http_zoom_lua_source_file(ngx_http_zoom_lua_source_t *source,
    const ngx_str_t *name, const char **why)
{
    u_char                    *p;
    ngx_str_t                  full, text;
    ngx_uint_t                 i;
    ngx_http_zoom_lua_file_t  *file;

    *why = ngx_http_zoom_lua_source_name(name);

    if (*why == NULL && source->path.len == 0) {
        *why = "can't be read without \"zoom_lua_path\"";
    }

    if (*why) {
        return NULL;
    }

    file = source->files.elts;

    for (i = 0; i < source->files.nelts; i++) {
        if (file[i].name.len == source->path.len + name->len
            && ngx_memcmp(file[i].name.data + source->path.len, name->data,
                          name->len)
               == 0)
        {
            return &file[i];
        }
    }

    if (!source->open) {
        *why = "was not read when nginx started: name it outside of functions";
        return NULL;
    }

    full.len = source->path.len + name->len;
    full.data = ngx_pnalloc(source->pool, full.len + 1);

    if (full.data == NULL) {
        *why = "can't be read: no memory";
        return NULL;
    }

    p = ngx_cpymem(full.data, source->path.data, source->path.len);
    p = ngx_cpymem(p, name->data, name->len);
    *p = '\0';

    if (ngx_http_zoom_lua_source_read(source, &full, &text, why) != NGX_OK) {
        return NULL;
    }

    file = ngx_array_push(&source->files);
    if (file == NULL) {
        *why = "can't be read: no memory";
        return NULL;
    }

    ngx_memzero(file, sizeof(ngx_http_zoom_lua_file_t));

    file->name = full;
    file->text = text;

    return file;
}


/* Parts of letters, digits, "_", "-" and ".", which none begins with. */

static const char *
ngx_http_zoom_lua_source_name(const ngx_str_t *name)
{
    u_char      c;
    ngx_uint_t  i, first;

    first = 1;

    for (i = 0; i < name->len; i++) {

        c = name->data[i];

        if (c == '/' && !first) {
            first = 1;
            continue;
        }

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9') || c == '_'
              || (!first && (c == '-' || c == '.'))))
        {
            return "has a name that is not plain";
        }

        first = 0;
    }

    return first ? "has a name that is not plain" : NULL;
}


static ngx_int_t
ngx_http_zoom_lua_source_read(ngx_http_zoom_lua_source_t *source,
    ngx_str_t *name, ngx_str_t *text, const char **why)
{
    ssize_t          n;
    ngx_fd_t         fd;
    ngx_int_t        rc;
    ngx_file_info_t  fi;

    rc = NGX_ERROR;

    /* a FIFO must not make us wait */

    fd = ngx_open_file(name->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        *why = "can't be opened";
        return NGX_ERROR;
    }

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR || !ngx_is_file(&fi)) {
        *why = "is no regular file";
        goto done;
    }

    if (ngx_file_size(&fi) > NGX_HTTP_ZOOM_LUA_FILE_MAX) {
        *why = "is larger than 8m";
        goto done;
    }

    text->len = ngx_file_size(&fi);
    text->data = ngx_pnalloc(source->pool, text->len + 1);

    if (text->data == NULL) {
        *why = "can't be read: no memory";
        goto done;
    }

    n = ngx_read_fd(fd, text->data, text->len);

    if (n != (ssize_t) text->len) {
        *why = "can't be read";
        goto done;
    }

    text->data[n] = '\0';
    rc = NGX_OK;

done:

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", name);
    }

    return rc;
}
