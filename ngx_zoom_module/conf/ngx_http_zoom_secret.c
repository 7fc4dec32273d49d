/*
 * Secret values of the configuration.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_secret.h"
#include "ngx_http_zoom_str.h"
#include "zoom_secret.h"


typedef struct {
    u_char                      *data;
    size_t                       size;
} ngx_http_zoom_secret_wipe_t;


static ngx_uint_t ngx_http_zoom_secret_prefix(ngx_str_t *arg,
    const char *prefix);
static ngx_int_t ngx_http_zoom_secret_literal(ngx_conf_t *cf,
    const char *name, ngx_str_t *arg, ngx_uint_t flags, ngx_str_t *raw);
static ngx_int_t ngx_http_zoom_secret_names_file(ngx_conf_t *cf,
    ngx_str_t *arg);
static ngx_int_t ngx_http_zoom_secret_file(ngx_conf_t *cf, const char *name,
    ngx_str_t *path, ngx_str_t *raw);
static ngx_int_t ngx_http_zoom_secret_read(ngx_conf_t *cf, ngx_file_t *file,
    const char *name, ngx_str_t *raw);
static ngx_int_t ngx_http_zoom_secret_readable(ngx_conf_t *cf,
    ngx_file_t *file);
static ngx_int_t ngx_http_zoom_secret_env(ngx_conf_t *cf, const char *name,
    ngx_str_t *env, ngx_str_t *raw);
static ngx_uint_t ngx_http_zoom_secret_env_kept(ngx_conf_t *cf,
    ngx_str_t *env);
static ngx_int_t ngx_http_zoom_secret_keep(ngx_conf_t *cf, const void *data,
    size_t len, ngx_str_t *raw);
static void ngx_http_zoom_secret_wipe(void *data);


ngx_int_t
ngx_http_zoom_secret(ngx_conf_t *cf, const char *name, ngx_str_t *arg,
    ngx_uint_t flags, ngx_str_t *value)
{
    ngx_int_t    rc;
    ngx_str_t    raw, s;
    zoom_str_t   v;
    const char  *why;
    ngx_uint_t   stored;

    s = *arg;
    stored = 1;

    if (ngx_http_zoom_secret_prefix(&s, "file:")) {
        rc = ngx_http_zoom_secret_file(cf, name, &s, &raw);

    } else if (ngx_http_zoom_secret_prefix(&s, "env:")) {
        rc = ngx_http_zoom_secret_env(cf, name, &s, &raw);

    } else {
        rc = ngx_http_zoom_secret_literal(cf, name, &s, flags, &raw);
        stored = 0;
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    why = zoom_secret_value(ngx_http_zoom_str(&raw), &v);

    if (why == NULL && stored) {
        why = zoom_secret_stored(v, flags & NGX_HTTP_ZOOM_SECRET_WORDS);
    }

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the secret of \"%s\" %s", name, why);
        return NGX_ERROR;
    }

    if (v.len < ZOOM_SECRET_SHORT && !(flags & NGX_HTTP_ZOOM_SECRET_ID)) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "the secret of \"%s\" is shorter than %d "
                           "characters", name, ZOOM_SECRET_SHORT);
    }

    *value = ngx_http_zoom_ngx_str(v);

    return NGX_OK;
}


static ngx_uint_t
ngx_http_zoom_secret_prefix(ngx_str_t *arg, const char *prefix)
{
    size_t  len;

    len = ngx_strlen(prefix);

    if (arg->len < len
        || ngx_strncasecmp(arg->data, (u_char *) prefix, len) != 0)
    {
        return 0;
    }

    arg->data += len;
    arg->len -= len;

    return 1;
}


/* A forgotten "file:" would make a path, often well known, the secret. */

static ngx_int_t
ngx_http_zoom_secret_literal(ngx_conf_t *cf, const char *name, ngx_str_t *arg,
    ngx_uint_t flags, ngx_str_t *raw)
{
    ngx_int_t    rc;
    const char  *place, *what;

    *raw = *arg;

    if (!ngx_http_zoom_secret_prefix(raw, "literal:")) {
        place = zoom_secret_place(ngx_http_zoom_str(raw));
        what = "looks like a path or a variable";

        if (place == NULL) {
            rc = ngx_http_zoom_secret_names_file(cf, raw);

            if (rc == NGX_ERROR) {
                return NGX_ERROR;
            }

            what = "is the name of a file";
            place = (rc == NGX_OK) ? "file:" : NULL;
        }

        if (place) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%s\" has a value that %s: it must begin "
                               "with \"%s\", or with \"literal:\" if it is "
                               "the secret itself", name, what, place);
            return NGX_ERROR;
        }
    }

    if (!(flags & NGX_HTTP_ZOOM_SECRET_ID)) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"%s\" is written out in the configuration, which "
                           "\"nginx -T\" prints", name);
    }

    return NGX_OK;
}


/* NGX_OK, or NGX_DECLINED where "file:" would not find one either. */

static ngx_int_t
ngx_http_zoom_secret_names_file(ngx_conf_t *cf, ngx_str_t *arg)
{
    ngx_str_t        path;
    ngx_file_info_t  info;

    if (arg->len == 0) {
        return NGX_DECLINED;
    }

    path = *arg;

    if (ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_file_info(path.data, &info) == NGX_FILE_ERROR) {
        return NGX_DECLINED;
    }

    return ngx_is_file(&info) ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_http_zoom_secret_file(ngx_conf_t *cf, const char *name, ngx_str_t *path,
    ngx_str_t *raw)
{
    ngx_int_t   rc;
    ngx_file_t  file;

    if (path->len == 0) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%s\" has no path after \"file:\"", name);
        return NGX_ERROR;
    }

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name = *path;
    file.log = cf->log;

    if (ngx_conf_full_name(cf->cycle, &file.name, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    /* opening a FIFO would wait for its writer */

    file.fd = ngx_open_file(file.name.data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                            NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" for \"%s\" failed",
                           &file.name, name);
        return NGX_ERROR;
    }

    rc = ngx_http_zoom_secret_read(cf, &file, name, raw);

    if (ngx_close_file(file.fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cf->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", &file.name);
    }

    return rc;
}


static ngx_int_t
ngx_http_zoom_secret_read(ngx_conf_t *cf, ngx_file_t *file, const char *name,
    ngx_str_t *raw)
{
    ssize_t    n;
    u_char     buf[ZOOM_SECRET_FILE_MAX + 1];
    ngx_int_t  rc;

    if (ngx_fd_info(file->fd, &file->info) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_fd_info_n " \"%V\" failed", &file->name);
        return NGX_ERROR;
    }

    if (!ngx_is_file(&file->info)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" for \"%s\" is not a regular file",
                           &file->name, name);
        return NGX_ERROR;
    }

    if (ngx_file_size(&file->info) > ZOOM_SECRET_FILE_MAX) {
        goto large;
    }

    if (ngx_http_zoom_secret_readable(cf, file) != NGX_OK) {
        return NGX_ERROR;
    }

    n = ngx_read_file(file, buf, sizeof(buf), 0);

    if (n == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_read_file_n " \"%V\" failed", &file->name);
        return NGX_ERROR;
    }

    if (n > ZOOM_SECRET_FILE_MAX) {
        ngx_explicit_memzero(buf, n);
        goto large;
    }

    rc = ngx_http_zoom_secret_keep(cf, buf, n, raw);

    ngx_explicit_memzero(buf, n);

    return rc;

large:

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"%V\" for \"%s\" is larger than %d bytes",
                       &file->name, name, ZOOM_SECRET_FILE_MAX);

    return NGX_ERROR;
}


/* One warning a file, however often it is used. */

static ngx_int_t
ngx_http_zoom_secret_readable(ngx_conf_t *cf, ngx_file_t *file)
{
    ngx_str_t                  *known;
    ngx_uint_t                  i;
    ngx_http_zoom_main_conf_t  *zmcf;

    if (!(ngx_file_access(&file->info) & 0004)) {
        return NGX_OK;
    }

    zmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_zoom_module);

    known = zmcf->readable.elts;

    for (i = 0; i < zmcf->readable.nelts; i++) {
        if (ngx_http_zoom_same(&known[i], &file->name)) {
            return NGX_OK;
        }
    }

    known = ngx_array_push(&zmcf->readable);
    if (known == NULL) {
        return NGX_ERROR;
    }

    *known = file->name;

    ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                       "secret file \"%V\" can be read by others",
                       &file->name);

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_secret_env(ngx_conf_t *cf, const char *name, ngx_str_t *env,
    ngx_str_t *raw)
{
    char    *value;
    size_t   i;

    for (i = 0; i < env->len; i++) {
        if (env->data[i] == '=' || env->data[i] <= ' '
            || env->data[i] >= 0x7f)
        {
            break;
        }
    }

    if (env->len == 0 || i < env->len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%s\" has no variable's name after \"env:\"",
                           name);
        return NGX_ERROR;
    }

    /* arguments of directives end with a zero */

    value = getenv((char *) env->data);

    if (value == NULL || *value == '\0') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "environment variable \"%V\" for \"%s\" is %s",
                           env, name, value ? "empty" : "not set");
        return NGX_ERROR;
    }

    if (!ngx_http_zoom_secret_env_kept(cf, env)) {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "environment variable \"%V\" for \"%s\" is lost in "
                           "a binary upgrade without \"env %V;\"",
                           env, name, env);
    }

    raw->len = ngx_strlen(value);

    if (raw->len > ZOOM_SECRET_FILE_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "environment variable \"%V\" for \"%s\" is larger "
                           "than %d bytes", env, name, ZOOM_SECRET_FILE_MAX);
        return NGX_ERROR;
    }

    return ngx_http_zoom_secret_keep(cf, value, raw->len, raw);
}


/* "env NAME;" or "env NAME=value;" as far as the file has been read. */

static ngx_uint_t
ngx_http_zoom_secret_env_kept(ngx_conf_t *cf, ngx_str_t *env)
{
    ngx_str_t        *var;
    ngx_uint_t        i;
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cf->cycle->conf_ctx,
                                           ngx_core_module);

    var = ccf->env.elts;

    for (i = 0; i < ccf->env.nelts; i++) {

        /* nginx keeps the name's length and the whole text */

        if (ngx_http_zoom_same(&var[i], env)) {
            return 1;
        }
    }

    return 0;
}


/*
 * Many lie in a page: to wipe one, a reload has to copy each page that workers
 * share.
 */

static ngx_int_t
ngx_http_zoom_secret_keep(ngx_conf_t *cf, const void *data, size_t len,
    ngx_str_t *raw)
{
    raw->len = len;

    raw->data = ngx_http_zoom_secret_alloc(cf, len);
    if (raw->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(raw->data, data, len);

    return NGX_OK;
}


void *
ngx_http_zoom_secret_alloc(ngx_conf_t *cf, size_t size)
{
    ngx_pool_cleanup_t           *cln;
    ngx_http_zoom_secret_wipe_t  *wipe;

    cln = ngx_pool_cleanup_add(cf->pool, sizeof(ngx_http_zoom_secret_wipe_t));
    if (cln == NULL) {
        return NULL;
    }

    wipe = cln->data;

    wipe->data = ngx_palloc(cf->pool, size);
    if (wipe->data == NULL) {
        return NULL;
    }

    wipe->size = size;

    cln->handler = ngx_http_zoom_secret_wipe;

    return wipe->data;
}


static void
ngx_http_zoom_secret_wipe(void *data)
{
    ngx_http_zoom_secret_wipe_t  *wipe = data;

    ngx_explicit_memzero(wipe->data, wipe->size);
}
